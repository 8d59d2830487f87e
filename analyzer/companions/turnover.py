"""Which process groups went with a finding, and which came: those that ran for long before, and those never seen."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from analyzer.companions.scene import BEFORE_SECONDS, Scene
from analyzer.data import Companion, Sample
from analyzer.features import matcher
from analyzer.interfaces import Queries

MOST = 2
# What the exporter sums up beyond the first groups.
OTHER = "other"
ALIVE = "namedprocess_namegroup_num_procs{$s}"
STEADY = "count_over_time(namedprocess_namegroup_num_procs{$s}[$w])"
OLDEST = "namedprocess_namegroup_oldest_start_time_seconds{$s}"
# A group that was seen in so much of the time before, and ran for so long, did not just come and go.
STEADY_SHARE = 0.9
STEADY_SECONDS = 600
# What a program does is seen by rates, and found by a detector, so many of their ranges after it began at most.
EARLIER_RANGES = 5


@dataclass(frozen=True, slots=True)
class Groups:
    """By name, before the story and now: in how many scrapes each was seen, how many processes, when the oldest began.

    What is not there has no entry.
    """

    seen: Mapping[str, float]
    had: Mapping[str, float]
    began: Mapping[str, float]
    has: Mapping[str, float]
    begins: Mapping[str, float]


async def turnover(queries: Queries, scene: Scene) -> tuple[Companion, ...]:
    """Groups that are gone, then those that started; nothing where no groups are told at all."""
    groups = Groups(
        *(
            _by_group(samples)
            for samples in await asyncio.gather(
                queries.instant(scene.query(STEADY, BEFORE_SECONDS), scene.before),
                queries.instant(scene.query(ALIVE), scene.before),
                queries.instant(scene.query(OLDEST), scene.before),
                queries.instant(scene.query(ALIVE), scene.now),
                queries.instant(scene.query(OLDEST), scene.now),
            )
        )
    )
    return (*_gone(scene, groups), *_started(scene, groups)) if groups.has and groups.seen else ()


def _gone(scene: Scene, groups: Groups) -> Iterable[Companion]:
    # The exporter may have moved a group among the others: then those became more.
    moved = groups.has.get(OTHER, 0.0) - groups.had.get(OTHER, 0.0)
    lost = [name for name in _settled(scene, groups) if not groups.has.get(name) and groups.had[name] > moved]
    return [_changed(scene, groups, name, None) for name in lost[:MOST]]


def _started(scene: Scene, groups: Groups) -> Iterable[Companion]:
    """Groups all of which began with the story, nearest to its beginning first.

    One that was there before and never for long comes and goes: that it is there says nothing. Nor is what came later
    than rates can tell a cause.
    """
    began = scene.began.timestamp()
    earliest, latest = began - EARLIER_RANGES * scene.rate_seconds, began + scene.rate_seconds
    comes_and_goes = groups.seen.keys() - set(_settled(scene, groups)) | {OTHER}
    new = [name for name, at in groups.begins.items() if earliest <= at <= latest and name not in comes_and_goes]
    new.sort(key=lambda name: (abs(groups.begins[name] - began), name))
    return [_changed(scene, groups, name, groups.begins[name]) for name in new[:MOST]]


def _settled(scene: Scene, groups: Groups) -> list[str]:
    """Those that were there for long before."""
    enough, born = STEADY_SHARE * max(groups.seen.values()), scene.before.timestamp() - STEADY_SECONDS
    return [
        name
        for name in sorted(groups.had)
        if name != OTHER and groups.seen.get(name, 0.0) >= enough and groups.began.get(name, math.inf) <= born
    ]


def _by_group(samples: Iterable[Sample]) -> dict[str, float]:
    return {s.labels.get("groupname", ""): s.value for s in samples if math.isfinite(s.value)}


def _changed(scene: Scene, groups: Groups, name: str, started: float | None) -> Companion:
    has, had = groups.has.get(name, 0.0), groups.had.get(name, 0.0)
    evidence = scene.evidence(scene.query(ALIVE, 0, matcher("groupname", name)), "process_count", "count", has, name)
    if started is None:
        return Companion("process group", name, "gone", has, had, evidence, "process_count")
    at = datetime.fromtimestamp(started, UTC)
    return Companion("process group", name, "started", has, had, evidence, "process_count", at=at)
