"""Reads and applies label matchers in Alertmanager's words: host="web-1", kind=~"saturation:.*", cause!="load_1m".

Regular expressions are RE2's, as in Prometheus: a caller's pattern can't cost more than time linear in a label.
https://prometheus.io/docs/alerting/latest/configuration/#matcher
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import re2

from analyzer.data import Finding, Host, Matcher, Silence
from analyzer.data.quieting import Operator

LABELS = ("cause", "fingerprint", "host", "job", "kind", "nodename", "severity")
_WRITTEN = re.compile(r'\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")\s*', re.ASCII)
_ESCAPED = re.compile(r"\\(.)")
_MEANT = {"n": "\n", '"': '"', "\\": "\\"}


def matcher_of(text: str) -> Matcher:
    """The matcher that `text` writes; ValueError says what is wrong with it."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is no matcher: write it like host="web-1:9100" or kind=~"saturation:.*"')
    label, operator, quoted = found.groups()
    if label not in LABELS:
        raise ValueError(f"findings have no label {label!r}: they have {', '.join(LABELS)}")
    value = _ESCAPED.sub(lambda one: _MEANT.get(one[1], one[0]), quoted[1:-1])
    matcher = Matcher(label, cast("Operator", operator), value)
    if operator in {"=~", "!~"}:
        _pattern(value)
    return matcher


def written(matcher: Matcher) -> str:
    """The inverse of `matcher_of`."""
    quoted = matcher.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{matcher.label}{matcher.operator}"{quoted}"'


def selective(matchers: Sequence[Matcher]) -> bool:
    """Whether some matcher asks for something: what fits empty labels too would silence everything by mistake."""
    return any(not _fits(matcher, [""]) for matcher in matchers)


def silenced_by(finding: Finding, host: Host, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The silence that holds now and fits the finding, the one that lasts longest; None when none does."""
    labels = labels_of(finding, host)
    fitting = [
        silence
        for silence in silences
        if silence.active(now) and all(_fits(matcher, labels[matcher.label]) for matcher in silence.matchers)
    ]
    return max(fitting, key=lambda silence: silence.ends_at, default=None)


def labels_of(finding: Finding, host: Host) -> Mapping[str, Sequence[str]]:
    """What matchers are held against. A finding has a `cause` for each feature it is put down to."""
    return {
        "cause": [cause.feature for cause in finding.causes],
        "fingerprint": [finding.fingerprint],
        "host": [finding.host],
        "job": [host.job],
        "kind": [finding.kind],
        "nodename": [host.nodename],
        "severity": [finding.severity.label],
    }


def _fits(matcher: Matcher, values: Sequence[str]) -> bool:
    """Of a label with several values one must fit; a negative matcher wants that none of them is what it names."""
    if matcher.operator in {"=", "!="}:
        found = matcher.value in (values or [""])
    else:
        pattern = _pattern(matcher.value)
        found = any(pattern.fullmatch(value) is not None for value in values or [""])
    return found == (matcher.operator in {"=", "=~"})


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error.args[0].decode()}") from None
