"""Direct scrape: the exporters' own pages, at the times of an injected clock, become the same fleet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from aiohttp import web

from analyzer.data import Feature, Language, Window
from analyzer.errors import QueryRefused, QueryUnsupported, SourceEmpty, SourceUnreachable
from analyzer.features import load_features
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.scrape import ScrapeSource
from tests.analyzer.sources.conftest import Live
from tests.analyzer.sources.servers import serving

WORDS: Mapping[Language, str] = {"en": "x", "ko": "x"}
SWITCHES = Feature(
    "switches", "count/s", "system", "max by (instance) (rate(node_context_switches_total{$selector}[$window]))", WORDS
)
LOAD = Feature("load", "count", "cpu", "max by (instance) (node_load1{$selector})", WORDS)
TOP = Feature("top", "count", "cpu", "topk(1, node_load1{$selector})", WORDS)
PAIR = Feature("pair", "count", "cpu", "node_cpu_seconds_total{$selector}", WORDS)
NUMBER = Feature("number", "count", "cpu", "scalar(node_load1{$selector})", WORDS)
BEGIN = 1_795_000_005.0  # on the grid of 15 s
PAGE = """\
# TYPE node_uname_info gauge
node_uname_info{{nodename="{nodename}"}} 1
node_load1 {load}
node_context_switches_total {switches}
node_cpu_seconds_total{{cpu="0",mode="idle"}} 5
node_cpu_seconds_total{{cpu="1",mode="idle"}} 6
node_time_zone_offset_seconds{{time_zone="UTC"}} 0
namedprocess_namegroup_num_procs{{groupname="postgres",instance="mine"}} 12
"""


@dataclass
class Exporter:
    """A page that tests change; `status` other than 200 makes it fail."""

    nodename: str = "web1"
    load: float = 1.0
    switches: float = 1000.0
    status: int = 200
    page: str = ""
    scrapes: int = 0

    async def __call__(self, request: web.Request) -> web.Response:
        self.scrapes += 1
        page = self.page or PAGE.format(nodename=self.nodename, load=self.load, switches=self.switches)
        return web.Response(text=page, status=self.status)


@dataclass
class Clock:
    now: float = BEGIN

    def __call__(self) -> float:
        return self.now


@dataclass
class Rig:
    """A source over exporters of the test's own."""

    source: ScrapeSource
    exporters: Sequence[Exporter]
    clock: Clock
    instances: list[str] = field(default_factory=list)

    async def rounds(self, count: int) -> None:
        """Polls 15 s apart, each with 300 more context switches than the last."""
        for _ in range(count):
            await self.source.poll()
            self.clock.now += 15
            for exporter in self.exporters:
                exporter.switches += 300

    def window(self, steps: int) -> Window:
        return Window.ending(
            datetime.fromtimestamp(self.clock.now - 15, tz=UTC),
            timedelta(seconds=15 * (steps - 1)),
            timedelta(seconds=15),
        )


@asynccontextmanager
async def rig(*features: Feature, exporters: Sequence[Exporter] = (), dead: Sequence[str] = ()) -> AsyncIterator[Rig]:
    exporters = exporters or [Exporter()]
    clock = Clock()
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(serving(exporter)) for exporter in exporters]
        targets = (*(f"{url}/metrics" for url in urls), *dead)
        source = ScrapeSource(features or (SWITCHES, LOAD), targets=targets, clock=clock)
        stack.push_async_callback(source.close)
        yield Rig(source, exporters, clock, [url.removeprefix("http://") for url in urls])


async def test_a_ring_kept_warm_has_rates_at_once() -> None:
    async with rig() as r:
        await r.rounds(6)
        fetched = await r.source.fetch(r.window(2))
    assert fetched.source == "direct scrape"
    assert fetched.failures == ()
    (host,) = fetched.fleet.hosts
    assert (host.name, host.job, host.nodename) == (r.instances[0], "node", "web1")
    assert fetched.fleet.features == ("switches", "load")
    np.testing.assert_allclose(fetched.fleet.values[0], [[20.0, 20.0], [1.0, 1.0]])
    assert fetched.fleet.times.tolist() == [BEGIN + 60, BEGIN + 75]
    assert fetched.range_seconds == 60.0


