"""A host that left its group: found by its group's own history, within the budget, and never by noise alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Feature, Finding, Fleet, Host, Peers, Severity
from analyzer.features import load_features
from analyzer.judge import Judge, Memory
from analyzer.judge.departures import DEPARTURE, departures
from analyzer.judge.memory import Episode
from analyzer.peers import group_hosts
from analyzer.peers.seldom import Seldom, seldom
from analyzer.wording import say_finding

HOUR, DAY = 3600.0, 86400.0
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEATURES = tuple(feature for feature in load_features() if feature.group in {"cpu", "memory", "network"})
NAMES = tuple(feature.name for feature in FEATURES)
CPU = NAMES.index("cpu_busy_ratio")
NONE = np.full(len(NAMES), 1e-3)


def fleet(hosts: int, days: float, seed: int = 0, *, heavy: bool = False) -> Fleet:
    """Hosts that share a day's swing; each has a level and a slowly wandering noise of its own in every feature."""
    rng = np.random.default_rng(seed)
    hours = int(days * 24)
    shocks = rng.standard_t(2.5, (hosts, len(NAMES), hours)) if heavy else rng.normal(size=(hosts, len(NAMES), hours))
    wander = np.empty_like(shocks)
    wander[..., 0] = shocks[..., 0]
    for hour in range(1, hours):
        wander[..., hour] = 0.8 * wander[..., hour - 1] + 0.6 * shocks[..., hour]
    swing = rng.uniform(0, 2, (1, len(NAMES), 1)) * np.sin(2 * np.pi * np.arange(hours) / 24)
    values = 20.0 + rng.normal(size=(hosts, len(NAMES), 1)) + swing + wander
    times = NOW.timestamp() - HOUR * np.arange(hours - 1, -1, -1, dtype=np.float64)
    return Fleet(tuple(Host(f"web-{i}") for i in range(hosts)), NAMES, times, values.astype(np.float32))


def told(given: Fleet) -> dict[int, Seldom]:
    return seldom(given, np.arange(len(given.hosts)), NAMES, NONE)


def without_end(given: Fleet, hours: int) -> Fleet:
    end = len(given.times) - hours
    return Fleet(given.hosts, given.features, given.times[:end], given.values[..., :end])


@pytest.mark.parametrize("hosts", [3, 8])
def test_one_that_went_far_from_its_group_was_hardly_ever_seen(hosts: int) -> None:
    given = fleet(hosts, 21)
    given.values[1, CPU, -4:] += 40
    found = told(given)
    assert found[1].per_day == pytest.approx(1 / (19 * hosts), rel=0.02)
    assert next(iter(found[1].by)) == "cpu_busy_ratio"
    assert found[1].by["cpu_busy_ratio"] > 5
    assert min(found[row].per_day for row in found if row != 1) > 0.02


def test_what_fell_below_its_group_has_a_sign() -> None:
    given = fleet(8, 21)
    given.values[1, CPU, -4:] -= 15
    assert told(given)[1].by["cpu_busy_ratio"] < -1


def test_two_odd_steps_are_no_departure() -> None:
    given = fleet(8, 21)
    before = told(given)[1]
    given.values[1, CPU, -2:] += 40
    assert "cpu_busy_ratio" not in dict(list(told(given)[1].by.items())[:1])
    assert told(given)[1].per_day >= before.per_day


def test_what_moves_all_of_a_group_moves_nobody() -> None:
    given = fleet(8, 21)
    before = {row: found.per_day for row, found in told(given).items()}
    given.values[:, CPU, -6:] += 40
    assert {row: found.per_day for row, found in told(given).items()} == pytest.approx(before)


@pytest.mark.parametrize(("hosts", "days"), [(3, 12), (8, 5)])
def test_a_group_too_small_or_too_young_says_nothing(hosts: int, days: float) -> None:
    given = fleet(hosts, days)
    given.values[1, CPU, -6:] += 40
    assert all(found.per_day > 0.02 for found in told(given).values())


