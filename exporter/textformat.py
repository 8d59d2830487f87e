"""Pages of metrics that others wrote, read: text format 0.0.4 becomes families and samples.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import get_args

from exporter.exposition import Kind

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\}\s*)?(?<![^\s}])(\S+)(\s+-?\d+)?")
LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)')
ESCAPE = re.compile(r"\\(.)")
ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}
KINDS = frozenset(get_args(Kind))
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}

LabelSet = tuple[tuple[str, str], ...]


class Malformed(ValueError):
    """This isn't a page of metrics; the message has the line's number."""


@dataclass(slots=True)
class Read:
    """One family of a page. A sample is (the ending of its name, labels, value)."""

    name: str
    kind: Kind = "untyped"
    help: str | None = None
    samples: list[tuple[str, LabelSet, float]] = field(default_factory=list)


def read(text: str) -> list[Read]:
    """The families of a page, in its order; Malformed when it isn't one. Timestamps are refused."""
    families: dict[str, Read] = {}
    for at, line in enumerate(text.split("\n"), start=1):
        try:
            _take(line.strip(), families)
        except ValueError as error:
            raise Malformed(f"line {at}: {error}") from error
    return [family for family in families.values() if family.samples]


def _take(line: str, families: dict[str, Read]) -> None:
    if line.startswith("#"):
        _take_comment(line.split(None, 3), families)
    elif line:
        _take_sample(line, families)


def _take_comment(words: list[str], families: dict[str, Read]) -> None:
    if words[1:2] not in (["HELP"], ["TYPE"]) or len(words) < 3:  # noqa: PLR2004 - the sign, the word, the name
        return
    family = families.setdefault(words[2], Read(words[2]))
    rest = words[3] if words[3:] else ""
    if words[1] == "HELP":
        family.help = _unescaped(rest) or None
    elif rest not in KINDS or family.samples:
        raise ValueError(f"type {rest!r} of {family.name} is unknown, or comes after its samples")
    else:
        family.kind = next(kind for kind in get_args(Kind) if kind == rest)


def _take_sample(line: str, families: dict[str, Read]) -> None:
    match = SAMPLE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a sample: {line!r}")
    name, labels, value, timestamp = match.groups()
    if timestamp:
        raise ValueError(f"{name} has a timestamp, and the time of a sample is the scrape's")
    if "_" in value:
        raise ValueError(f"not a number: {value!r}")
    family, suffix = _family(name, families)
    family.samples.append((suffix, _labels(labels or ""), float(value)))


def _family(name: str, families: dict[str, Read]) -> tuple[Read, str]:
    """The family that a sample's name belongs to, and what the name has more."""
    for suffix in ("_bucket", "_sum", "_count"):
        whole = families.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if whole is not None and suffix in PARTS.get(whole.kind, ()):
            return whole, suffix
    return families.setdefault(name, Read(name)), ""


def _labels(text: str) -> LabelSet:
    labels, at = {}, 0
    while at < len(text.rstrip()):
        match = LABEL.match(text, at)
        if match is None or match[1] in labels:
            raise ValueError(f"not labels: {{{text}}}")
        labels[match[1]] = _unescaped(match[2])
        at = match.end()
    return tuple(labels.items())


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda match: ESCAPED.get(match[1], match[0]), text)