async def test_history_before_the_first_scrape_is_a_gap() -> None:
    async with rig() as r:
        await r.rounds(3)
        fetched = await r.source.fetch(r.window(5))
    np.testing.assert_allclose(fetched.fleet.values[0, 1], [np.nan, np.nan, 1.0, 1.0, 1.0])
    assert np.isnan(fetched.fleet.values[0, 0, :3]).all()
    assert np.isfinite(fetched.fleet.values[0, 0, 3:]).all()


async def test_a_counter_that_was_reset_makes_no_negative_rate() -> None:
    async with rig() as r:
        await r.rounds(4)
        r.exporters[0].switches = 600.0
        await r.rounds(1)
        fetched = await r.source.fetch(r.window(1))
    # 300, 300 and 600 since its restart: 1,200 in the 45 s that three intervals make.
    np.testing.assert_allclose(fetched.fleet.values[0, 0], [1200 / 45], rtol=1e-6)


async def test_nobody_polled_so_the_fetch_scrapes_itself() -> None:
    async with rig(LOAD) as r:
        at = datetime.fromtimestamp(BEGIN, tz=UTC)
        fetched = await r.source.fetch(Window(at, at, timedelta(seconds=15)))
        assert fetched.fleet.values.tolist() == [[[1.0]]]
        assert r.exporters[0].scrapes == 1
        r.clock.now += 14
        await r.source.instant("up", datetime.fromtimestamp(r.clock.now, tz=UTC))
        assert r.exporters[0].scrapes == 1


async def test_a_silent_target_is_a_failure_with_its_name_and_costs_the_others_nothing(free_port: int) -> None:
    dead = f"http://127.0.0.1:{free_port}/metrics"
    async with rig(dead=[dead]) as r:
        await r.rounds(2)
        fetched = await r.source.fetch(r.window(1))
        alone = await r.source.fetch(r.window(1), r.instances[0])
    assert [host.name for host in fetched.fleet.hosts] == r.instances
    (failure,) = fetched.failures
    assert (failure.stage, failure.host, failure.at) == ("scrape", f"127.0.0.1:{free_port}", r.window(1).end)
    assert failure.reason == f"can't reach {dead}: Connection refused"
    assert alone.failures == ()


@pytest.mark.parametrize(
    ("status", "page", "reason"),
    [
        (500, "", "answers 500"),
        (404, "page not found", "answers 404: page not found"),
        (200, "<html>log in</html>", "gives no metrics in Prometheus's text format: '<html>log in</html>'"),
        (200, "node_load1 many", "no metrics in Prometheus's text format: 'node_load1 many'"),
    ],
)
async def test_a_target_that_gives_no_metrics_is_said_to(status: int, page: str, reason: str) -> None:
    async with rig(exporters=[Exporter(status=status, page=page)]) as r:
        await r.rounds(1)
        with pytest.raises(SourceUnreachable) as caught:
            await r.source.fetch(r.window(1))
    assert reason in str(caught.value)


async def test_a_host_that_fell_silent_stays_for_as_long_as_prometheus_looks_back() -> None:
    async with rig(exporters=[Exporter(), Exporter(nodename="web2")]) as r:
        await r.rounds(3)
        r.exporters[0].status = 503
        await r.rounds(19)
        fetched = await r.source.fetch(r.window(20), r.instances[0])
        np.testing.assert_allclose(fetched.fleet.values[0, 1], [1.0] + [np.nan] * 19)
        assert [failure.host for failure in fetched.failures] == [r.instances[0]]
        await r.rounds(4)
        gone = await r.source.fetch(r.window(1))
        assert [host.name for host in gone.fleet.hosts] == [r.instances[1]]
        assert [failure.host for failure in gone.failures] == [r.instances[0]]


