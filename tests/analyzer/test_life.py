"""A host's life: it starts, grows, goes silent and comes back; clocks step, readings are missing. All is told once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Feature, Finding, Fleet, Host, Quiet, Sample, Scores, Series, Severity, Values, Window
from analyzer.judge import Calibration, Judge, Memory, Verdict
from analyzer.judge.ladder import LEVELS
from analyzer.machines import Inventory, Machine
from analyzer.recent import extend
from analyzer.wording import say_finding

STEP = timedelta(seconds=60)
BEGIN = 1_767_571_200.0  # 2026-01-05 00:00 UTC
GIB = 2.0**30
FEATURES = (
    Feature("cpu", "ratio", "cpu", "cpu{$selector}", {"en": "CPU", "ko": "CPU"}),
    Feature("full", "ratio", "fs", "full{$selector}", {"en": "full", "ko": "full"}, limit=1.0, saturates_at=0.9),
)
NAMES = ("cpu", "full")
CALM = [0.1] * 30
NO_MACHINES: Mapping[str, Machine] = {}


def at(row: float) -> datetime:
    return datetime.fromtimestamp(BEGIN, UTC) + row * STEP


def rows(first: int, full: list[float]) -> Fleet:
    """One host, whose CPU is calm and whose file system is as told."""
    times = BEGIN + 60.0 * np.arange(first, first + len(full), dtype=np.float64)
    values = np.array([np.full(len(full), 0.2), full], np.float32)
    return Fleet((Host("web-1"),), NAMES, times, values[None])


def judged(
    heights: list[float], memory: Memory, machines: Mapping[str, Machine] = NO_MACHINES, *, first: int = 0
) -> Verdict:
    fleet = rows(first, [0.5] * len(heights))
    shares = np.tile(np.array([[1.0, 0.0]], np.float32), (len(heights), 1))
    said = Scores("web-1", "ensemble", NAMES, fleet.times, -np.expm1(-np.array(heights, np.float32)), shares)
    calm = Calibration(np.where(LEVELS <= 0.5, 120, 0).astype(np.float32), 5.0, {})
    now = at(first + len(heights) - 1)
    return Judge(FEATURES, STEP).judge(now, fleet, {"web-1": said}, {"web-1": calm}, memory, machines=machines)


def lived(heights: list[float], memory: Memory) -> list[Finding]:
    """All that is told while the rows come one by one."""
    told: list[Finding] = []
    for row, height in enumerate(heights):
        verdict = judged([height], memory, first=row)
        memory = verdict.memory
        told += verdict.findings
    return told


def kinds(verdict: Verdict) -> list[tuple[str, bool, bool]]:
    return [(finding.kind, finding.firing, finding.told) for finding in verdict.findings]


def booted(row: float) -> Mapping[str, Machine]:
    return {"web-1": Machine(booted_at=BEGIN + 60.0 * row)}


def test_a_start_is_told_once_and_is_over_when_the_host_has_settled() -> None:
    first = judged(CALM, Memory(), booted(25))
    (finding,) = first.findings
    assert (finding.kind, finding.severity, finding.starts_at) == ("reboot", Severity.INFO, at(25))
    assert finding.causes[0].evidence.promql == 'node_boot_time_seconds{instance="web-1"}'
    assert say_finding(finding, {}, "en") == "web-1 started at Jan 5 00:25 UTC."
    # the clock was set right by some seconds meanwhile: it still is the same start
    still = judged([0.1], first.memory, booted(25.1), first=30)
    assert [one.fingerprint for one in still.findings] == [finding.fingerprint]
    over = judged([0.1] * 10, still.memory, booted(25.1), first=31)
    assert [(one.fingerprint, one.ends_at) for one in over.findings] == [(finding.fingerprint, at(35))]
    assert judged([0.1], over.memory, booted(25.1), first=41).findings == ()


def test_a_second_start_is_another_one() -> None:
    first = judged(CALM, Memory(), booted(25))
    second = judged([0.1], first.memory, booted(29.5), first=30)
    assert [(one.starts_at, one.ends_at) for one in second.findings] == [(at(29.5), None), (at(25), at(30))]


def test_the_unusual_of_the_first_minutes_is_told_only_if_it_lasts() -> None:
    during = judged([*CALM, 3.0, 3.0], Memory(), booted(29))
    assert kinds(during) == [("anomaly", True, False), ("reboot", True, True)]
    assert during.findings[0].quiet == Quiet("reboot")
    lasting = judged([3.0] * 9, during.memory, booted(29), first=32)
    assert kinds(lasting) == [("anomaly", True, True), ("reboot", False, True)]


def test_what_was_unusual_before_a_start_goes_on_being_told() -> None:
    before = judged([*CALM, 3.0, 3.0], Memory())
    after = judged([3.0, 3.0], before.memory, booted(32), first=32)
    assert kinds(after)[0] == ("anomaly", True, True)


@pytest.mark.parametrize("row", [90.0, 10.0])
def test_a_start_in_the_future_or_long_ago_is_none(row: float) -> None:
    assert judged(CALM, Memory(), booted(row)).findings == ()


def sized(cores: float | None, gib: float | None) -> Mapping[str, Machine]:
    return {"web-1": Machine(cores=cores, memory_bytes=None if gib is None else gib * GIB)}


def test_a_host_that_grew_is_told_once_with_what_it_had_and_has() -> None:
    small = judged(CALM, Memory(), sized(4, 8))
    assert small.findings == ()
    grown = judged([0.1], Memory.load(small.memory.dump()), sized(8, 16), first=30)
    (finding,) = grown.findings
    assert (finding.kind, finding.severity, finding.starts_at) == ("resized", Severity.INFO, at(30))
    assert say_finding(finding, {}, "en") == (
        "web-1 changed its size at Jan 5 00:30 UTC, and is learned anew soon: cores 4 → 8, memory 8 GiB → 16 GiB."
    )
    assert "코어 4 → 8" in say_finding(finding, {}, "ko")
    later = judged([0.1], grown.memory, sized(8, 16), first=31)
    assert [one.fingerprint for one in later.findings] == [finding.fingerprint]
    over = judged([0.1] * 10, later.memory, sized(8, 16), first=32)
    assert [one.ends_at for one in over.findings] == [at(40)]
    assert judged([0.1], over.memory, sized(8, 16), first=42).findings == ()


def test_what_was_unusual_for_a_host_that_became_another_one_is_over_until_it_is_learned() -> None:
    small = judged([*CALM, 3.0, 3.0], Memory(), sized(4, 8))
    assert kinds(small) == [("anomaly", True, True)]
    grown = judged([3.0], Memory.load(small.memory.dump()), sized(8, 16), first=32)
    assert kinds(grown) == [("anomaly", False, True), ("resized", True, True)]
    assert judged([3.0] * 5, grown.memory, sized(8, 16), first=33).confidence["web-1"] < 1, "its bar begins anew"
    assert kinds(judged([3.0] * 5, grown.memory, sized(8, 16), first=33)) == [("resized", True, True)]


def test_a_core_more_makes_no_other_host() -> None:
    before = judged([*CALM, 3.0, 3.0], Memory(), sized(8, 16))
    grown = judged([3.0], before.memory, sized(9, 16), first=32)
    assert kinds(grown) == [("anomaly", True, True), ("resized", True, True)]


def test_what_a_host_does_not_tell_for_a_while_is_no_change_of_size() -> None:
    known = judged(CALM, Memory(), sized(4, 8)).memory
    blind = judged([0.1], known, sized(None, None), first=30)
    silent = judged([0.1], blind.memory, {}, first=31)
    assert blind.findings == silent.findings == ()
    assert judged([0.1], silent.memory, sized(4, 8.1), first=32).findings == ()
    assert kinds(judged([0.1], silent.memory, sized(4, 9), first=32)) == [("resized", True, True)]


def test_a_clock_that_is_set_back_makes_nobody_deaf_or_silent() -> None:
    ahead = judged(CALM, Memory(), first=1000).memory
    told = lived([*CALM, 3.0, 3.0], ahead)
    assert [(one.kind, one.starts_at, one.ends_at) for one in told] == [("anomaly", at(30), None)] * 2


def test_a_finding_that_began_by_a_wrong_clock_ends_no_earlier_than_it_began() -> None:
    ahead = judged([*CALM, 3.0, 3.0], Memory(), first=1000)
    told = lived([0.1] * 30, ahead.memory)
    assert {one.fingerprint for one in told} == {ahead.findings[0].fingerprint}
    assert [one.ends_at for one in told if not one.firing] == [at(1030)]


def test_a_clock_that_jumps_ahead_and_back_doubles_nothing() -> None:
    opened = judged([*CALM, 3.0, 3.0], Memory())
    jumped = judged([3.0], opened.memory, first=92)
    assert [one.fingerprint for one in jumped.findings] == [opened.findings[0].fingerprint]
    back = judged([3.0], jumped.memory, first=33)
    assert [one.fingerprint for one in back.findings] == [opened.findings[0].fingerprint]


def test_what_was_known_of_a_time_that_has_not_come_is_dropped() -> None:
    known = extend(None, rows(0, [0.5] * 100), 7200.0)
    merged = extend(known, rows(38, [0.6, 0.7]), 7200.0)
    assert merged.times[-1] == BEGIN + 39 * 60.0
    assert merged.values[0, 1, -3:].tolist() == pytest.approx([0.5, 0.6, 0.7])


def limited(first: int, full: list[float], memory: Memory) -> Verdict:
    return Judge(FEATURES, STEP, saturated_seconds=180.0).judge(
        at(first + len(full) - 1), rows(first, full), {}, {}, memory
    )


def test_the_only_reading_of_a_host_just_met_is_not_told_to_have_lasted() -> None:
    nan = math.nan
    assert limited(0, [nan, nan, nan, nan, 1.0], Memory()).findings == ()
    assert limited(0, [nan, nan, 1.0, nan, 1.0], Memory()).findings == ()
    assert kinds(limited(0, [nan, 1.0, 1.0, nan, 1.0], Memory())) == [("saturation:full", True, True)]


def test_gaps_neither_open_nor_close_anything_and_features_may_come_and_go() -> None:
    opened = judged([*CALM, 3.0, 3.0], Memory())
    gap = judged([math.nan] * 5, opened.memory, first=32)
    assert [one.fingerprint for one in gap.findings] == [opened.findings[0].fingerprint]
    # the feature that was to blame is gone; what is known of it stays the first cause
    fleet = replace(rows(37, [0.5]), features=("other", "full"))
    shares = np.array([[0.5, 0.5]], np.float32)
    values: Values = -np.expm1(-np.array([3.0], np.float32))
    said = Scores("web-1", "ensemble", ("other", "full"), fleet.times, values, shares)
    gone = Judge(FEATURES, STEP).judge(at(37), fleet, {"web-1": said}, {}, gap.memory)
    (finding,) = gone.findings
    assert finding.causes[0].feature == "cpu"
    assert math.isnan(finding.causes[0].evidence.value)


@dataclass
class Told:
    """Answers each query by its metric, and remembers what it was asked."""

    samples: Mapping[str, float]
    asked: list[str] = field(default_factory=list)

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        self.asked.append(promql)
        return tuple(
            Sample({"instance": "web-1"}, at.timestamp(), value)
            for metric, value in self.samples.items()
            if metric in promql
        )

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        raise AssertionError(f"asked for {promql} in {window}")


async def test_the_inventory_asks_for_start_cores_and_memory_of_the_hosts_that_are_watched() -> None:
    queries = Told({"node_boot_time_seconds": BEGIN, "node_cpu_seconds_total": 4.0, "node_memory_MemTotal": math.nan})
    found = await Inventory(queries, 'job="node"').machines(at(0))
    assert found == {"web-1": Machine(BEGIN, 4.0, None)}
    assert queries.asked == [
        'node_boot_time_seconds{job="node"}',
        'count by (instance) (node_cpu_seconds_total{mode="idle",job="node"})',
        'node_memory_MemTotal_bytes{job="node"} or node_memory_total_bytes{job="node"}',
    ]
