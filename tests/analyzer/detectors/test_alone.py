"""One feature among many: a jump far beyond its greatest is heard, a jump like its greatest is not."""

from __future__ import annotations

import numpy as np

from analyzer.data import Frame, Numbers, Scores, Values
from analyzer.detectors import DETECTORS, Lesson, scored
from analyzer.detectors.ensemble import momentary

FEATURES = tuple(f"feature_{number:02}" for number in range(40))


def frame(values: Values) -> Frame:
    return Frame("web-1", FEATURES, 15.0 * np.arange(len(values), dtype=np.float64), values)


def calm(rows: int, seed: int) -> Values:
    return np.random.default_rng(seed).normal(0.0, 1.0, (rows, len(FEATURES))).astype(np.float32)


def ensemble_of(jump: float) -> Scores:
    """What is said of forty calm features, one of which jumps at the last row."""
    fitted = Lesson.of(frame(calm(600, 1)), tuple(DETECTORS.values()), {}).fit()
    values = calm(60, 2)
    values[59, 7] = jump
    return scored(fitted, FEATURES, frame(values))[-1]


def test_one_feature_far_beyond_all_it_ever_did_is_heard_and_named_among_forty_calm_ones() -> None:
    told = ensemble_of(45.0)
    assert told.values[59] > 0.8
    assert told.values[:59].max() < 0.4
    assert FEATURES[int(told.shares[59].argmax())] == "feature_07"


def test_a_jump_little_beyond_the_greatest_of_history_adds_nothing_of_its_own() -> None:
    silent = {"alone": Numbers(np.array([[3.4]], np.float32), np.zeros((1, 1, 40), np.float32))}
    heard = {"alone": Numbers(np.array([[6.0]], np.float32), np.zeros((1, 1, 40), np.float32))}
    loud = {"alone": Numbers(np.array([[900.0]], np.float32), np.zeros((1, 1, 40), np.float32))}
    assert momentary(silent)[0, 0] == 0.0
    assert round(float(momentary(heard)[0, 0]), 3) == 0.435  # (ln 7 - 1.5) of 39 fortieths
    assert round(float(momentary(loud)[0, 0]), 3) == 0.78  # no more than 0.8 of it


def test_a_single_feature_has_no_others_that_could_drown_it() -> None:
    single = {"alone": Numbers(np.array([[19.0]], np.float32), np.zeros((1, 1, 1), np.float32))}
    assert momentary(single)[0, 0] == 0.0


def climbing(over: int) -> Values:
    """Calm rows, then one feature that goes up by eight spreads, evenly over so many more."""
    values = calm(300 + over, 3)
    values[300:, 7] += np.linspace(0.0, 8.0, over, dtype=np.float32)
    return values


def alone_on(values: Values) -> Scores:
    fitted = Lesson.of(frame(calm(600, 1)), tuple(DETECTORS.values()), {}).fit()
    return next(each for each in scored(fitted, FEATURES, frame(values)) if each.model == "alone")


def test_a_feature_that_creeps_without_any_jump_is_heard() -> None:
    told = alone_on(climbing(60))
    assert told.values[:300].max() < 0.6
    assert told.values[-1] > 0.85


def test_what_goes_as_slowly_as_days_change_is_no_creep() -> None:
    assert alone_on(climbing(1_200)).values[300:].max() < 0.7


def test_a_way_back_to_the_usual_is_no_climb() -> None:
    values = calm(600, 4)
    values[:300, 7] += 8.0
    values[300:360, 7] += np.linspace(8.0, 0.0, 60, dtype=np.float32)
    assert alone_on(values).values[300:].max() < 0.6