async def test_when_no_target_answers_the_past_is_not_served_as_the_present() -> None:
    async with rig() as r:
        await r.rounds(3)
        r.exporters[0].status = 503
        await r.rounds(1)
        with pytest.raises(SourceUnreachable, match="answers 503"):
            await r.source.fetch(r.window(3))


async def test_a_target_that_answers_again_is_no_failure_any_more() -> None:
    async with rig(exporters=[Exporter(), Exporter()]) as r:
        r.exporters[0].status = 503
        await r.rounds(1)
        r.exporters[0].status = 200
        await r.rounds(1)
        fetched = await r.source.fetch(r.window(1))
    assert fetched.failures == ()
    assert len(fetched.fleet.hosts) == 2


async def test_series_that_come_and_go_for_hours_never_mix_and_do_not_pile_up() -> None:
    by_mode = Feature("mode", "count", "cpu", "max by (instance) (node_cpu_seconds_total{$selector})", WORDS)
    async with rig(LOAD, by_mode) as r:
        for number in range(600):  # more than two times what the ring keeps
            r.exporters[
                0
            ].page = (
                f'node_cpu_seconds_total{{cpu="{number}"}} {1000 + number}\nnode_load1 {number}\nnode_uname_info 1\n'
            )
            await r.rounds(1)
            if number % 10 == 9:
                fetched = await r.source.fetch(r.window(10))
                np.testing.assert_array_equal(fetched.fleet.values[0, 0], np.arange(number - 9, number + 1))
                np.testing.assert_array_equal(fetched.fleet.values[0, 1], np.arange(number + 991, number + 1001))
    assert len(r.source._scraper.ring.snapshot().named("node_cpu_seconds_total")) <= 310


async def test_a_division_by_zero_is_a_gap() -> None:
    ratio = Feature(
        "r", "ratio", "cpu", "max by (instance) (node_load1{$selector} / (node_load1{$selector} - 1))", WORDS
    )
    async with rig(ratio) as r:
        await r.rounds(1)
        fetched = await r.source.fetch(r.window(1))
    assert np.isnan(fetched.fleet.values).all()
    assert fetched.failures == ()


async def test_a_window_after_the_last_answer_finds_nobody() -> None:
    async with rig(exporters=[Exporter(), Exporter()]) as r:
        await r.rounds(1)
        r.exporters[0].status = 503
        await r.rounds(30)
        with pytest.raises(SourceUnreachable, match=r"no answer from 127.* since 2026-11-18 \d\d:\d\d:\d\d UTC"):
            await r.source.fetch(r.window(1), r.instances[0])


async def test_a_feature_that_can_not_be_computed_here_is_a_failure_that_names_why() -> None:
    async with rig(TOP, LOAD, PAIR, NUMBER) as r:
        await r.rounds(1)
        fetched = await r.source.fetch(r.window(1))
    np.testing.assert_array_equal(fetched.fleet.values[0], [[np.nan], [1.0], [np.nan], [np.nan]])
    assert [failure.reason for failure in fetched.failures] == [
        "top: the aggregation topk",
        "pair: 'node_cpu_seconds_total{}' gives several series for one instance: aggregate by (instance)",
        "number: 'scalar(node_load1{})' gives one number where one series for each instance was asked for",
    ]
    assert {failure.stage for failure in fetched.failures} == {"fetch"}


async def test_one_host_of_several_can_be_asked_for() -> None:
    async with rig(exporters=[Exporter(load=1.0), Exporter(load=2.0, nodename="web2")]) as r:
        await r.rounds(1)
        both = await r.source.fetch(r.window(1))
        second = await r.source.fetch(r.window(1), r.instances[1])
        with pytest.raises(SourceEmpty, match="no target of the direct scrape is called web3: 127"):
            await r.source.fetch(r.window(1), "web3")
    assert {h.name: float(v[1, 0]) for h, v in zip(both.fleet.hosts, both.fleet.values, strict=True)} == {
        r.instances[0]: 1.0,
        r.instances[1]: 2.0,
    }
    assert [(h.name, h.nodename) for h in second.fleet.hosts] == [(r.instances[1], "web2")]


