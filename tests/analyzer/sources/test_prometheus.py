"""The fleet out of a real Prometheus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.data import Feature, Window
from analyzer.errors import SourceEmpty, SourceUnreachable
from analyzer.features import load_features
from analyzer.sources.prometheus import PrometheusSource
from tests.analyzer.sources.conftest import Live
from tests.analyzer.sources.history import ALPHA, BEGIN, BETA, HISTORY, ROUNDS, STEP, scrape_time
from tests.processes import Program, a_free_port, start_prometheus, until

LOAD = Feature("load", "count", "cpu", "max by (instance) (node_load1{$selector})", {"en": "load", "ko": "부하"})
CORES = Feature("cores", "count", "cpu", "sum by (instance) (node_cpu_seconds_total{$selector})", LOAD.meaning)
BROKEN = Feature(
    "broken", "count", "cpu", "node_cpu_seconds_total{$selector} / on (instance) node_load1{$selector}", LOAD.meaning
)
DOUBLE = Feature("double", "count", "cpu", "node_cpu_seconds_total{$selector}", LOAD.meaning)
ABSENT = Feature("absent", "count", "cpu", "max by (instance) (node_no_such_thing{$selector})", LOAD.meaning)
FIFTEEN = timedelta(seconds=15)


def window(first: int, last: int, step: timedelta = FIFTEEN) -> Window:
    """From one round of the written history to another, both ends included."""
    start = datetime.fromtimestamp(BEGIN, tz=UTC)
    return Window(start + first * FIFTEEN, start + last * FIFTEEN, step)


@pytest.fixture
async def source(written: Program) -> AsyncIterator[PrometheusSource]:
    source = PrometheusSource((LOAD, CORES, ABSENT), url=written.url)
    yield source
    await source.close()


async def test_all_hosts_come_with_their_features_on_the_grid(source: PrometheusSource) -> None:
    fetched = await source.fetch(window(30, 33))
    assert fetched.source == "prometheus"
    assert fetched.failures == ()
    assert [(h.name, h.job, h.nodename) for h in fetched.fleet.hosts] == [
        (ALPHA, "node", "alpha"),
        (BETA, "node", "beta"),
    ]
    assert fetched.fleet.features == ("load", "cores", "absent")
    assert fetched.fleet.times.tolist() == [BEGIN + 450, BEGIN + 465, BEGIN + 480, BEGIN + 495]
    written = {
        series.labels["instance"]: series.values for series in HISTORY if series.labels["__name__"] == "node_load1"
    }
    for row, instance in enumerate((ALPHA, BETA)):
        # At a round second the newest scrape is that of the round before.
        expected = np.array([written[instance][n] for n in (29, 30, 31, 32)], dtype=np.float32)
        np.testing.assert_array_equal(fetched.fleet.values[row, 0], expected)


async def test_a_feature_that_no_host_has_is_a_gap_and_no_failure(source: PrometheusSource) -> None:
    fetched = await source.fetch(window(30, 33))
    assert np.isnan(fetched.fleet.values[:, 2]).all()
    assert fetched.failures == ()


async def test_one_host_can_be_asked_for(source: PrometheusSource) -> None:
    fetched = await source.fetch(window(30, 33), BETA)
    assert [host.name for host in fetched.fleet.hosts] == [BETA]
    assert np.isfinite(fetched.fleet.values[0, :2]).all()


async def test_an_unknown_host_is_said_to_be_unknown(source: PrometheusSource) -> None:
    with pytest.raises(SourceEmpty, match=r'knows no node_uname_info\{instance="ga\\"mma"\}'):
        await source.fetch(window(30, 33), 'ga"mma')


async def test_the_selector_picks_the_hosts(written: Program) -> None:
    source = PrometheusSource((LOAD,), url=written.url + "/", selector='instance=~"alpha.*", ')
    fetched = await source.fetch(window(30, 33))
    await source.close()
    assert [host.name for host in fetched.fleet.hosts] == [ALPHA]


async def test_a_host_that_left_within_the_window_is_still_known(source: PrometheusSource) -> None:
    fetched = await source.fetch(window(ROUNDS - 20, ROUNDS + 60))
    assert [host.nodename for host in fetched.fleet.hosts] == ["alpha", "beta"]
    assert np.isfinite(fetched.fleet.values[0, 0, :20]).all()
    assert np.isnan(fetched.fleet.values[0, 0, 42:]).all()


async def test_a_renamed_host_is_called_by_its_newest_name(source: PrometheusSource) -> None:
    fetched = await source.fetch(window(20, 30))  # both names were seen within it, and long ago only the old one
    assert [host.nodename for host in fetched.fleet.hosts] == ["alpha", "beta"]


async def test_a_feature_that_prometheus_refuses_is_one_failure_beside_the_others(written: Program) -> None:
    source = PrometheusSource((BROKEN, LOAD, DOUBLE), url=written.url)
    fetched = await source.fetch(window(30, 33))
    await source.close()
    assert np.isfinite(fetched.fleet.values[:, 1]).all()
    broken, double = fetched.failures
    assert (broken.stage, broken.at) == ("fetch", window(30, 33).end)
    assert broken.reason.startswith(f"broken: Prometheus at {written.url} refuses 'node_cpu_seconds_total{{}}")
    assert "multiple matches for labels" in broken.reason
    assert double.reason == (
        "double: 'node_cpu_seconds_total{}' gives several series for one instance: aggregate by (instance)"
    )


async def test_a_window_beyond_11_000_points_is_asked_in_parts_and_comes_whole(source: PrometheusSource) -> None:
    long = window(0, ROUNDS - 1, timedelta(milliseconds=250))
    assert long.steps == 14_341
    fetched = await source.fetch(long, ALPHA)
    assert fetched.failures == ()
    load = fetched.fleet.values[0, 0]
    first = int(np.flatnonzero(np.isfinite(load))[0])
    assert fetched.fleet.times[first] == BEGIN + 0.25  # the scrape at .137
    assert np.isfinite(load[first:]).all()
    samples = next(s.values for s in HISTORY if s.labels["__name__"] == "node_load1" and s.labels["instance"] == ALPHA)
    at_each = [samples[int((at - scrape_time(ALPHA, 0)) // STEP)] for at in fetched.fleet.times[first:]]
    np.testing.assert_array_equal(load[first:], np.array(at_each, dtype=np.float32))
    (series,) = await source.range(f'node_load1{{instance="{ALPHA}"}}', long)
    assert series.labels["instance"] == ALPHA
    np.testing.assert_array_equal(series.values.astype(np.float32), load)


async def test_a_query_too_large_for_the_server_is_halved_until_it_fits(source: PrometheusSource) -> None:
    # 8 series × 7,171 steps are more than the 50,000 samples that this Prometheus holds for one query.
    large = window(0, ROUNDS - 1, timedelta(milliseconds=500))
    fetched = await source.fetch(large, ALPHA)
    assert fetched.failures == ()
    assert np.isfinite(fetched.fleet.values[0, 1, 1:]).all()
    in_one = PrometheusSource((CORES,), url=source.url)
    with pytest.raises(Exception, match="too many samples"):
        await in_one.range("sum by (instance) (node_cpu_seconds_total)", large)
    await in_one.close()


async def test_few_points_an_answer_give_the_same_fleet(source: PrometheusSource) -> None:
    small = PrometheusSource((LOAD, CORES, ABSENT), url=source.url, most_points=6, compress=True)
    whole, pieces = await source.fetch(window(90, 120)), await small.fetch(window(90, 120))
    await small.close()
    np.testing.assert_array_equal(whole.fleet.values, pieces.fleet.values)


async def test_any_query_can_be_asked_at_a_time_or_over_a_window(source: PrometheusSource) -> None:
    at = datetime.fromtimestamp(BEGIN + 150, tz=UTC)
    alpha, beta = await source.instant("count by (instance) (node_cpu_seconds_total)", at)
    assert (alpha.labels, alpha.value, alpha.at) == ({"instance": ALPHA}, 8.0, BEGIN + 150)
    assert beta.value == 8.0
    (two,) = await source.instant("1 + 1", at)
    assert (two.labels, two.value) == ({}, 2.0)
    assert await source.instant("node_no_such_thing", at) == ()
    (series,) = await source.range(f'node_procs_running{{instance="{ALPHA}"}} > 4', window(10, 16))
    np.testing.assert_array_equal(series.values, [np.nan, np.nan, np.nan, 5.0, 6.0, np.nan, np.nan])


# What a feature needs that this machine or Debian's exporter as it comes may lack.
MAY_BE_ABSENT = {feature.name for feature in load_features() if feature.needs}


async def newest_values(live: Live, job: str) -> dict[str, float]:
    """Each feature that the job's exporter has, with its newest value."""
    source = PrometheusSource(load_features(), live.prometheus.url, f'job="{job}"', scrape_interval_seconds=1)
    try:
        fetched = await source.fetch(Window.ending(datetime.now(UTC), timedelta(0), timedelta(seconds=1)))
    finally:
        await source.close()
    assert fetched.failures == ()
    newest = zip(fetched.fleet.features, fetched.fleet.values[0, :, 0], strict=True)
    return {name: float(value) for name, value in newest if np.isfinite(value)}


