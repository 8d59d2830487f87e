"""What is kept of companions from one cycle to the next, and what looking for them may cost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from analyzer.companions import Accompanist, Looker, failures
from analyzer.data import Companion, Finding, Fleet, Host, Quiet, Sample, Series, Severity, Window
from analyzer.errors import SourceUnreachable
from tests.analyzer.companions.conftest import BEGAN, DB, FEATURES, NOW, WRITES, a_finding, a_frame

QUIET, BUSY = 5.0 * 1024**2, 104.0 * 1024**2
SECOND = timedelta(seconds=1)


@dataclass
class Counting:
    """Knows one process group that writes; counts what it is asked, and may be lost."""

    asked: list[str] = field(default_factory=list)
    lost: bool = False

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        self.asked.append(promql)
        if self.lost:
            raise SourceUnreachable("can't reach Prometheus")
        writes = "write_bytes" in promql and at >= BEGAN
        return (Sample({"groupname": "postgres"}, at.timestamp(), 9e6),) if writes else ()

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        self.asked.append(promql)
        return ()


def fleet(*column: float) -> Fleet:
    frame = a_frame(disk_written_bytes_per_second=list(column))
    return Fleet((Host(DB, "node", "db-1"),), frame.features, frame.times, frame.values.T[None])


RECENT = fleet(QUIET, QUIET, QUIET, BUSY, BUSY, BUSY)


async def accompanied(accompanist: Accompanist, *findings: Finding, now: datetime = NOW) -> tuple[Finding, ...]:
    return await accompanist.accompany(findings, RECENT, lambda _: None, now, 60.0)


def moved(finding: Finding) -> list[Companion]:
    assert finding.companions is not None
    return list(finding.companions.moved)


async def test_a_finding_is_looked_at_when_it_opens_and_then_whenever_it_is_twice_as_old() -> None:
    queries = Counting()
    accompanist, finding = Accompanist(Looker(queries, None, FEATURES)), a_finding(WRITES)
    asked = []
    for seconds in (0, 10, 15, 30, 45, 61, 110, 130, 240, 251, 370, 371):
        (told,) = await accompanied(accompanist, finding, now=BEGAN + seconds * SECOND)
        assert [each.name for each in moved(told)] == ["postgres"]
        asked.append(len(queries.asked))
    once = asked[0]
    assert 10 <= once <= 21
    assert [count / once for count in asked] == [1, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7], "two minutes apart at last"


async def test_a_cycle_looks_at_few_findings_and_the_worst_first() -> None:
    queries = Counting()
    accompanist = Accompanist(Looker(queries, None, FEATURES), most=1)
    note = replace(a_finding(WRITES), kind="other")
    grave = replace(a_finding(WRITES), severity=Severity.CRITICAL)
    told = await accompanied(accompanist, note, grave)
    assert [finding.companions is not None for finding in told] == [False, True]
    told = await accompanied(accompanist, note, grave, now=NOW + SECOND)
    assert [finding.companions is not None for finding in told] == [True, True]


async def test_what_nobody_is_told_of_costs_no_query() -> None:
    queries = Counting()
    quiet = replace(a_finding(WRITES), quiet=Quiet("silence", "s1", "planned"))
    ended = a_finding(WRITES, ends_at=NOW)
    told = await accompanied(Accompanist(Looker(queries, None, FEATURES)), quiet, ended)
    assert [finding.companions for finding in told] == [None, None]
    assert queries.asked == []


async def test_a_finding_that_ends_keeps_what_moved_with_it_and_then_is_forgotten() -> None:
    accompanist = Accompanist(Looker(Counting(), None, FEATURES))
    await accompanied(accompanist, a_finding(WRITES))
    (ended,) = await accompanied(accompanist, a_finding(WRITES, ends_at=NOW), now=NOW + SECOND)
    assert [each.name for each in moved(ended)] == ["postgres"]
    await accompanied(accompanist, now=NOW + 2 * SECOND)
    assert accompanist.told([a_finding(WRITES)])[0].companions is None


async def test_a_lost_prometheus_costs_nothing_that_was_known_and_is_a_failure() -> None:
    queries = Counting()
    accompanist = Accompanist(Looker(queries, None, FEATURES))
    await accompanied(accompanist, a_finding(WRITES))
    queries.lost = True
    told = await accompanied(accompanist, a_finding(WRITES), now=NOW + timedelta(minutes=3))
    assert [each.name for each in moved(told[0])] == ["postgres"]
    reasons = failures(told, NOW)
    assert {(failure.stage, failure.host) for failure in reasons} == {("companions", DB)}
    assert [failure.reason for failure in reasons] == ["what moved with it: can't reach Prometheus"]


async def test_when_a_feature_departed_stays_told_after_the_rows_that_show_it_are_gone() -> None:
    accompanist = Accompanist(Looker(Counting(), None, FEATURES))
    (first,) = await accompanied(accompanist, a_finding(WRITES))
    later, rows = NOW + timedelta(hours=2), fleet(BUSY, BUSY, BUSY, BUSY, BUSY, BUSY)
    (told,) = await accompanist.accompany([a_finding(WRITES)], rows, lambda _: None, later, 60.0)
    assert first.companions is not None
    assert told.companions is not None
    assert told.companions.looked_at == later
    assert [d.at for d in told.companions.departures] == [BEGAN - timedelta(seconds=15)]


async def test_after_a_restart_what_the_store_knew_is_told_before_it_is_looked_for_again() -> None:
    (before,) = await accompanied(Accompanist(Looker(Counting(), None, FEATURES)), a_finding(WRITES))
    queries = Counting()
    fresh = Accompanist(Looker(queries, None, FEATURES))
    fresh.remember([before])
    (told,) = await accompanied(fresh, a_finding(WRITES), now=NOW + SECOND)
    assert told.companions == before.companions
    assert queries.asked == []


async def test_a_host_that_left_the_fleet_is_asked_all_the_same() -> None:
    nowhere = Fleet((), RECENT.features, RECENT.times, np.zeros((0, 1, 6), np.float32))
    accompanist = Accompanist(Looker(Counting(), None, FEATURES))
    (told,) = await accompanist.accompany([a_finding(WRITES)], nowhere, lambda _: None, NOW, 60.0)
    assert told.companions is not None
    assert told.companions.departures == ()
    assert [each.name for each in moved(told)] == ["postgres"]
