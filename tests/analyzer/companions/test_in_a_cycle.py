"""What moved with a finding, in the report of the cycle that finds it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from analyzer.companions import Accompanist, Looker
from analyzer.cycle import Cycle, Memory
from analyzer.data import Report, Sample, Series, Window
from analyzer.judge import Judge
from tests.analyzer.test_cycle import BEGIN, FEATURES, STEP, ListSink, SyntheticSource, a_cycle

SICK = BEGIN + timedelta(hours=3, minutes=4)
FULL = tuple(replace(f, saturates_at=0.7, group="memory") if f.name == "memory" else f for f in FEATURES)


@dataclass
class Groups:
    """A Prometheus that knows one process group, which takes memory once "sick" is; `stuck` never answers."""

    stuck: bool = False
    asked: list[str] = field(default_factory=list)

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        self.asked.append(promql)
        if self.stuck:
            await asyncio.Event().wait()
        grown = at.timestamp() > BEGIN.timestamp() + 3 * 3600
        taken = "memory_bytes" in promql
        return (Sample({"groupname": "java"}, at.timestamp(), 4e9 if grown else 1e9),) if taken else ()

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        return ()


def a_cycle_with(groups: Groups, sink: ListSink) -> Cycle:
    looker = Looker(groups, None, {f.name: f for f in FULL}, patience_seconds=0.2)
    plain = a_cycle(SyntheticSource(("sick",)), sink)
    return replace(plain, judge=Judge(FULL, STEP), accompanist=Accompanist(looker))


async def reports(groups: Groups) -> list[Report]:
    """Two cycles while the host named sick is: the finding opens in the first."""
    sink = ListSink()
    cycle = a_cycle_with(groups, sink)
    _, memory = await cycle.run(SICK, Memory())
    await cycle.run(SICK + STEP, memory)
    return sink.reports


async def test_a_finding_tells_what_moved_with_it_in_the_report_that_first_tells_of_it() -> None:
    groups = Groups()
    first, second = await reports(groups)
    for report in (first, second):
        (finding,) = report.findings
        assert finding.companions is not None
        assert [(each.name, each.share) for each in finding.companions.moved] == [("java", 1.0)]
        assert not [failure for failure in report.failures if failure.stage == "companions"]
    assert first.findings[0].companions == second.findings[0].companions
    assert "companions" in first.stage_seconds


async def test_incidents_hold_findings_with_what_moved_with_them() -> None:
    first, _ = await reports(Groups())
    (incident,) = first.incidents
    assert incident.findings[0].companions == first.findings[0].companions
    assert incident.findings[0].companions is not None


async def test_a_prometheus_that_never_answers_holds_up_no_cycle_and_is_a_failure_of_the_host() -> None:
    first, second = await asyncio.wait_for(reports(Groups(stuck=True)), 60)
    for report in (first, second):
        assert [finding.kind for finding in report.findings] == ["saturation:memory"]
        assert [(f.stage, f.host, f.reason) for f in report.failures if f.stage == "companions"] == [
            ("companions", "sick", "what moved with it: no answer within 0.2 s")
        ]


async def test_what_was_known_before_a_restart_is_told_and_not_asked_again_at_once() -> None:
    before, memory = await a_cycle_with(Groups(), ListSink()).run(SICK, Memory())
    groups = Groups()
    after, _ = await a_cycle_with(groups, ListSink()).run(SICK + STEP, memory)
    assert before.findings[0].companions is not None
    assert after.findings[0].companions == before.findings[0].companions
    assert groups.asked == []
