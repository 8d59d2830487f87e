"""Words that point at an intent. None decides alone: the classifier weighs them beside the sentence's meaning."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.assistant.understanding.hostnames import hosts_named
from analyzer.assistant.understanding.timespans import timespan_named
from analyzer.assistant.understanding.vocabulary import metric_named, patterns

CUES = patterns("cues")
NAMES = (*CUES, "metric", "no metric", "past", "ahead", "one host", "two hosts", "short", "long")
SHORT, LONG = 12, 40  # characters


def cues_of(text: str, hosts: Sequence[str]) -> list[float]:
    """One number for each of NAMES: 1.0 where the text has it, else 0.0."""
    metric, when, named = metric_named(text), timespan_named(text), len(hosts_named(text, hosts))
    return [
        *(float(bool(pattern.search(text))) for pattern in CUES.values()),
        float(bool(metric)),
        float(not metric),
        float(when is not None and not when.ahead),
        float(when is not None and when.ahead),
        float(named == 1),
        float(named > 1),
        float(len(text) < SHORT),
        float(len(text) > LONG),
    ]
