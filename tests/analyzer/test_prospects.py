"""Prospects: far from days, near from minutes, counted from now, and never worse for a source that is away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Failure, Feature, Fetched, Fleet, Forecast, Host, Window
from analyzer.errors import SourceUnreachable
from analyzer.pool import Pool
from analyzer.prospects import Prospects, with_features

NOW = datetime(2026, 1, 5, 12, 20, tzinfo=UTC)
FEATURES = (
    Feature("filesystem_root_used_ratio", "ratio", "filesystem", "up", {"en": "disk"}, limit=1.0, minimum_effect=0.01),
    Feature("cpu_busy_ratio", "ratio", "cpu", "up", {"en": "cpu"}, limit=1.0, minimum_effect=0.05),
)
HOSTS = ("web-1", "web-2", "web-3")


def fleet(window: Window, per_hour: float, hosts: tuple[str, ...] = HOSTS) -> Fleet:
    """Disks that stand at half at NOW and fill at a rate; a CPU that does nothing."""
    hours = (window.times - NOW.timestamp()) / 3600
    noise = np.random.default_rng(3).normal(0, 1e-4, (len(hosts), 2, window.steps))
    values = np.stack([0.5 + per_hour * hours, np.full(window.steps, 0.1)])[None] + noise
    return Fleet(
        tuple(Host(name) for name in hosts), tuple(f.name for f in FEATURES), window.times, values.astype("f4")
    )


@dataclass
class SteadySource:
    """Disks that fill at a rate."""

    name: str = "steady"
    per_hour: float = 0.001
    down: bool = False
    fallback_reason: str = ""
    failures: tuple[Failure, ...] = ()
    asked: list[Window] = field(default_factory=list)

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        if self.down:
            raise SourceUnreachable("can't reach the steady source: it is down")
        self.asked.append(window)
        told = fleet(window, self.per_hour)
        given = told if features is None else with_features(told, features)
        return Fetched(given, self.name, self.failures, self.fallback_reason)

    async def close(self) -> None:
        """Nothing is open."""


def lately(per_hour: float) -> Fleet:
    return fleet(Window.ending(NOW, timedelta(hours=6), timedelta(minutes=1)), per_hour)


def disk(prospects: Prospects, now: datetime = NOW) -> Forecast:
    return next(f for f in prospects.forecasts("web-1", now) if f.feature == FEATURES[0].name)


def until(forecast: Forecast) -> float:
    assert forecast.exhausted_in is not None
    return forecast.exhausted_in[0]


async def test_days_of_history_tell_the_far_and_minutes_the_near() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    await prospects.renew(NOW, lambda: lately(0.001))
    told = disk(prospects)
    ahead = told.times - NOW.timestamp()
    assert ahead[0] == 300
    assert (np.diff(told.times) > 0).all()
    assert until(told) == pytest.approx(500 * 3600, rel=0.02)


async def test_a_disk_that_fills_within_the_hour_is_told_by_the_minutes() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    await prospects.renew(NOW, lambda: lately(0.9))
    assert until(disk(prospects)) == pytest.approx(0.5 / 0.9 * 3600, rel=0.05)


async def test_a_pace_that_began_hours_ago_is_news_to_days_of_history() -> None:
    recent = lately(0.0)
    hours = (recent.times - NOW.timestamp()) / 3600
    values = recent.values.copy()
    values[:, 0] += np.maximum(hours + 3, 0) * 0.1
    prospects = Prospects(SteadySource(), FEATURES)
    await prospects.renew(NOW, lambda: Fleet(recent.hosts, recent.features, recent.times, values))
    # 0.8 is used now, and 0.1 comes every hour.
    assert until(disk(prospects)) == pytest.approx(2 * 3600, rel=0.1)


async def test_exhaustion_comes_nearer_between_renewals() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    await prospects.renew(NOW, lambda: None)
    first, second = disk(prospects), disk(prospects, NOW + timedelta(minutes=10))
    assert until(first) - until(second) == pytest.approx(600)


async def test_exhaustion_counts_from_now_and_not_from_the_last_step() -> None:
    prospects = Prospects(SteadySource(per_hour=0.02), FEATURES, history=timedelta(days=14), step=timedelta(hours=1))
    await prospects.renew(NOW, lambda: None)
    # Half is free at NOW, and the last whole hour was twenty minutes ago.
    assert until(disk(prospects)) == pytest.approx(25 * 3600, abs=180)


async def test_nothing_is_told_before_the_first_renewal() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    assert not prospects.forecasts("web-1", NOW)
    assert prospects.peers(lately(0.001)) == {}


async def test_a_source_that_is_away_leaves_what_was_told() -> None:
    source = SteadySource()
    prospects = Prospects(source, FEATURES)
    await prospects.renew(NOW, lambda: None)
    source.down = True
    with pytest.raises(SourceUnreachable):
        await prospects.renew(NOW + timedelta(minutes=10), lambda: None)
    assert until(disk(prospects)) == pytest.approx(500 * 3600, rel=0.02)


async def test_a_fallback_that_knows_minutes_replaces_nothing() -> None:
    source = SteadySource()
    prospects = Prospects(source, FEATURES)
    await prospects.renew(NOW, lambda: None)
    before = disk(prospects)
    source.fallback_reason = "can't reach Prometheus"
    await prospects.renew(NOW + timedelta(minutes=10), lambda: None)
    np.testing.assert_array_equal(disk(prospects).point, before.point)


async def test_the_long_history_is_asked_for_again_once_it_has_a_new_step_and_near_times_are_told_anew_before() -> None:
    source = SteadySource()
    prospects = Prospects(source, FEATURES)
    await prospects.renew(NOW, lambda: lately(0.001))
    await prospects.renew(NOW + timedelta(minutes=5), lambda: lately(0.9))
    assert until(disk(prospects, NOW + timedelta(minutes=5))) == pytest.approx(0.5 / 0.9 * 3600, rel=0.2)
    assert [window.end.minute for window in source.asked] == [15]
    await prospects.renew(NOW + timedelta(minutes=10), lambda: lately(0.001))
    assert [window.end.minute for window in source.asked] == [15, 30]


async def test_a_long_history_that_lacks_a_feature_is_asked_for_again() -> None:
    source = SteadySource(failures=(Failure("fetch", "cpu_busy_ratio: timeout", NOW),))
    prospects = Prospects(source, FEATURES)
    for minutes in (0, 5):
        await prospects.renew(NOW + timedelta(minutes=minutes), lambda: None)
    assert len(source.asked) == 2


async def test_near_times_are_told_anew_while_only_a_fallback_answers() -> None:
    source = SteadySource()
    prospects = Prospects(source, FEATURES)
    await prospects.renew(NOW, lambda: lately(0.001))
    source.fallback_reason = "can't reach Prometheus"
    await prospects.renew(NOW, lambda: lately(0.9))
    told = disk(prospects)
    assert until(told) == pytest.approx(0.5 / 0.9 * 3600, rel=0.05)
    assert told.times[-1] > NOW.timestamp() + 29 * 86400, "the far times stay"


async def test_hosts_too_young_for_a_long_history_are_told_from_their_minutes() -> None:
    source = SteadySource(fallback_reason="Prometheus knows no host a quarter of an hour ago")
    prospects = Prospects(source, FEATURES)
    await prospects.renew(NOW, lambda: None)
    assert not prospects.forecasts("web-1", NOW)
    await prospects.renew(NOW, lambda: lately(0.9))
    assert until(disk(prospects)) == pytest.approx(0.5 / 0.9 * 3600, rel=0.05)


async def test_hosts_are_compared_with_their_peers() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    await prospects.renew(NOW, lambda: None)
    recent = lately(0.001)
    values = recent.values.copy()
    values[1, 1] = 0.9
    found = prospects.peers(Fleet(recent.hosts, recent.features, recent.times, values))
    assert next(iter(found["web-2"].departures)) == "cpu_busy_ratio"
    assert found["web-2"].distance > 10 > found["web-1"].distance


async def test_who_left_an_hour_ago_and_is_back_has_not_left() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    await prospects.renew(NOW, lambda: None)
    recent = lately(0.001)
    values = recent.values.copy()
    values[1, 1, :-30] = 0.9
    found = prospects.peers(Fleet(recent.hosts, recent.features, recent.times, values))
    assert found["web-2"].distance < 4


async def test_a_large_fleet_is_asked_for_whole_hours() -> None:
    source = SteadySource()
    many = fleet(
        Window.ending(NOW, timedelta(minutes=30), timedelta(minutes=1)), 0.0, tuple(f"h{i}" for i in range(201))
    )
    await Prospects(source, FEATURES).renew(NOW, lambda: many)
    await Prospects(source, FEATURES).renew(NOW, lambda: lately(0.0))
    assert [window.step for window in source.asked] == [timedelta(hours=1), timedelta(minutes=15)]


async def test_groups_are_found_anew_only_when_the_long_history_has_a_new_step() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    found = []
    for minutes in (0, 5, 15):
        await prospects.renew(NOW + timedelta(minutes=minutes), lambda: None)
        found.append(prospects.groups)
    assert found[0] is not None
    assert found[1] is found[0]
    assert found[2] is not found[0]


async def test_a_large_fleet_is_told_in_parts_as_a_small_one_whole() -> None:
    source, recent = SteadySource(), lately(0.9)
    whole, parts = Prospects(source, FEATURES), Prospects(source, FEATURES, series_at_once=3)
    await whole.renew(NOW, lambda: recent)
    assert len(source.asked) == 1
    await parts.renew(NOW, lambda: recent)
    assert len(source.asked) == 1 + 4, "each feature for itself, and once more to look at the groups"
    for one, other in zip(whole.forecasts("web-2", NOW), parts.forecasts("web-2", NOW), strict=True):
        assert one.feature == other.feature
        np.testing.assert_array_equal(one.point, other.point)
        assert one.exhausted_in == other.exhausted_in
    assert whole.peers(recent) == parts.peers(recent)


async def test_a_fleet_told_in_another_process_is_told_the_same() -> None:
    pool, recent = Pool(many_hosts=3), lately(0.9)
    here, there = Prospects(SteadySource(), FEATURES), Prospects(SteadySource(), FEATURES, series_at_once=3, pool=pool)
    for at in (NOW, NOW + timedelta(minutes=5)):
        await here.renew(at, lambda: recent)
        await there.renew(at, lambda: recent)
        for one, other in zip(here.forecasts("web-2", at), there.forecasts("web-2", at), strict=True):
            assert one.feature == other.feature
            np.testing.assert_array_equal(one.times, other.times)
            np.testing.assert_array_equal(one.upper, other.upper)
            assert one.exhausted_in == other.exhausted_in
    assert here.peers(recent) == there.peers(recent)
    await pool.close()


async def test_what_is_no_longer_imminent_is_told_by_the_long_history_again() -> None:
    prospects = Prospects(SteadySource(), FEATURES)
    await prospects.renew(NOW, lambda: lately(0.9))
    assert until(disk(prospects)) == pytest.approx(0.5 / 0.9 * 3600, rel=0.05)
    await prospects.renew(NOW + timedelta(minutes=5), lambda: lately(0.9))
    at = NOW + timedelta(minutes=10)
    await prospects.renew(at, lambda: lately(0.001))
    assert until(disk(prospects, at)) == pytest.approx(500 * 3600, rel=0.02)
    assert (np.diff(disk(prospects, at).times) > 0).all()