def test_a_gap_is_no_departure_and_a_silent_host_is_not_told() -> None:
    given = fleet(8, 21)
    given.values[:, CPU] += 50 * np.arange(8, dtype=np.float32)[:, None]
    usual = told(given)
    given.values[7, CPU, -6:] = np.nan
    given.values[2, :, -1] = np.nan
    found = told(given)
    assert "cpu_busy_ratio" not in found[7].by
    assert found[7].per_day >= min(usual[7].per_day, 0.02)
    assert 2 not in found


def test_more_hosts_of_another_group_change_nobody() -> None:
    given = fleet(8, 21)
    alone = seldom(given, np.arange(5), NAMES, NONE)
    given.values[5:] *= 3
    assert seldom(given, np.arange(5), NAMES, NONE) == alone


@pytest.mark.parametrize(("hosts", "noise"), [(3, "normal"), (3, "heavy"), (10, "heavy"), (40, "normal")])
def test_noise_alone_keeps_the_budget(hosts: int, noise: str) -> None:
    """A fleet is watched from day to day; each morning that a host would be said to have left is a false alarm."""
    given = fleet(hosts, 41, seed=5, heavy=noise == "heavy")
    alarms = 0
    for day in range(20):
        end = int((21 + day) * 24)
        part = Fleet(given.hosts, NAMES, given.times[end - 504 : end], given.values[..., end - 504 : end])
        alarms += sum(found.per_day <= 0.02 for found in told(part).values())
    assert alarms <= max(1, 0.02 * hosts * 20)


def peers(per_day: float | None) -> Peers:
    return Peers("web-3", 7, 12.0, {}, per_day, {} if per_day is None else {"cpu_busy_ratio": 6.0, "threads": -0.5})


def test_an_episode_lasts_until_its_distance_is_common_again() -> None:
    (begun,) = departures({"web-1": peers(0.01), "web-2": peers(0.05)}, (), 100.0, 0.2)
    assert (begun.host, begun.kind, begun.starts_at, begun.ends_at) == ("web-1", DEPARTURE, 100.0, None)
    assert begun.parts == {"cpu_busy_ratio": 6.0}
    (still,) = departures({"web-1": peers(0.07)}, (begun,), 200.0, 0.2)
    assert (still.starts_at, still.ends_at) == (100.0, None)
    (back,) = departures({"web-1": peers(0.5)}, (still,), 300.0, 0.2)
    assert back.ends_at == 300.0


def test_who_is_not_grouped_any_more_is_not_away_but_not_asked_is_not_back() -> None:
    begun = Episode(DEPARTURE, "web-1", 100.0, parts={"cpu_busy_ratio": 6.0})
    assert departures({}, (begun,), 200.0, 0.2) == [begun]
    assert departures({"web-2": peers(None)}, (begun,), 200.0, 0.2) == [replace(begun, ends_at=200.0)]


def found_by(given: Fleet) -> tuple[Finding, ...]:
    groups = group_hosts(given, FEATURES)
    recent = Fleet(given.hosts, NAMES, given.times[-10:], given.values[..., -10:])
    asked = Judge(FEATURES, timedelta(hours=1), saturated_seconds=1e9)
    return asked.judge(NOW, recent, {}, {}, Memory(), peers=groups.compare(recent)).findings


def test_the_judge_tells_it_as_a_finding_with_causes() -> None:
    given = fleet(8, 21)
    given.values[...] -= given.values.mean(axis=2, keepdims=True) - 20
    assert found_by(given) == ()
    given.values[1, CPU, -4:] += 40
    (found,) = found_by(given)
    assert (found.kind, found.host, found.severity) == ("departure", "web-1", Severity.CRITICAL)
    assert found.causes[0].feature == "cpu_busy_ratio"
    assert found.causes[0].share > 0.5
    features: dict[str, Feature] = {feature.name: feature for feature in FEATURES}
    assert "web-1 has differed from the hosts that are like it since Nov 22" in say_finding(found, features)
    assert "비슷한 호스트들과 다르게 동작하고 있습니다" in say_finding(found, features, "ko")
