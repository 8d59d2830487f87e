"""What every detector promises; each entry of DETECTORS runs through all of it, and so do all of them together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from analyzer.data import Frame, Scores, Values
from analyzer.detectors import DETECTORS, ENSEMBLE
from analyzer.errors import NotEnoughHistory
from tests.checks.scorers import HISTORY, NAMES, RECENT, WITHIN_WINDOW, Scorer, fit, frame, noise, struck

# Of each detector.
MINIMUM_STEPS = 24


@pytest.fixture(params=[*sorted(DETECTORS), ENSEMBLE])
def detector(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scorer(detector: str) -> Scorer:
    return fit(detector, HISTORY)


def test_a_detector_is_listed_under_its_own_name() -> None:
    assert {name: detector.name for name, detector in DETECTORS.items()} == {name: name for name in DETECTORS}


def test_scores_lie_between_0_and_1_and_shares_of_what_is_unusual_add_up_to_1(scorer: Scorer) -> None:
    told = scorer.score(frame(struck(30.0)))
    assert told.features == NAMES
    assert told.values.shape == (80,)
    assert told.shares.shape == (80, 5)
    assert told.values.min() >= 0
    assert told.values.max() <= 1
    sums = told.shares.sum(axis=1)
    # a change names nobody in the first row of all
    np.testing.assert_allclose(sums[1:], 1.0, atol=1e-5)
    assert told.values[0] == 0 or sums[0] == pytest.approx(1.0, abs=1e-5)


def test_what_was_usual_in_history_stays_below_one_half(scorer: Scorer) -> None:
    assert np.median(scorer.score(frame(RECENT)).values) < 0.5


def test_a_blow_is_the_most_unusual_row_and_lies_above_one_half(scorer: Scorer) -> None:
    told = scorer.score(frame(struck(30.0)))
    assert int(told.values.argmax()) in WITHIN_WINDOW
    assert told.values[70] > 0.5


def test_worse_is_never_calmer(scorer: Scorer) -> None:
    heights = [float(scorer.score(frame(struck(height))).values[70]) for height in (0.0, 5.0, 10.0, 20.0, 40.0, 80.0)]
    # the leaves of a forest end at the edge of its history: farther out all is alike, but for other cuts' sake
    assert all(worse >= milder - 0.02 for milder, worse in pairwise(heights))
    assert heights[-1] > heights[0] + 0.2


def test_no_row_is_scored_by_a_later_one(scorer: Scorer) -> None:
    whole = scorer.score(frame(struck(30.0)))
    part = scorer.score(frame(struck(30.0)[:75]))
    np.testing.assert_allclose(part.values, whole.values[:75], atol=1e-5)


def test_neither_fitting_nor_scoring_changes_its_input(detector: str) -> None:
    history, recent = noise(600), struck(30.0)
    fit(detector, frame(history)).score(frame(recent))
    np.testing.assert_array_equal(history, noise(600))
    np.testing.assert_array_equal(recent, struck(30.0))


def test_adding_a_constant_or_scaling_a_feature_changes_nothing(detector: str, scorer: Scorer) -> None:
    scale, shift = np.array([1000.0, 0.01, 8.0, 1.0, 5.0]), np.array([0.0, 3.0, -100.0, 50.0, 1.0])

    def other_units(values: Values) -> Frame:
        return frame((values * scale + shift).astype(np.float32))

    told = fit(detector, other_units(HISTORY.values)).score(other_units(struck(30.0)))
    same = scorer.score(frame(struck(30.0)))
    # float32 rounds differently in other units, and a forest's cut may fall on the other side of a row
    np.testing.assert_allclose(told.values, same.values, atol=0.05)
    assert int(told.values.argmax()) in WITHIN_WINDOW


def test_the_order_of_features_is_irrelevant(detector: str, scorer: Scorer) -> None:
    order = [3, 0, 4, 2, 1]
    names = tuple(NAMES[column] for column in order)
    swapped = fit(detector, frame(HISTORY.values[:, order], names)).score(frame(struck(30.0)[:, order], names))
    same = scorer.score(frame(struck(30.0)))
    # the seed of a forest or of centroids meets the columns in another order: the same story, not the same bits
    assert int(swapped.values.argmax()) in WITHIN_WINDOW
    assert np.corrcoef(swapped.values, same.values)[0, 1] > 0.9


def test_a_scorer_takes_features_in_any_order_by_name(scorer: Scorer) -> None:
    order = [3, 0, 4, 2, 1]
    names = tuple(NAMES[column] for column in order)
    told = scorer.score(frame(struck(30.0)[:, order], names))
    np.testing.assert_array_equal(told.values, scorer.score(frame(struck(30.0))).values)
    assert told.features == NAMES


def test_a_row_without_any_value_is_not_told_and_its_neighbours_are(scorer: Scorer) -> None:
    values = RECENT.copy()
    values[40] = np.nan
    told = scorer.score(frame(values))
    assert np.flatnonzero(np.isnan(told.values)).tolist() == [40]
    assert told.shares[40].tolist() == [0, 0, 0, 0, 0]


def test_a_single_gap_is_not_an_anomaly(scorer: Scorer) -> None:
    values = RECENT.copy()
    values[40:50, 1] = np.nan
    told = scorer.score(frame(values))
    assert np.isfinite(told.values).all()
    assert told.values[40:50].max() < 0.75


def test_a_feature_that_is_gone_or_new_is_no_error(scorer: Scorer) -> None:
    told = scorer.score(
        frame(np.hstack([RECENT[:, 1:], RECENT[:, :1]]), ("memory", "disk", "network", "constant", "new"))
    )
    assert told.features == NAMES
    assert np.isfinite(told.values).all()


def test_a_constant_that_moves_is_noticed_however_little(scorer: Scorer, detector: str) -> None:
    if detector == "isolation_forest":
        pytest.skip("a forest can't cut where history never moved; the others hear it")
    values = RECENT.copy()
    values[70:, 4] = 4.0
    moved, before = scorer.score(frame(values)), scorer.score(frame(RECENT))
    assert moved.values[70] > before.values[70]


def test_gaps_in_history_are_left_out(detector: str) -> None:
    values = noise(600)
    values[100:200] = np.nan
    values[300:400, 0] = np.nan
    told = fit(detector, frame(values)).score(frame(struck(30.0)))
    assert int(told.values.argmax()) in WITHIN_WINDOW


def test_what_is_left_out_of_history_is_not_learned_as_usual(detector: str) -> None:
    values = noise(600)
    values[200:260, :2] += 30.0
    values[230:232, :2] -= 30.0
    incident = np.arange(195, 280)
    # and stays: what goes by levels doesn't hear a single step where an incident widened the scale
    recent = RECENT.copy()
    recent[70:, :2] += 30.0
    heard = fit(detector, frame(values), incident).score(frame(recent)).values[70:].max()
    learned = fit(detector, frame(values)).score(frame(recent)).values[70:].max()
    if detector == "isolation_forest":
        # both are beyond the edge of a forest's cuts, where one is as far as the other but for the noise of its trees
        assert heard > 0.5
    else:
        assert heard > learned


def test_history_where_nothing_ever_moves_can_be_learned(detector: str) -> None:
    still = np.full((100, 5), 7.0, np.float32)
    scorer = fit(detector, frame(still))
    assert scorer.score(frame(still)).values.max() == 0
    if detector == "isolation_forest":
        return  # can't cut where nothing ever moved
    moved = still.copy()
    moved[90:, :3] = 9.0
    assert scorer.score(frame(moved)).values[90] > 0


def test_too_little_history_says_what_is_missing(detector: str) -> None:
    values = noise(MINIMUM_STEPS - 1)
    with pytest.raises(NotEnoughHistory, match=f"needs {MINIMUM_STEPS} steps of web-1, .* hold values"):
        fit(detector, frame(values))


def test_rows_left_out_do_not_count_as_history(detector: str) -> None:
    with pytest.raises(NotEnoughHistory):
        fit(detector, frame(noise(MINIMUM_STEPS + 5)), np.arange(10))


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_what_is_not_fitted_can_not_be_asked(name: str) -> None:
    detector = DETECTORS[name]
    assert not hasattr(detector, "score")
    assert not hasattr(detector, "numbers")


def test_the_same_history_gives_the_same_scorer(detector: str, scorer: Scorer) -> None:
    again = fit(detector, HISTORY).score(frame(RECENT))
    np.testing.assert_array_equal(again.values, scorer.score(frame(RECENT)).values)


def together_on(history: Frame, values: Values) -> Scores:
    return fit(ENSEMBLE, history).score(frame(values))


def test_all_together_name_what_moved_first() -> None:
    together = together_on(HISTORY, struck(30.0))
    first_two = np.argsort(-together.shares[70])[:2]
    assert {NAMES[column] for column in first_two} == {"cpu", "memory"}


def test_what_always_cries_is_less_to_blame_than_what_never_did() -> None:
    history = noise(600)
    history[::20, 2] += 30.0
    recent = RECENT.copy()
    recent[70, 0] += 20.0
    recent[70, 2] += 30.0
    together = together_on(frame(history), recent)
    assert NAMES[int(together.shares[70].argmax())] == "cpu"


def test_blame_compares_steps() -> None:
    together = together_on(HISTORY, struck(30.0))
    assert together.blame is not None
    most = (together.shares * together.blame[:, None]).max(axis=1)
    # half of a step's blame is told with the next one
    assert int(most.argmax()) in (70, 71)
    assert most[70:72].min() > 3 * np.delete(most, [70, 71]).max()


def test_all_together_remember_a_blow_for_a_while_but_not_for_ever() -> None:
    history = np.vstack([struck(30.0), noise(300, seed=3)])
    together = together_on(HISTORY, history)
    assert together.values[70] > 0.7
    calm = together_on(HISTORY, np.vstack([RECENT, noise(300, seed=3)]))
    assert together.values[80] > calm.values[80] + 0.2
    assert together.values[75] > together.values[90] > together.values[250]


def test_all_together_skip_a_row_that_none_could_tell() -> None:
    values = struck(30.0)
    values[72] = np.nan
    together = together_on(HISTORY, values)
    assert np.flatnonzero(np.isnan(together.values)).tolist() == [72]
    assert together.values[73] > 0.5


def test_all_together_hear_a_constant_move() -> None:
    values = RECENT.copy()
    values[70:, 4] = 4.0
    together = together_on(HISTORY, values)
    assert NAMES[int(together.shares[70].argmax())] == "constant"
    assert together.values[70] > together_on(HISTORY, RECENT).values[70]