async def test_every_feature_of_the_catalogue_holds_on_a_live_node_exporter(live: Live) -> None:
    values = await newest_values(live, "node")
    assert {feature.name for feature in load_features()} - values.keys() <= MAY_BE_ABSENT
    for feature in load_features():
        value = values.get(feature.name, 0.0)
        assert value >= 0, feature.name
        if feature.unit == "ratio" and feature.name != "memory_committed_ratio":
            assert value <= 1.01, feature.name


async def test_our_exporter_has_every_feature_that_node_exporter_has_and_shows_the_same_host(live: Live) -> None:
    theirs, ours = await newest_values(live, "node"), await newest_values(live, "own")
    assert theirs.keys() - ours.keys() == set()
    for name in ("filesystem_root_used_ratio", "filesystem_fullest_inodes_used_ratio", "file_descriptors_used_ratio"):
        assert ours[name] == pytest.approx(theirs[name], abs=0.02), name  # what others on this machine change meanwhile
    assert ours["clock_synchronised"] == theirs["clock_synchronised"]


async def test_a_prometheus_that_was_killed_is_unreachable_and_serves_again_when_it_is_back(
    node_exporter: Program, prometheus_program: Path, tmp_path: Path
) -> None:
    port, scraped = a_free_port(), {"node": int(node_exporter.url.rpartition(":")[2])}
    source = PrometheusSource((LOAD,), url=f"http://127.0.0.1:{port}", scrape_interval_seconds=1)

    def now() -> Window:
        return Window.ending(datetime.now(UTC), timedelta(seconds=2), timedelta(seconds=1))

    def has_data(prometheus: Program) -> bool:
        return '"value"' in prometheus.get("/api/v1/query?query=node_uname_info+offset+1s")[1]

    with start_prometheus(prometheus_program, tmp_path, port, scraped) as prometheus:
        until(lambda: has_data(prometheus), "a first scrape", prometheus)
        assert (await source.fetch(now())).fleet.hosts[0].job == "node"
        prometheus.process.kill()
        prometheus.process.wait()
    with pytest.raises(SourceUnreachable, match="Connection refused"):
        await source.fetch(now())
    with start_prometheus(prometheus_program, tmp_path, port, scraped) as prometheus:
        until(lambda: has_data(prometheus), "a scrape after the restart", prometheus)
        assert (await source.fetch(now())).fleet.hosts[0].job == "node"
    await source.close()
