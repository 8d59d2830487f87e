"""Which series of the ring a selector picks, and their samples at or before the steps of a grid."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from promql_parser import Matcher, MatchOp, MatrixSelector, VectorSelector

from analyzer.data import Times
from analyzer.errors import QueryUnsupported
from analyzer.sources.promql.vectors import NAME, Flags, Labels, Vector
from analyzer.sources.ring import Snapshot

LOOKBACK_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Samples:
    """What a range holds at one step (series × rounds): NaN and not `valid` where a round gave nothing."""

    values: Times
    valid: Flags
    times: Times
    start: float
    end: float


def instant(selector: VectorSelector, rounds: Snapshot, times: Times) -> tuple[Vector, Times]:
    """Each series' newest sample at each step, no older than Prometheus looks back, and when it was taken."""
    rows = _rows(selector, rounds)
    values, taken = rounds.values(rows), rounds.times[rounds.targets_of(rows)]
    found = np.full((len(rows), len(times)), np.nan)
    found_at = np.full((len(rows), len(times)), np.nan)
    for step, time in enumerate(times - _offset_seconds(selector)):
        newest = (taken <= time).sum(axis=1) - 1
        recent = np.flatnonzero(newest >= 0)
        recent = recent[taken[recent, newest[recent]] > time - LOOKBACK_SECONDS]
        found[recent, step] = values[recent, newest[recent]]
        found_at[recent, step] = taken[recent, newest[recent]]
    return Vector(tuple(rounds.labels(row) for row in rows), found, ~np.isnan(found)), found_at


def ranges(selector: MatrixSelector, rounds: Snapshot, times: Times) -> tuple[tuple[Labels, ...], Iterator[Samples]]:
    """The labels of the series, and for each step the samples within the range: after its start, up to its end."""
    vector = selector.vector_selector
    rows = _rows(vector, rounds)
    values, taken = rounds.values(rows), rounds.times[rounds.targets_of(rows)]
    span, offset = selector.range.total_seconds(), _offset_seconds(vector)

    def each() -> Iterator[Samples]:
        for end in times - offset:
            inside = (taken > end - span) & (taken <= end)
            used = np.flatnonzero(inside.any(axis=0))
            part = slice(used[0], used[-1] + 1) if len(used) else slice(0, 0)
            valid = inside[:, part] & ~np.isnan(values[:, part])
            yield Samples(np.where(valid, values[:, part], np.nan), valid, taken[:, part], end - span, end)

    return tuple(rounds.labels(row) for row in rows), each()


def metric_name(selector: VectorSelector) -> str:
    """The one metric a selector reads; QueryUnsupported for a selector over several."""
    exact = [m.value for m in selector.matchers.matchers if m.name == NAME and m.op == MatchOp.Equal]
    name = selector.name or (exact[0] if exact else "")
    if not name:
        raise QueryUnsupported(f"{selector} names no metric")
    return name


def _rows(selector: VectorSelector, rounds: Snapshot) -> list[int]:
    if selector.at is not None:
        raise QueryUnsupported(f"the @ modifier in {selector}")
    if selector.matchers.or_matchers:
        raise QueryUnsupported(f"'or' between the matchers of {selector}")
    tests = [(m.name, _test(m)) for m in selector.matchers.matchers]
    return [
        row
        for row in rounds.named(metric_name(selector))
        if all(test(rounds.labels(row).get(label, "")) for label, test in tests)
    ]


def _test(matcher: Matcher) -> Callable[[str], bool]:
    wanted = matcher.value
    if matcher.op == MatchOp.Equal:
        return lambda value: value == wanted
    if matcher.op == MatchOp.NotEqual:
        return lambda value: value != wanted
    try:
        pattern = re.compile(wanted)
    except re.error as error:
        raise QueryUnsupported(f"the regular expression in {matcher}: {error}") from None
    if matcher.op == MatchOp.Re:
        return lambda value: pattern.fullmatch(value) is not None
    return lambda value: pattern.fullmatch(value) is None


def _offset_seconds(selector: VectorSelector) -> float:
    return selector.offset.total_seconds() if selector.offset else 0.0
