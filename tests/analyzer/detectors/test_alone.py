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
