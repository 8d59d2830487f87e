"""A Prometheus that has only just begun has no data yet: that is said as such, and is no error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.data import Feature, Starting, Window
from analyzer.errors import SourceEmpty, SourceStarting, SourceUnreachable
from analyzer.sources.fallback import FallbackSource
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.scrape import ScrapeSource
from analyzer.wording import say_starting
from tests.analyzer.sources.servers import in_turn, serving
from tests.processes import a_free_port, start_prometheus

LOAD = Feature("load", "count", "cpu", "max by (instance) (node_load1{$selector})", {"en": "load", "ko": "부하"})
URL = "http://prometheus:9090"


def newest() -> Window:
    return Window.ending(datetime.now(UTC), timedelta(0), timedelta(seconds=15))


async def test_before_its_first_scrape_prometheus_says_when_it_comes(prometheus_program: Path, tmp_path: Path) -> None:
    port, nobody = a_free_port(), a_free_port()
    url = f"http://127.0.0.1:{port}"
    links = (
        PrometheusSource((LOAD,), url=url),
        ScrapeSource((LOAD,), targets=(f"http://127.0.0.1:{nobody}/metrics",)),
    )
    source = FallbackSource(links)
    with start_prometheus(prometheus_program, tmp_path, port, {"node": nobody}, scrape="47s") as prometheus:
        assert '"result":[]' in prometheus.get("/api/v1/query?query=node_uname_info")[1]
        with pytest.raises(SourceStarting, match="has no data yet") as found:
            await source.fetch(newest())
    await source.close()
    assert (found.value.url, found.value.loading) == (url, False)
    assert found.value.first_scrape_seconds in {None, 47.0}, "None until it has looked for its targets"


@pytest.mark.parametrize(
    ("targets", "begun", "seconds"),
    [
        ('{"activeTargets":[{"health":"unknown","scrapeInterval":"1m30s"}]}', "2020-01-01T00:00:00Z", 90.0),
        ('{"activeTargets":[{"health":"up","scrapeInterval":"15s"}]}', "now", 15.0),
        ('{"activeTargets":[]}', "now", None),
    ],
)
async def test_targets_never_scraped_and_a_young_prometheus_are_reasons_to_wait(
    targets: str, begun: str, seconds: float | None
) -> None:
    with pytest.raises(SourceStarting) as found:
        await asked(targets, begun)
    assert found.value.first_scrape_seconds == seconds


async def test_an_old_prometheus_without_hosts_is_empty_and_so_is_a_store_that_knows_no_targets() -> None:
    for targets in ('{"activeTargets":[{"health":"down","scrapeInterval":"15s"}]}', "404"):
        with pytest.raises(SourceEmpty, match="does it scrape an exporter"):
            await asked(targets, "2020-01-01T00:00:00Z")


async def asked(targets: str, begun: str) -> None:
    """Fetch from a server that knows no host and has these targets."""
    since = datetime.now(UTC).isoformat() if begun == "now" else begun
    answers = [
        (200, '{"status":"success","data":{"resultType":"vector","result":[]}}'),
        (404, "no such page") if targets == "404" else (200, f'{{"status":"success","data":{targets}}}'),
        (200, f'{{"status":"success","data":{{"startTime":"{since}"}}}}'),
    ]
    await answered(*answers)


async def answered(*answers: tuple[int, str]) -> None:
    """Fetch from a server that says this, in turn."""
    handler, _ = in_turn(*answers)
    async with serving(handler) as url:
        source = PrometheusSource((LOAD,), url=url, retries=0)
        try:
            await source.fetch(newest())
        finally:
            await source.close()


async def test_a_prometheus_that_reads_its_log_back_is_starting_and_an_overloaded_one_is_not() -> None:
    with pytest.raises(SourceStarting) as found:
        await answered((503, "Service Unavailable"))
    assert found.value.loading
    assert say_starting(Starting(URL, loading=True)) == (
        "Starting: Prometheus at http://prometheus:9090 is reading its log back and answers once it has."
    )
    with pytest.raises(SourceUnreachable, match="could not answer"):
        await answered((503, '{"status":"error","errorType":"unavailable","error":"too many queries"}'))


def test_it_is_said_in_both_languages() -> None:
    waiting = Starting(URL, first_scrape_seconds=15.0)
    assert say_starting(waiting) == (
        "Starting: Prometheus at http://prometheus:9090 has no data yet (first scrape in about 15 s)."
    )
    assert say_starting(waiting, "ko") == (
        "시작하는 중입니다: http://prometheus:9090의 Prometheus에 아직 데이터가 없습니다(약 15초 안에 첫 수집)."
    )
    assert say_starting(Starting(URL)) == "Starting: Prometheus at http://prometheus:9090 has no data yet."
