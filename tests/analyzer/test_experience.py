"""How far a host's judgement can be trusted: told in tiers, from minutes of history to weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Feature, Fleet, Host, Scores
from analyzer.experience import experience
from analyzer.judge import Calibration, Judge, Memory
from analyzer.judge.ladder import LEVELS
from analyzer.wording import say_experience

HOUR, DAY = 3600.0, 86400.0
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "tier", "lacks"),
    [
        (600.0, "first", ("daily", "weekly")),
        (1.8 * DAY, "first", ("daily", "weekly")),
        (1.99 * DAY, "daily", ("weekly",)),
        (13 * DAY, "daily", ("weekly",)),
        (14 * DAY, "weekly", ()),
    ],
)
def test_a_season_is_known_once_it_was_seen_twice(seconds: float, tier: str, lacks: tuple[str, ...]) -> None:
    found = experience(seconds, 1.0)
    assert (found.tier, found.lacks) == (tier, lacks)


def test_what_was_learned_from_and_what_is_missing_is_said() -> None:
    assert say_experience(experience(600.0, 0.56), "en") == (
        "Learned from 10 min of history; two days teach the course of a day; "
        "56% sure so far, so only what is the clearer is told."
    )
    assert say_experience(experience(3 * DAY, 1.0), "en") == (
        "Learned from 3 d of history; two weeks teach the course of a week."
    )
    assert say_experience(experience(15 * DAY, 1.0), "ko") == "15일의 기록으로 배웠습니다."


def confidence(learned_days: float, cycles: int) -> float:
    """The judge's, of a host whose models learned from so much and that it has judged for so many hours since."""
    memory, names = Memory(), ("cpu",)
    feature = Feature("cpu", "ratio", "cpu", "cpu{$selector}", {"en": "CPU", "ko": "CPU"})
    calm = Calibration(np.zeros(len(LEVELS), np.float32), learned_days, {})
    for hour in range(cycles):
        times = NOW.timestamp() + np.array([hour * HOUR])
        fleet = Fleet((Host("web-1"),), names, times, np.full((1, 1, 1), 0.2, np.float32))
        said = Scores("web-1", "ensemble", names, times, np.array([0.1], np.float32), np.ones((1, 1), np.float32))
        verdict = Judge((feature,), timedelta(hours=1)).judge(
            NOW + timedelta(hours=hour), fleet, {"web-1": said}, {"web-1": calm}, memory
        )
        memory = verdict.memory
    return verdict.confidence["web-1"]


def test_confidence_grows_with_what_was_learned_and_judged_until_it_is_whole() -> None:
    # 0.3 of two days learned and an hour judged are 1.24 e-folds short of the 1.18 days that one alarm may take;
    # 48 steps learned are worth 24, whose logarithm is 3.18
    assert confidence(2.0, 1) == pytest.approx(1 / (1 + 1.239 / 3.178), abs=1e-3)
    assert confidence(600 / DAY, 1) < confidence(2.0, 1) < confidence(2.0, 12) < 1.0
    assert confidence(2.0, 30) == 1.0


def test_a_host_without_models_has_none() -> None:
    fleet = Fleet((Host("web-1"),), ("cpu",), np.array([NOW.timestamp()]), np.full((1, 1, 1), 0.2, np.float32))
    assert Judge(()).judge(NOW, fleet, {}, {}, Memory()).confidence == {}
