"""What models are worth together, and what is remembered of it from row to row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analyzer.data import Numbers, Values
from analyzer.detectors import DETECTORS
from analyzer.detectors.ensemble import Remembered, momentary

MODELS = tuple(DETECTORS)
ROWS = 12
RATIOS = arrays.arrays(np.float32, (len(MODELS), ROWS), elements=st.floats(0, 64, width=16))
PARTS = np.array([[[0.0, 3.0], [9.0, 3.0], [0.0, 3.0], [0.0, 3.0]]], np.float32)


def test_one_reading_far_out_is_blamed_less_than_one_that_lasts() -> None:
    blame, _ = Remembered.nothing(1, 2).blamed(PARTS)
    assert blame[0, :, 0].tolist() == [0.0, 4.5, 4.5, 0.0]
    assert blame[0, :, 1].tolist() == [1.5, 3.0, 3.0, 3.0]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_blame_goes_on_where_the_last_rows_ended(cut: int) -> None:
    whole, _ = Remembered.nothing(1, 2).blamed(PARTS)
    first, remembered = Remembered.nothing(1, 2).blamed(PARTS[:, :cut])
    second, _ = remembered.blamed(PARTS[:, cut:])
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), whole)


@given(ratios=RATIOS, row=st.integers(0, ROWS - 1), model=st.sampled_from(MODELS), louder=st.floats(0.1, 50.0))
def test_who_hears_more_makes_no_step_calmer(ratios: Values, row: int, model: str, louder: float) -> None:
    more = ratios.copy()
    more[MODELS.index(model), row] += np.float32(louder)
    before, after = worth_of(ratios), worth_of(more)
    assert (after >= before - 1e-5).all()
    np.testing.assert_array_equal(after[:row], before[:row])


@given(ratios=RATIOS)
def test_the_order_in_which_models_are_asked_counts_for_nothing(ratios: Values) -> None:
    forth, back = told_by(ratios), dict(reversed(told_by(ratios).items()))
    np.testing.assert_allclose(momentary(forth), momentary(back), atol=1e-5)


@given(ratios=RATIOS, cut=st.integers(1, ROWS - 1))
def test_worth_goes_on_where_the_last_rows_ended(ratios: Values, cut: int) -> None:
    moments = momentary(told_by(ratios))
    first, remembered = Remembered.nothing(1, 0).advance(moments[:, :cut])
    second, _ = remembered.advance(moments[:, cut:])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1)[0], worth_of(ratios), rtol=1e-4, atol=1e-5)


def test_where_the_models_that_are_averaged_are_at_their_edge_a_step_is_worth_five_quarters_of_it() -> None:
    ratios = np.ones((len(MODELS), ROWS), np.float32)
    ratios[MODELS.index("regression_slow")] = 0.0
    np.testing.assert_allclose(worth_of(ratios), 1.25 * np.log(2.0), rtol=1e-5)


@given(ratios=RATIOS)
def test_slow_regression_makes_nothing_calmer_by_being_silent(ratios: Values) -> None:
    ratios[MODELS.index("regression_slow")] = 0.0
    told = told_by(ratios)
    without = {name: numbers for name, numbers in told.items() if name != "regression_slow"}
    np.testing.assert_allclose(momentary(told), momentary(without), rtol=1e-5)


def test_slow_regression_is_not_heard_where_a_feature_has_no_others() -> None:
    ratios = np.zeros((len(MODELS), ROWS), np.float32)
    ratios[MODELS.index("regression_slow")] = 9.0
    assert momentary(told_by(ratios, features=1)).max() == 0.0
    assert momentary(told_by(ratios, features=2)).min() > 0.1


def test_a_single_feature_is_heard_by_its_own_model_only_where_there_are_others() -> None:
    ratios = np.zeros((len(MODELS), ROWS), np.float32)
    ratios[MODELS.index("alone")] = 100.0
    assert momentary(told_by(ratios, features=1)).max() == 0.0
    np.testing.assert_allclose(momentary(told_by(ratios, features=4)), 0.75 * 0.8, rtol=1e-5)


def told_by(ratios: Values, features: int = 3) -> dict[str, Numbers]:
    parts = np.zeros((1, ROWS, features), np.float32)
    return {name: Numbers(ratio[None], parts) for name, ratio in zip(MODELS, ratios, strict=True)}


def worth_of(ratios: Values) -> Values:
    worth, _ = Remembered.nothing(1, 0).advance(momentary(told_by(ratios)))
    return np.asarray(worth[0])
