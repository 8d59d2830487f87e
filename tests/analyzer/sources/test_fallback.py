"""The chain of sources falls to the next link, says why, and climbs back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.data import Feature, Fetched, Window
from analyzer.errors import QueryRefused, SourceEmpty, SourceUnreachable
from analyzer.sources.fallback import FallbackSource
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.scrape import ScrapeSource
from tests.analyzer.sources.servers import in_turn, serving
from tests.processes import Program, a_free_port, running, start_prometheus

FORKS = Feature(
    "forks",
    "count/s",
    "processes",
    "max by (instance) (rate(node_forks_total{$selector}[$window]))",
    {"en": "x", "ko": "x"},
)
SECOND = timedelta(seconds=1)


@asynccontextmanager
async def chain(prometheus: str, exporter: str) -> AsyncIterator[FallbackSource]:
    source = FallbackSource(
        (
            PrometheusSource((FORKS,), url=prometheus, scrape_interval_seconds=1, retries=0),
            ScrapeSource((FORKS,), targets=(f"{exporter}/metrics",), interval_seconds=1),
        )
    )
    try:
        yield source
    finally:
        await source.close()


def newest(span: timedelta = timedelta(0)) -> Window:
    return Window.ending(datetime.now(UTC), span, SECOND)


async def fetched_when(source: FallbackSource, true: Callable[[Fetched], bool], what: str) -> Fetched:
    """Poll and fetch, as the service does, until the answer is as wanted."""
    for _ in range(60):
        await source.poll()
        fetched = await source.fetch(newest())
        if true(fetched):
            return fetched
        await asyncio.sleep(0.5)
    raise AssertionError(f"in vain: {what}; last served by {fetched.source}, {fetched.fallback_reason}")


def has_rates(fetched: Fetched) -> bool:
    return bool(np.isfinite(fetched.fleet.values).all())


async def test_the_chain_falls_and_climbs_with_its_links(
    node_exporter_program: Path, prometheus_program: Path, tmp_path: Path
) -> None:
    exporter_port, prometheus_port = a_free_port(), a_free_port()
    flags: list[str | Path] = [node_exporter_program, f"--web.listen-address=127.0.0.1:{exporter_port}"]
    async with chain(f"http://127.0.0.1:{prometheus_port}", f"http://127.0.0.1:{exporter_port}") as source:
        with running("node_exporter", flags, exporter_port, "/metrics", tmp_path) as exporter:
            fetched = await fetched_when(source, has_rates, "rates from the direct scrape")
            assert fetched.source == "direct scrape"
            assert fetched.fallback_reason == (
                f"prometheus: can't reach Prometheus at http://127.0.0.1:{prometheus_port}: Connection refused"
            )
            with start_prometheus(prometheus_program, tmp_path, prometheus_port, {"node": exporter_port}) as prometheus:
                climbed = await fetched_when(
                    source, lambda f: f.source == "prometheus" and has_rates(f), "Prometheus serves again"
                )
                assert (climbed.fallback_reason, climbed.stale) == ("", False)
                assert climbed.fleet.hosts == fetched.fleet.hosts
                prometheus.process.kill()
                prometheus.process.wait()
            fallen = await fetched_when(source, has_rates, "rates without Prometheus")
            assert fallen.source == "direct scrape"
            exporter.process.kill()
            exporter.process.wait()
        known = await fetched_when(source, lambda f: f.stale, "nobody answers")
        assert known.source == "last known"
        assert known.stale
        assert known.range_seconds == 4.0
        assert known.fleet.times[-1] < datetime.now(UTC).timestamp()
        assert "prometheus: can't reach Prometheus" in known.fallback_reason
        assert "direct scrape: can't reach http" in known.fallback_reason
        with pytest.raises(SourceUnreachable, match="direct scrape: can't reach"):
            await source.fetch(newest(), known.fleet.hosts[0].name)  # a history to learn from is never the last known


async def test_with_nothing_known_every_links_reason_is_told(free_port: int) -> None:
    nobody = f"http://127.0.0.1:{free_port}"
    async with chain(nobody, nobody) as source:
        with pytest.raises(SourceUnreachable) as caught:
            await source.fetch(newest())
        assert str(caught.value) == (
            f"prometheus: can't reach Prometheus at {nobody}: Connection refused; "
            f"direct scrape: can't reach {nobody}/metrics: Connection refused"
        )


async def test_a_prometheus_that_knows_no_host_yet_is_passed_over_with_its_reason(node_exporter: Program) -> None:
    empty, _ = in_turn((200, '{"status":"success","data":{"resultType":"vector","result":[]}}'))
    async with serving(empty) as url, chain(url, node_exporter.url) as source:
        fetched = await source.fetch(newest())
    assert fetched.source == "direct scrape"
    assert fetched.fallback_reason == (
        f"prometheus: Prometheus at {url} knows no node_uname_info{{}}: does it scrape an exporter?"
    )


async def test_a_host_that_no_link_knows_is_said_to_be_unknown(node_exporter: Program) -> None:
    empty, _ = in_turn((200, '{"status":"success","data":{"resultType":"vector","result":[]}}'))
    async with serving(empty) as url, chain(url, node_exporter.url) as source:
        with pytest.raises(SourceEmpty, match="no target of the direct scrape is called db9"):
            await source.fetch(newest(), "db9")


async def test_hosts_that_only_prometheus_knows_are_not_looked_at_rather_than_silent(node_exporter: Program) -> None:
    near = node_exporter.url.removeprefix("http://")
    others = [near, *(f"db{number}:9100" for number in range(7))]
    known = ",".join(f'{{"metric":{{"instance":"{name}"}},"value":[1,"2"]}}' for name in others)
    hosts = (200, f'{{"status":"success","data":{{"resultType":"vector","result":[{known}]}}}}')
    nothing = (200, '{"status":"success","data":{"resultType":"matrix","result":[]}}')
    handler, _ = in_turn(hosts, nothing, (503, "down"))
    async with serving(handler) as url, chain(url, node_exporter.url) as source:
        first = await source.fetch(newest())
        fallen = await source.fetch(newest())
    assert (len(first.fleet.hosts), first.source, first.not_asked) == (8, "prometheus", ())
    assert [host.name for host in fallen.fleet.hosts] == [near]
    assert fallen.not_asked == tuple(f"db{number}:9100" for number in range(7))
    assert [failure.reason for failure in fallen.failures] == [
        "7 hosts are no targets of the direct scrape: db0:9100, db1:9100, db2:9100, db3:9100, db4:9100, …"
    ]


async def test_a_long_history_at_coarse_steps_is_not_taken_for_what_is_known_of_now(node_exporter: Program) -> None:
    def hosts(*names: str) -> tuple[int, str]:
        known = ",".join(f'{{"metric":{{"instance":"{name}"}},"value":[1,"2"]}}' for name in names)
        return 200, f'{{"status":"success","data":{{"resultType":"vector","result":[{known}]}}}}'

    nothing = (200, '{"status":"success","data":{"resultType":"matrix","result":[]}}')
    handler, _ = in_turn(hosts("db1:9100"), nothing, hosts("db1:9100", "left-weeks-ago:9100"), nothing, (503, "down"))
    async with serving(handler) as url, chain(url, node_exporter.url) as source:
        await source.fetch(newest())
        long = await source.fetch(Window.ending(datetime.now(UTC), timedelta(hours=2), timedelta(minutes=15)))
        fallen = await source.fetch(newest())
    assert len(long.fleet.hosts) == 2
    assert fallen.not_asked == ("db1:9100",)


async def test_a_query_falls_to_the_ring_when_prometheus_is_away(node_exporter: Program, free_port: int) -> None:
    async with chain(f"http://127.0.0.1:{free_port}", node_exporter.url) as source:
        await fetched_when(source, has_rates, "two scrapes")
        (sample,) = await source.instant("count(node_uname_info)", datetime.now(UTC))
        assert sample.value == 1.0
        (series,) = await source.range("node_forks_total", newest())
        assert series.values[0] > 0
        with pytest.raises(SourceUnreachable, match=r"prometheus: .*; direct scrape: the aggregation topk"):
            await source.instant("topk(1, node_forks_total)", datetime.now(UTC))


async def test_a_wrong_query_is_refused_by_the_first_link_that_answers(node_exporter: Program) -> None:
    refusing, asked = in_turn((400, '{"status":"error","error":"bad"}'))
    async with serving(refusing) as url, chain(url, node_exporter.url) as source:
        with pytest.raises(QueryRefused, match="bad"):
            await source.instant("node_forks_total +", datetime.now(UTC))
    assert len(asked) == 1
