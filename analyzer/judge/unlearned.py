"""When a host was told to be unusual is no lesson in what is usual, unless it lasts or people say otherwise. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from analyzer.data import Opinionated, QuietReason, Rows, Times
from analyzer.judge.memory import Memory
from analyzer.judge.telling import ANOMALY

# From when until when, in epoch seconds; `inf` for what is not over.
Spans = tuple[tuple[float, float], ...]
# Of each host.
WhenTold = Callable[[str], Spans]

# What lasts becomes usual some day: so much of each, and of what is known, is no lesson.
LONGEST_SECONDS, OF_HISTORY = 6 * 3600.0, 1 / 8
# A host that is hardly ever usual is known by nothing else.
MOST = 0.5
# It grew loud before it was told, and models that look back see it for a while.
BEFORE_STEPS, AFTER_STEPS = 2, 30
# What comes each night, what people call usual, and what is too small to matter is usual.
USUAL: frozenset[QuietReason] = frozenset({"recurring", "feedback", "small"})


def nothing_told(_host: str) -> Spans:
    """Nobody was told of any host."""
    return ()


def told_spans(host: str, memory: Memory, opinions: Iterable[Opinionated]) -> Spans:
    """When the host was found to be unusual in the last weeks, as far as that was told or only silenced.

    `opinions` are the newest first: whoever called it no anomaly has it learned, whoever called it useful has not.
    """
    said: dict[float, str] = {}
    for one in opinions:
        if (one.host, one.kind) == (host, ANOMALY) and one.starts_at is not None:
            said.setdefault(one.starts_at.timestamp(), one.opinion)
    return tuple(
        (begin, end)
        for begin, end, news in _episodes(host, memory)
        if (said[begin] == "useful" if begin in said else news)
    )


def _episodes(host: str, memory: Memory) -> Iterator[tuple[float, float, bool]]:
    """From when until when, and whether it was news."""
    for past in memory.past.get(host, ()):
        yield past.starts_at.timestamp(), past.ends_at.timestamp(), past.quiet not in USUAL
    for each in memory.episodes:
        if (each.host, each.kind) == (host, ANOMALY):
            yield each.starts_at, math.inf if each.out_until is None else each.out_until, each.told


def unlearned(times: Times, told: Spans) -> Rows | None:
    """The rows of a history at these `times` that nothing is learned from; None where that is none, or most of it."""
    if not len(times) or not told:
        return None
    steps = np.arange(len(times))
    longest = min(LONGEST_SECONDS, OF_HISTORY * float(times[-1] - times[0]))
    out = np.zeros(len(times), bool)
    for begin, end in told:
        first = int(np.searchsorted(times, begin))
        last = int(np.searchsorted(times, min(end, begin + longest), side="right"))
        out[max(0, first - BEFORE_STEPS) : last + AFTER_STEPS] |= first < last
    return steps[out] if 0 < out.mean() <= MOST else None
