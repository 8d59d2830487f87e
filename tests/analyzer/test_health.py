"""Health: deductions that add up, never better for worse inputs, steady, and honest about what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.data import Feature, Finding, Fleet, Forecast, Frame, Health, Host, Severity
from analyzer.health import DEFAULT_WINDOW, fleet_health, health, health_of, strain, typicals, urgency

START = 1_790_000_000.0
SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)


def feature(name: str, group: str, saturates_at: float, limit: float | None = None, *, low: bool = False) -> Feature:
    return Feature(
        name, "ratio", group, "up", {"en": name}, worse="low" if low else "high", limit=limit, saturates_at=saturates_at
    )


CPU = feature("cpu_busy_ratio", "cpu", 0.9, 1.0)
MEMORY = feature("memory_available_ratio", "memory", 0.1, 0.0, low=True)
DISK = feature("disk_busiest_utilisation_ratio", "disk", 0.9, 1.0)
SPACE = feature("filesystem_root_used_ratio", "filesystem", 0.9, 1.0)
QUEUE = feature("disk_queue_length", "disk", 16.0)
FEATURES = (CPU, MEMORY, DISK, SPACE, QUEUE)
IDLE = {"cpu_busy_ratio": 0.1, "memory_available_ratio": 0.7, "disk_busiest_utilisation_ratio": 0.05}
IDLE |= {"filesystem_root_used_ratio": 0.4, "disk_queue_length": 0.2}


def frame(values: dict[str, float], steps: int = 40, step: float = 15.0) -> Frame:
    names = tuple(each.name for each in FEATURES)
    row = [values.get(name, np.nan) for name in names]
    times = START + np.arange(steps) * np.float64(step)
    return Frame("web-1", names, times, np.tile(np.array(row, dtype=np.float32), (steps, 1)))


def of(values: dict[str, float], *findings: Finding, exhausted: float | None = None) -> Health:
    ends = np.zeros(1, dtype=np.float32)
    until = None if exhausted is None else (exhausted, exhausted, exhausted)
    told = Forecast("web-1", SPACE.name, np.array([START]), ends, ends, ends, 0.9, 1.0, until)
    return health(frame(values), FEATURES, findings, (told,))


def finding(severity: Severity, kind: str = "anomaly", host: str = "web-1", ends_at: datetime | None = None) -> Finding:
    return Finding(kind, host, severity, SINCE, ends_at, 0.9, ())


def score(found: Health) -> float:
    assert found.score is not None
    return found.score


def test_an_idle_host_has_full_health() -> None:
    found = of(IDLE)
    assert (found.score, found.confidence, found.deductions) == (100.0, 1.0, ())


def test_where_it_begins_to_hurt_is_half_a_strain() -> None:
    assert strain(CPU, 0.9) == pytest.approx(0.5)
    assert strain(CPU, 0.95) == pytest.approx(0.75)
    assert strain(CPU, 0.875) == 0.0
    assert strain(CPU, 1.2) == 1.0
    assert strain(MEMORY, 0.05) == pytest.approx(0.75)
    assert strain(MEMORY, 0.13) == 0.0
    assert strain(QUEUE, 32.0) == 1.0


def test_an_exhausted_cpu_takes_thirty_points() -> None:
    found = of(IDLE | {"cpu_busy_ratio": 1.0})
    assert found.score == pytest.approx(70.0)
    (taken,) = found.deductions
    assert (taken.reason, taken.subject, taken.group) == ("strain", "cpu_busy_ratio", "cpu")
    assert taken.points == pytest.approx(30.0)


def test_two_signs_of_one_strain_take_once() -> None:
    both = of(IDLE | {"disk_busiest_utilisation_ratio": 1.0, "disk_queue_length": 30.0})
    assert both.score == pytest.approx(75.0)
    assert [taken.subject for taken in both.deductions] == ["disk_busiest_utilisation_ratio"]


def test_points_add_up_to_what_is_missing() -> None:
    worn = IDLE | {"cpu_busy_ratio": 0.97, "memory_available_ratio": 0.02, "filesystem_root_used_ratio": 0.95}
    found = of(worn, finding(Severity.WARNING), exhausted=5 * 3600.0)
    assert score(found) + sum(taken.points for taken in found.deductions) == pytest.approx(100.0)
    assert [taken.reason for taken in found.deductions].count("strain") == 3
    assert {taken.reason for taken in found.deductions} == {"strain", "finding", "exhaustion"}
    assert score(found) > 0


def test_findings_take_by_severity_and_only_while_they_fire_here() -> None:
    assert of(IDLE, finding(Severity.CRITICAL)).score == pytest.approx(80.0)
    assert of(IDLE, finding(Severity.WARNING)).score == pytest.approx(92.0)
    assert of(IDLE, finding(Severity.CRITICAL, host="web-2")).score == 100.0
    assert of(IDLE, finding(Severity.CRITICAL, ends_at=SINCE)).score == 100.0
    assert of(IDLE, finding(Severity.CRITICAL, kind="saturation_cpu_busy_ratio")).score == 100.0


def test_exhaustion_takes_more_the_nearer_it_is() -> None:
    assert urgency(1800.0) == 1.0
    assert urgency(86400.0) == pytest.approx(0.3798, abs=1e-4)
    assert urgency(7 * 86400.0) == 0.0
    assert of(IDLE, exhausted=0.0).score == pytest.approx(70.0)
    assert of(IDLE, exhausted=8 * 86400.0).score == 100.0


def test_what_is_missing_lowers_the_confidence_alone() -> None:
    partial = of({"cpu_busy_ratio": 0.1, "disk_queue_length": 0.2})
    assert (partial.score, partial.confidence) == (100.0, 0.4)


def test_a_host_of_which_nothing_is_known_has_no_score() -> None:
    unknown = of({})
    assert (unknown.score, unknown.confidence, unknown.performance) == (None, 0.0, None)


def test_one_noisy_sample_moves_nothing() -> None:
    calm = frame(IDLE)
    values = calm.values.copy()
    values[-1] = [1.0, 0.0, 1.0, 1.0, 500.0]
    noisy = health(Frame("web-1", calm.features, calm.times, values), FEATURES)
    assert noisy.score == 100.0
    assert noisy.performance == pytest.approx(70.0)


def test_only_the_newest_window_counts() -> None:
    was_busy = frame(IDLE | {"cpu_busy_ratio": 1.0}, steps=400)
    values = was_busy.values.copy()
    calm_steps = int(DEFAULT_WINDOW.seconds / 15)
    values[-calm_steps:, 0] = 0.1
    assert health(Frame("web-1", was_busy.features, was_busy.times, values), FEATURES).score == 100.0


def test_performance_is_the_headroom_of_the_scarcest_resource() -> None:
    found = of(IDLE | {"cpu_busy_ratio": 0.8, "memory_available_ratio": 0.35})
    assert found.performance == pytest.approx(20.0)
    assert [(room.resource, round(room.share, 2)) for room in found.headroom] == [
        ("cpu", 0.2),
        ("memory", 0.35),
        ("disk", 0.95),
    ]


def test_a_fleet_is_half_its_mean_and_half_its_worst() -> None:
    hosts = {"web-1": of(IDLE), "web-2": of(IDLE), "db-1": of(IDLE | {"cpu_busy_ratio": 1.0})}
    found = fleet_health(hosts)
    assert found.score == pytest.approx(0.5 * 90.0 + 0.5 * 70.0)
    (taken,) = found.deductions
    assert (taken.reason, taken.subject) == ("host", "db-1")
    assert taken.points == pytest.approx(20.0)
    assert found.confidence == 1.0


def test_a_fleet_is_told_by_the_hosts_that_are_known() -> None:
    found = fleet_health({"web-1": of(IDLE), "gone-1": of({})})
    assert (found.score, found.confidence) == (100.0, 0.5)
    assert fleet_health({}).score is None


levels = st.fixed_dictionaries(
    {
        "cpu_busy_ratio": st.floats(0, 1),
        "memory_available_ratio": st.floats(0, 1),
        "disk_busiest_utilisation_ratio": st.floats(0, 1),
        "filesystem_root_used_ratio": st.floats(0, 1),
        "disk_queue_length": st.floats(0, 100),
    }
)


@settings(max_examples=60, deadline=None)
@given(levels, st.sampled_from(FEATURES), st.floats(0, 1))
def test_worse_inputs_never_raise_it(values: dict[str, float], worse: Feature, by: float) -> None:
    change = -by if worse.worse == "low" else by
    before, after = of(values), of(values | {worse.name: max(values[worse.name] + change, 0.0)})
    assert score(after) <= score(before) + 1e-6
    assert (after.performance or 0.0) <= (before.performance or 0.0) + 1e-6


@settings(max_examples=40, deadline=None)
@given(levels, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_findings_and_nearer_exhaustion_never_raise_it(values: dict[str, float], one: float, two: float) -> None:
    late, soon = max(one, two), min(one, two)
    assert score(of(values, exhausted=soon)) <= score(of(values, exhausted=late)) + 1e-9
    assert score(of(values, finding(Severity.INFO), exhausted=soon)) < score(of(values, exhausted=soon))


@settings(max_examples=40, deadline=None)
@given(levels)
def test_a_score_is_between_nothing_and_a_hundred_and_adds_up(values: dict[str, float]) -> None:
    found = of(values)
    assert 0 <= score(found) <= 100
    assert score(found) + sum(taken.points for taken in found.deductions) == pytest.approx(100.0)


@settings(max_examples=60, deadline=None)
@given(levels, st.sampled_from(FEATURES))
def test_what_goes_missing_never_lowers_it_nor_raises_the_confidence(values: dict[str, float], gone: Feature) -> None:
    known, partial = of(values), of({name: value for name, value in values.items() if name != gone.name})
    assert score(partial) >= score(known) - 1e-9
    assert partial.confidence == pytest.approx(0.8)


@settings(max_examples=60, deadline=None)
@given(levels, st.integers(0, 1000), st.integers(0, 39), st.floats(0, 1e6, width=32))
def test_one_wild_sample_among_noisy_ones_moves_it_by_a_few_points(
    values: dict[str, float], seed: int, row: int, wild: float
) -> None:
    noise = np.random.default_rng(seed).normal(1, 0.02, (40, len(FEATURES)))
    calm = frame(values)
    noisy = (calm.values * noise).astype(np.float32)
    struck = noisy.copy()
    struck[row] = wild
    before, after = (health(Frame("web-1", calm.features, calm.times, each), FEATURES) for each in (noisy, struck))
    assert score(after) == pytest.approx(score(before), abs=5)


@settings(max_examples=40, deadline=None)
@given(levels, levels, st.permutations(range(len(FEATURES))))
def test_neither_other_hosts_nor_the_order_of_features_change_it(
    values: dict[str, float], others: dict[str, float], order: list[int]
) -> None:
    one, other = frame(values), frame(others)
    turned = Frame("web-1", tuple(one.features[i] for i in order), one.times, one.values[:, order])
    stacked = np.stack([other.values.T, one.values.T])
    fleet = Fleet((Host("web-0"), Host("web-1")), one.features, one.times, stacked)
    among = health_of("web-1", typicals(fleet)[1], FEATURES)
    assert health(turned, FEATURES).score == health(one, FEATURES).score == among.score
    assert among.performance == health(one, FEATURES).performance


def test_each_host_of_a_large_fleet_has_what_is_typical_of_it_alone() -> None:
    values = np.random.default_rng(5).random((150, len(FEATURES), 60), np.float32)
    values[70, 1] = np.nan
    hosts, names = tuple(Host(f"web-{n}") for n in range(150)), frame(IDLE).features
    times = 15.0 * np.arange(60, dtype=np.float64)
    told = typicals(Fleet(hosts, names, times, values))
    assert len(told) == 150
    for row in (0, 70, 149):
        assert typicals(Fleet(hosts[row : row + 1], names, times, values[row : row + 1])) == [told[row]]
    assert names[1] not in told[70].usual


def test_what_this_kind_of_host_does_not_have_is_not_missing() -> None:
    sensor = replace(feature("temperature_celsius", "hardware", 90.0), needs="temperature sensors")
    assert health(frame(IDLE), (*FEATURES, sensor)).confidence == 1.0
