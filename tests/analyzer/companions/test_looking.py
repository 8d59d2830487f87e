"""What moves with a finding, asked of a real Prometheus."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from analyzer.companions import Looker
from analyzer.data import Companion, Companions, LogLine, Sample, Series, Window
from analyzer.errors import SourceUnreachable
from analyzer.sources.prometheus import PrometheusSource
from tests.analyzer.companions.conftest import (
    BEGAN,
    FEATURES,
    HOSTILE,
    IOWAIT,
    MIB,
    NOW,
    ODD,
    WRITES,
    WrittenLog,
    a_finding,
)


async def found(prometheus: PrometheusSource, host: str = "") -> Companions:
    finding = a_finding(WRITES, host=host) if host else a_finding(WRITES)
    return await Looker(prometheus, WrittenLog(), FEATURES, patience_seconds=20).look(finding, (), NOW)


def one(companions: Companions, name: str) -> Companion:
    (companion,) = [each for each in companions.moved if each.name == name]
    return companion


async def test_the_group_that_wrote_is_told_with_its_part_of_the_hosts_rise(prometheus: PrometheusSource) -> None:
    companions = await found(prometheus)
    assert companions.problems == ()
    postgres = one(companions, "postgres")
    assert (postgres.kind, postgres.change, postgres.resource) == ("process group", "grew", "process_writes")
    assert postgres.share == pytest.approx(0.92, abs=0.005), "92 of the 100 MiB/s more; dm-0 is not counted twice"
    assert postgres.now == pytest.approx(93 * MIB, rel=0.01)
    assert postgres.before == pytest.approx(1 * MIB, rel=0.01)
    assert [each.name for each in companions.moved if each.change == "grew"] == ["postgres"]
    assert await prometheus.instant(postgres.evidence.promql, NOW), "its evidence can be asked again"


async def test_a_group_that_was_there_for_long_is_told_gone_and_one_new_or_seldom_seen_is_not(
    prometheus: PrometheusSource,
) -> None:
    gone = [each for each in (await found(prometheus)).moved if each.change == "gone"]
    assert [(each.name, each.before, each.now) for each in gone] == [("nginx", 4.0, 0.0)]


async def test_groups_that_began_with_it_are_told_with_when_and_one_that_comes_and_goes_is_not(
    prometheus: PrometheusSource,
) -> None:
    started = [each for each in (await found(prometheus)).moved if each.change == "started"]
    assert [(each.name, each.at, each.before, each.now) for each in started] == [
        ("cache", BEGAN + timedelta(seconds=30), 2.0, 3.0),
        ("reindex", BEGAN - timedelta(seconds=30), 0.0, 1.0),
    ]
    for each in started:
        (sample,) = await prometheus.instant(each.evidence.promql, NOW)
        assert sample.value == each.now


async def test_services_that_fell_then_are_told_and_those_that_failed_long_ago_are_not(
    prometheus: PrometheusSource,
) -> None:
    services = [each for each in (await found(prometheus)).moved if each.kind == "service"]
    assert [(each.name, each.change) for each in services] == [
        ("nginx.service", "failed"),
        ("cache.service", "stopped"),
    ]
    at = services[0].at
    assert at is not None
    assert abs(at - (BEGAN + timedelta(seconds=60))) <= timedelta(seconds=30)


async def test_a_probe_that_stopped_answering_is_told_with_when(prometheus: PrometheusSource) -> None:
    probes = [each for each in (await found(prometheus)).moved if each.kind == "probe"]
    assert [(each.name, each.change) for each in probes] == [("tcp://127.0.0.1:80", "failed")]
    assert probes[0].at is not None


async def test_a_form_of_errors_that_rose_is_told_in_its_own_words(prometheus: PrometheusSource) -> None:
    logs = [each for each in (await found(prometheus)).moved if each.kind == "log template"]
    assert [each.name for each in logs] == ["upstream timed out after <num> s"], "not the steady one, nor harmless ones"
    assert logs[0].now == pytest.approx(120, abs=10)
    assert logs[0].before == pytest.approx(0.01 * 360, abs=1)


async def test_a_name_full_of_promql_changes_no_query_and_its_evidence_still_holds(
    prometheus: PrometheusSource,
) -> None:
    companions = await found(prometheus, ODD)
    assert companions.problems == ()
    assert {each.name for each in companions.moved} == {HOSTILE}
    for each in companions.moved:
        (sample,) = await prometheus.instant(each.evidence.promql, NOW)
        assert sample.value > 0


class Failing:
    """Prometheus as it is when it doesn't answer."""

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        raise SourceUnreachable("can't reach Prometheus at http://127.0.0.1:9: refused")

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        raise SourceUnreachable("can't reach Prometheus at http://127.0.0.1:9: refused")


async def test_where_nothing_can_be_asked_that_is_said_once() -> None:
    companions = await Looker(Failing(), WrittenLog(), FEATURES).look(a_finding(IOWAIT), (), NOW)
    assert companions.moved == ()
    assert companions.problems == ("what moved with it: can't reach Prometheus at http://127.0.0.1:9: refused",)


@dataclass(frozen=True)
class Partly:
    """A Prometheus that refuses what is asked of probes alone."""

    prometheus: PrometheusSource

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        return await (Failing() if "probe" in promql else self.prometheus).instant(promql, at)

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        return await self.prometheus.range(promql, window)


async def test_what_could_not_be_asked_is_said_and_costs_nothing_else(prometheus: PrometheusSource) -> None:
    looker = Looker(Partly(prometheus), WrittenLog(), FEATURES, patience_seconds=20)
    companions = await looker.look(a_finding(WRITES), (), NOW)
    assert companions.problems == ("probes: can't reach Prometheus at http://127.0.0.1:9: refused",)
    assert {each.kind for each in companions.moved} == {"process group", "service", "log template"}


class LostLog(WrittenLog):
    async def templates(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        raise SourceUnreachable("the log of db-1:9100: refused")


async def test_without_the_exporters_log_a_template_is_told_by_its_id_and_why(prometheus: PrometheusSource) -> None:
    looker = Looker(prometheus, LostLog(), FEATURES, patience_seconds=20)
    companions = await looker.look(a_finding(WRITES), (), NOW)
    assert [each.name for each in companions.moved if each.kind == "log template"] == ["aa"]
    assert companions.problems == ("text of the log: the log of db-1:9100: refused",)


class Prompt:
    """A Prometheus that answers at once, with one form of errors and one process group."""

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        labels = {"groupname": "postgres", "template": "aa"}
        known = at >= BEGAN and ("log_template" in promql or "write_bytes" in promql)
        return (Sample(labels, at.timestamp(), 9e6),) if known else ()

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        return ()


class StuckLog(WrittenLog):
    async def templates(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        await asyncio.Event().wait()
        return ()


async def test_a_part_that_takes_too_long_is_given_up_alone() -> None:
    companions = await Looker(Prompt(), StuckLog(), FEATURES, patience_seconds=0.3).look(a_finding(WRITES), (), NOW)
    assert companions.problems == ("text of the log: no answer within 0.3 s",)
    assert [(each.name, each.share) for each in companions.moved] == [("postgres", 1.0), ("aa", None)]


async def test_a_silent_host_is_not_asked() -> None:
    silent = replace(a_finding(WRITES), kind="silent")
    assert await Looker(Failing(), None, FEATURES).look(silent, (), NOW) == Companions(NOW)