async def test_a_renamed_host_is_called_by_its_newest_name() -> None:
    async with rig() as r:
        await r.rounds(2)
        r.exporters[0].nodename = "db1"
        await r.rounds(1)
        fetched = await r.source.fetch(r.window(1))
    assert [host.nodename for host in fetched.fleet.hosts] == ["db1"]


async def test_a_clock_that_was_set_back_starts_the_ring_over() -> None:
    async with rig(LOAD) as r:
        await r.rounds(3)
        r.clock.now -= 3600
        r.exporters[0].load = 7.0
        await r.rounds(1)
        fetched = await r.source.fetch(r.window(1))
    assert fetched.fleet.values.tolist() == [[[7.0]]]


async def test_queries_of_any_kept_metric_are_answered_from_the_ring() -> None:
    async with rig(LOAD, PAIR) as r:
        await r.rounds(3)
        at = datetime.fromtimestamp(r.clock.now - 15, tz=UTC)
        (sample,) = await r.source.instant("sum(node_cpu_seconds_total)", at)
        assert (sample.labels, sample.value, sample.at) == ({}, 11.0, BEGIN + 30)
        (up,) = await r.source.instant("up", at)
        assert (up.labels["instance"], up.value) == (r.instances[0], 1.0)
        (group,) = await r.source.instant("namedprocess_namegroup_num_procs", at)
        assert group.labels == {
            "__name__": "namedprocess_namegroup_num_procs",
            "exported_instance": "mine",
            "groupname": "postgres",
            "instance": r.instances[0],
            "job": "node",
        }
        (series,) = await r.source.range("node_load1 * 2", r.window(2))
        assert series.values.tolist() == [2.0, 2.0]
        (two,) = await r.source.instant("1 + 1", at)
        assert two.value == 2.0
        assert await r.source.instant("node_load1 > 5", at) == ()


async def test_what_the_ring_does_not_hold_is_said_rather_than_found_empty() -> None:
    async with rig() as r:
        await r.rounds(1)
        at = datetime.fromtimestamp(BEGIN, tz=UTC)
        with pytest.raises(QueryUnsupported, match="the direct scrape does not keep node_time_zone_offset_seconds"):
            await r.source.instant("node_time_zone_offset_seconds", at)
        with pytest.raises(QueryUnsupported, match="the aggregation topk"):
            await r.source.instant("topk(1, node_load1)", at)
        with pytest.raises(QueryRefused, match="is no PromQL"):
            await r.source.instant("node_load1 +", at)


async def test_queries_find_nobody_when_no_target_answers(free_port: int) -> None:
    source = ScrapeSource((LOAD,), targets=(f"http://127.0.0.1:{free_port}/metrics",))
    with pytest.raises(SourceUnreachable, match="Connection refused"):
        await source.instant("node_load1", datetime.now(UTC))
    await source.close()


async def test_a_live_exporter_looks_the_same_scraped_directly_as_through_prometheus(live: Live) -> None:
    catalogue = load_features()
    direct = ScrapeSource(catalogue, targets=(f"{live.exporter.url}/metrics",), interval_seconds=1)
    through = PrometheusSource(catalogue, live.prometheus.url, 'job="node"', scrape_interval_seconds=1)
    for _ in range(5):
        await direct.poll()
        await asyncio.sleep(0.5)
    window = Window.ending(datetime.now(UTC), timedelta(0), timedelta(seconds=1))
    ours, theirs = await direct.fetch(window), await through.fetch(window)
    await direct.close()
    await through.close()
    assert ours.failures == ()
    assert ours.fleet.hosts == theirs.fleet.hosts
    assert ours.fleet.features == theirs.fleet.features
    np.testing.assert_array_equal(np.isnan(ours.fleet.values), np.isnan(theirs.fleet.values))
    for name in ("filesystem_root_used_ratio", "filesystem_fullest_inodes_used_ratio", "file_descriptors_used_ratio"):
        column = ours.fleet.features.index(name)
        np.testing.assert_allclose(ours.fleet.values[0, column], theirs.fleet.values[0, column], atol=0.02)
