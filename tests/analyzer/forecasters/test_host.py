"""Forecasts of hosts and fleets: the catalogue's limits, what can't be told, and no host that depends on another."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.data import Feature, Fleet, Frame, Host
from analyzer.forecasters.host import AHEAD, HORIZONS_SECONDS, forecast_fleet, forecast_host

START = 1_790_000_000.0
HOURS = np.arange(336)
FEATURES = (
    Feature("filesystem_root_used_ratio", "ratio", "filesystem", "q1", {"en": "disk"}, limit=1.0),
    Feature("memory_available_ratio", "ratio", "memory", "q2", {"en": "memory"}, worse="low", limit=0.0),
    Feature("cpu_busy_ratio", "ratio", "cpu", "q3", {"en": "cpu"}, limit=1.0),
    Feature("forks_per_second", "count/s", "processes", "q4", {"en": "forks"}),
)
NAMES = tuple(feature.name for feature in FEATURES)


def host(name: str = "web-1", seed: int = 0) -> Frame:
    noise = np.random.default_rng(seed).normal(0, 0.002, (336, 4))
    columns = np.stack([0.3 + 0.001 * HOURS, 0.8 - 0.0004 * HOURS, np.full(336, 0.3), np.full(336, 20.0)], axis=1)
    return Frame(name, NAMES, START + HOURS * np.float64(3600), (columns + noise).astype(np.float32))


def test_each_feature_is_told_with_its_own_limit() -> None:
    disk, memory, cpu, forks = forecast_host(host(), FEATURES)
    assert (disk.feature, disk.limit, disk.level) == ("filesystem_root_used_ratio", 1.0, 0.9)
    assert disk.exhausted_in is not None
    assert disk.exhausted_in[0] == pytest.approx(365 * 3600, rel=0.05)
    assert memory.exhausted_in is None  # 69 days away, beyond the horizon
    assert cpu.exhausted_in is None
    assert (forks.limit, forks.exhausted_in) == (None, None)


def test_the_horizons_people_ask_for_are_among_the_times() -> None:
    (first, *_) = forecast_host(host(), FEATURES)
    ahead = first.times - (START + 335 * 3600)
    assert set(HORIZONS_SECONDS) <= set(ahead.tolist())
    assert (np.diff(AHEAD) > 0).all()


def test_a_short_history_reaches_three_times_its_length() -> None:
    (first, *_) = forecast_host(host().tail(25), FEATURES)
    assert first.times[-1] - (START + 335 * 3600) == 72 * 3600


def test_a_history_that_reaches_no_horizon_is_not_told() -> None:
    short = host().tail(19)
    seconds = Frame("web-1", NAMES, START + np.arange(19) * np.float64(5), short.values)
    assert forecast_host(seconds, FEATURES) == ()
    assert forecast_host(host().tail(1), FEATURES) == ()


def test_what_is_before_the_first_value_is_no_history() -> None:
    frame = host()
    values = frame.values.copy()
    values[:216, 0] = np.nan
    young, old, *_ = forecast_host(Frame("web-1", NAMES, frame.times, values), FEATURES)
    # 120 hours are known; they fill 35% of the 336 asked for, 117 hours.
    assert young.times[-1] - frame.times[-1] == 14 * 86400
    assert old.times[-1] - frame.times[-1] == 30 * 86400
    assert young.exhausted_in is None
    soon = Frame("web-1", NAMES, frame.times, values + np.array([0.25, 0, 0, 0], dtype=np.float32))
    disk = forecast_host(soon, FEATURES)[0]
    assert disk.exhausted_in is not None
    assert disk.exhausted_in[0] == pytest.approx(115 * 3600, rel=0.1)


def test_a_silent_feature_is_not_told() -> None:
    frame = host()
    values = frame.values.copy()
    values[-40:, 0] = np.nan
    values[:, 3] = np.nan
    told = forecast_host(Frame("web-1", NAMES, frame.times, values), FEATURES)
    assert [forecast.feature for forecast in told] == ["memory_available_ratio", "cpu_busy_ratio"]


def test_a_feature_outside_the_catalogue_is_not_told() -> None:
    told = forecast_host(host(), FEATURES[:1])
    assert [forecast.feature for forecast in told] == ["filesystem_root_used_ratio"]


def test_a_fleet_tells_each_host_what_it_would_be_told_alone() -> None:
    frames = [host(f"web-{i}", seed=i) for i in range(5)]
    values = np.stack([frame.values.T for frame in frames])
    fleet = Fleet(tuple(Host(frame.host) for frame in frames), NAMES, frames[0].times, values)
    told = forecast_fleet(fleet, FEATURES)
    assert list(told) == ["web-0", "web-1", "web-2", "web-3", "web-4"]
    alone = forecast_host(frames[3], FEATURES)
    np.testing.assert_allclose(told["web-3"][0].point, alone[0].point, rtol=1e-6)
    assert told["web-3"][0].exhausted_in == pytest.approx(alone[0].exhausted_in)
