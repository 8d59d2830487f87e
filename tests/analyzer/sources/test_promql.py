"""PromQL on the ring: it gives what a real Prometheus gives for the same samples, and names what it can't do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Feature, Times, Window
from analyzer.errors import QueryRefused, QueryUnsupported
from analyzer.features import load_features, query
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.promql import Scalar, evaluate
from analyzer.sources.ring import Ring, Scraped
from tests.analyzer.sources.history import BEGIN, HISTORY, ring_of
from tests.processes import Program

RING = ring_of(HISTORY).snapshot()
STARTED = datetime.fromtimestamp(BEGIN, tz=UTC)
GRID = timedelta(seconds=3.7)  # falls on every part of a scrape interval
# Ranges pass over gaps alike. A selector at one time does not: the ring knows that a series ended, where a written
# block looks back five minutes. So those are compared where no series begins or ends.
WHOLE = Window(STARTED, STARTED + 1000 * GRID, GRID)
CALM = Window(STARTED + 590 * GRID, STARTED + 790 * GRID, GRID)

OVER_RANGES = """
rate(node_cpu_seconds_total[1m])
rate(node_context_switches_total[47s])
rate(node_network_receive_bytes_total[31s])
rate(node_network_receive_bytes_total[20s])
rate(node_load1[1m] offset 1m) > 1e9
increase(node_context_switches_total[5m])
increase(node_procs_running[3m])
irate(node_cpu_seconds_total{mode!="idle"}[1m])
irate(node_procs_running[1m])
delta(node_load1[2m])
idelta(node_load1[2m])
deriv(node_filesystem_avail_bytes[10m])
deriv(node_load1[1m])
changes(node_procs_running[4m])
resets(node_procs_running[4m])
resets(node_context_switches_total[10m])
avg_over_time(node_load1[1m])
min_over_time(node_load1[1m])
max_over_time(node_load1[1m])
sum_over_time(node_load1[1m])
count_over_time(node_network_receive_bytes_total[4m])
stddev_over_time(node_load1[3m])
last_over_time(node_network_receive_bytes_total[1m])
present_over_time(node_network_receive_bytes_total[1m])
sum by (instance) (rate(node_network_receive_bytes_total[1m]))
sum without (cpu, mode) (rate(node_cpu_seconds_total[1m]))
rate(node_context_switches_total[1m] offset 2m)
max by (instance) (rate(node_cpu_seconds_total[1m])) / count by (instance) (rate(node_cpu_seconds_total[1m]))
rate(node_context_switches_total[1m]) > 300
rate(node_context_switches_total[1m]) < bool 300
rate(node_cpu_seconds_total{mode="idle"}[1m]) > rate(node_cpu_seconds_total{mode="idle"}[5m]) or vector(0)
"""

AT_ONE_TIME = """
node_load1
node_load1{instance=~"a.+", job!="x"}
node_cpu_seconds_total{mode!~"i.*", missing=""}
{__name__="node_load1"}
node_load1 offset 90s
sum(node_load1)
sum by (mode) (node_cpu_seconds_total)
avg without (cpu) (node_cpu_seconds_total)
min by (instance) (node_cpu_seconds_total)
max(node_cpu_seconds_total)
count by (instance, mode) (node_cpu_seconds_total)
group by (mode) (node_cpu_seconds_total)
stddev by (mode) (node_cpu_seconds_total)
stdvar(node_load1)
sum by (nothing) (node_load1)
node_load1 + node_load5
node_load1 - on (instance) node_load5
node_load1 * ignoring (job) node_load5
node_filesystem_avail_bytes / node_filesystem_size_bytes
node_cpu_seconds_total / ignoring (mode) group_left sum without (mode) (node_cpu_seconds_total)
node_cpu_seconds_total * on (instance) group_left (nodename) node_uname_info
node_load1 / on (instance) group_right node_cpu_seconds_total
node_cpu_seconds_total > on (instance, cpu) group_left () (node_cpu_seconds_total{mode="idle"})
node_load1 ^ 2 % 7 - 1
-node_load1
-(3 - node_load1) * -1
2 ^ 3 ^ 2 % 5
node_load1 / 0
(node_load1 - node_load1) / 0
sum((node_load1 - node_load1) / 0)
max(node_procs_running / 0)
min(0 / node_procs_running)
node_load1 > 2
2 >= node_load1
node_load1 <= bool 2
node_load1 == node_load1
node_load1 != node_load5
node_load1 > node_load5
node_load1 > bool node_load5
1 < bool 2
vector(1) > 2
node_load1 and node_load5 > 2
node_load1 and on (instance) node_load5{instance=~"a.*"}
node_load1 or node_load5
node_load1 or on (instance) node_load5
node_load1 unless node_load5 > 2
node_load1 unless ignoring (instance) node_load5{instance=~"a.*"}
node_load1 > 2 or node_load5 > 2 or vector(0)
node_procs_running / (node_procs_running > 0) or node_procs_running
time() - node_load1
vector(time())
scalar(node_load1{instance=~"a.*"}) + node_load5
scalar(node_load1) + node_load5
timestamp(node_load1)
timestamp(node_load1 * 2)
abs(node_load1 - 2)
ceil(node_load1)
floor(-node_load1)
round(node_load1)
round(node_load1, 0.1)
exp(node_load1)
ln(node_load1 - 2)
log2(node_load1)
log10(node_load1)
sqrt(node_load1 - 2)
sgn(node_load1 - 2)
clamp(node_load1, 1.5, 2.5)
clamp_min(node_load1, 2)
clamp_max(node_load1, scalar(node_load5))
node_no_such_thing
sum(node_no_such_thing)
rate(node_no_such_thing[1m])
node_load1 * node_no_such_thing
"""

Table = dict[tuple[tuple[str, str], ...], Times]


@pytest.fixture
async def prometheus(written: Program) -> AsyncIterator[PrometheusSource]:
    source = PrometheusSource((), url=written.url)
    yield source
    await source.close()


async def by_prometheus(prometheus: PrometheusSource, promql: str, window: Window) -> Table:
    return {tuple(sorted(s.labels.items())): s.values for s in await prometheus.range(promql, window)}


def by_the_ring(promql: str, window: Window) -> Table:
    found = evaluate(promql, RING, window.times)
    if isinstance(found, Scalar):
        return {(): found.values}
    shown = np.where(found.present, found.values, np.nan)
    rows = zip(found.labels, shown, found.present, strict=True)
    return {tuple(sorted(labels.items())): row for labels, row, present in rows if present.any()}


async def assert_alike(prometheus: PrometheusSource, promql: str, window: Window) -> None:
    theirs, ours = await by_prometheus(prometheus, promql, window), by_the_ring(promql, window)
    assert ours.keys() == theirs.keys()
    for labels, expected in theirs.items():
        np.testing.assert_allclose(ours[labels], expected, rtol=1e-6, atol=1e-9, err_msg=str(labels))


@pytest.mark.parametrize("promql", OVER_RANGES.strip().splitlines())
async def test_functions_of_ranges_agree_with_prometheus(prometheus: PrometheusSource, promql: str) -> None:
    await assert_alike(prometheus, promql, WHOLE)


@pytest.mark.parametrize(
    "promql",
    [line for line in AT_ONE_TIME.strip().splitlines() if line != "clamp_max(node_load1, scalar(node_load5))"],
)
async def test_selectors_operators_and_aggregations_agree_with_prometheus(
    prometheus: PrometheusSource, promql: str
) -> None:
    await assert_alike(prometheus, promql, CALM)


@pytest.mark.parametrize("feature", load_features(), ids=lambda feature: feature.name)
async def test_the_catalogues_queries_agree_with_prometheus(prometheus: PrometheusSource, feature: Feature) -> None:
    await assert_alike(prometheus, query(feature, "", 60), CALM)
    await assert_alike(prometheus, query(feature, 'instance=~"b.*"', 30), CALM)


@pytest.mark.parametrize(
    ("promql", "named"),
    [
        ("topk(3, node_load1)", "the aggregation topk"),
        ("quantile(0.5, node_load1)", "the aggregation quantile"),
        ("predict_linear(node_load1[1h], 60)", "the function predict_linear"),
        ("histogram_quantile(0.9, node_load1)", "the function histogram_quantile"),
        ('label_replace(node_load1, "a", "b", "c", "d")', "the function label_replace"),
        ("max_over_time(node_load1[5m:1m])", "the subquery in max_over_time(node_load1{}[5m:1m])"),
        ("node_load1 @ 1793000000", "the @ modifier"),
        ('{job="node"}', "names no metric"),
        ('node_load1{job=~"\\\\pL+"}', "the regular expression"),
    ],
)
def test_what_is_not_known_here_is_named(promql: str, named: str) -> None:
    with pytest.raises(QueryUnsupported, match=re.escape(named)):
        evaluate(promql, RING, CALM.times)


@pytest.mark.parametrize(
    ("promql", "reason"),
    [
        ("rate(node_load1", "is no PromQL"),
        ("node_cpu_seconds_total * on (instance) node_load1", "several series on the left side"),
        ("node_load1 * on (instance) node_cpu_seconds_total", "several series on the right side"),
        ("node_load1 * on (job) group_left node_load5", "several series on the right side"),
        ("(node_load1 or on (__name__) node_load5) * 1", "two series with the labels"),
        ("node_load1 > 0 or on (missing) (node_load5 * on (job) group_left node_load5)", "several series on the right"),
        ("node_load1 + 0 or on (cpu) sum by (cpu, instance) (node_cpu_seconds_total) * on (cpu) node_load5", "several"),
    ],
)
async def test_what_prometheus_refuses_is_refused_here_too(
    prometheus: PrometheusSource, promql: str, reason: str
) -> None:
    with pytest.raises(QueryRefused):
        await by_prometheus(prometheus, promql, CALM)
    with pytest.raises(QueryRefused, match=reason):
        by_the_ring(promql, CALM)


def small_ring(values: list[float | None]) -> Ring:
    """One series `x`, scraped every 10 s from 1000 on; None: the scrape failed."""
    ring = Ring(targets=1, rounds=20)
    row = ring.row(0, {"__name__": "x_total"})
    for number, value in enumerate(values):
        found = ([], []) if value is None else ([row], [value])
        ring.add([Scraped(0, 1000.0 + 10 * number, *found)])
    return ring


def at(promql: str, ring: Ring, *times: float) -> list[float]:
    found = evaluate(promql, ring.snapshot(), np.array(times))
    assert not isinstance(found, Scalar)
    return [round(float(value), 6) for value in np.where(found.present, found.values, np.nan)[0]]


def test_a_counters_reset_counts_what_came_after_it() -> None:
    ring = small_ring([100.0, 110.0, 5.0, 15.0])
    # 10 before the reset, 5 from zero after it, 10 more: 25 in the 30 s between the first and last sample.
    assert at("increase(x_total[31s])", ring, 1030.0) == [round(25 * 31 / 30, 6)]


def test_a_rate_is_extended_by_half_an_interval_where_samples_begin_late() -> None:
    ring = small_ring([None, None, None, 100.0, 110.0, 120.0])
    # 20 in 20 s; the range of 50 s begins 30 s before the first sample: extended by 5 s only.
    assert at("rate(x_total[50s])", ring, 1050.0) == [20 * 25 / 20 / 50]


def test_a_counter_is_not_extended_below_zero() -> None:
    ring = small_ring([2.0, 12.0, 22.0])
    # At 1 a second it was zero 2 s before the first sample, though the range begins 5 s before.
    assert at("increase(x_total[25s])", ring, 1020.0) == [22.0]


def test_one_sample_makes_no_rate() -> None:
    ring = small_ring([1.0, 2.0])
    assert np.isnan(at("rate(x_total[10s])", ring, 1010.0)).all()


def test_a_series_that_a_scrape_no_longer_gave_ends_there_and_then() -> None:
    ring = small_ring([1.0, 2.0, None, 4.0])
    values = at("x_total", ring, 999.0, 1015.0, 1020.0, 1025.0, 1030.0)
    np.testing.assert_array_equal(values, [np.nan, 2.0, np.nan, np.nan, 4.0])


def test_a_sample_is_looked_back_at_for_five_minutes() -> None:
    ring = small_ring([1.0])
    np.testing.assert_array_equal(at("x_total", ring, 1299.9, 1300.1), [1.0, np.nan])
