"""One scale for all features: what is loud, what is nothing, and what has no scale."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from analyzer.data import Feature, Frame, Values
from analyzer.detectors import DETECTORS, Lesson, scored
from analyzer.detectors.scaling import Floors, Scaling, floors_of


def frame(values: list[float] | Values) -> Frame:
    column = np.asarray(values, np.float32)[:, None]
    return Frame("web-1", ("cpu",), np.arange(len(column), dtype=np.float64), column)


def scaled(history: Frame, recent: Frame, floors: Floors = MappingProxyType({})) -> Values:
    return Scaling.fit(history, floors).apply(recent.values[None])[0, :, 0]


def reaching(scaling: Scaling, before: Scaling, kept: float) -> Scaling:
    lowest, highest = before.ends()
    return scaling.reaching(lowest[0], highest[0], kept)


def test_a_deviation_is_counted_in_spreads_of_history() -> None:
    np.testing.assert_allclose(scaled(frame([1.0, 3.0, 1.0, 3.0]), frame([2.0, 4.0, 0.0])), [0.0, 2.0, -2.0])


def test_a_gap_counts_as_usual() -> None:
    assert scaled(frame([1.0, np.nan, 3.0]), frame([np.nan])).tolist() == [0.0]


def test_what_never_moved_counts_ten_spreads_however_far_it_moves() -> None:
    assert scaled(frame([5.0, 5.0, 5.0]), frame([5.0, 5.1, 500.0, 4.0])).tolist() == [0.0, 10.0, 10.0, -10.0]


def test_no_reading_is_farther_out_than_a_million_spreads() -> None:
    assert scaled(frame([1.0, 3.0, 1.0, 3.0]), frame([1e9, -1e9])).tolist() == [1e6, -1e6]


def test_a_spread_counts_less_as_a_cause_the_farther_its_feature_has_gone() -> None:
    scaling = Scaling.fit(frame([1.0, 3.0] * 4 + [7.0, -3.0]), {})
    reach = np.array([[[0.0], [0.0], [40.0]]], np.float32)
    in_history, still, beyond = scaling.worth(-reach, reach)[0, :, 0].tolist()
    spread = np.std([1.0, 3.0] * 4 + [7.0, -3.0])
    assert in_history == pytest.approx(spread / 10.0)
    assert still == in_history
    assert beyond == pytest.approx(1 / 80)


def test_what_never_moved_has_one_worth_as_a_cause_however_far_it_goes() -> None:
    reach = np.array([[[0.0], [10.0]]], np.float32)
    np.testing.assert_allclose(Scaling.fit(frame([5.0, 5.0, 5.0]), {}).worth(-reach, reach)[0, :, 0], [0.1, 0.1])


def test_how_far_a_feature_ever_went_is_known_after_its_history_is_gone() -> None:
    """In its own unit, whatever the spread is now; what it did not pass then leaves the ends as they are."""
    before = Scaling.fit(frame([1.0, 3.0] * 4 + [103.0]), {})
    calm = Scaling.fit(frame([1.0, 3.0, -2.0, 3.0]), {})
    known = reaching(calm, before, kept=1.0)
    assert [float(end[0, 0]) for end in known.ends()] == pytest.approx([-2.0, 103.0], rel=1e-5)
    np.testing.assert_array_equal(calm.highest, Scaling.fit(frame([1.0, 3.0, -2.0, 3.0]), {}).highest)


def test_what_was_reached_once_is_forgotten_a_glitch_as_well() -> None:
    calm, glitch = Scaling.fit(frame([1.0, 3.0, 1.0, 3.0]), {}), Scaling.fit(frame([1.0, 3.0, 1.0, 1e7]), {})
    known, reach = glitch, []
    for _ in range(6):
        known = reaching(calm, known, kept=0.5)
        reach.append(float(known.highest[0, 0]))
    assert reach[0] == pytest.approx(np.sqrt(1e7), rel=0.01)
    assert reach == sorted(reach, reverse=True)
    assert reach[-1] < 1.5


def test_what_never_moved_is_told_apart_by_its_own_unit() -> None:
    still, moved = Scaling.fit(frame([5.0, 5.0, 5.0]), {}), Scaling.fit(frame([5.0, 7.0, 5.0, 7.0]), {})
    known = reaching(moved, still, kept=1.0)
    np.testing.assert_array_equal(known.highest, moved.highest)
    np.testing.assert_allclose(reaching(still, moved, kept=1.0).highest, [[2.0]])


def test_of_what_nothing_is_known_from_before_history_tells() -> None:
    calm, unknown = Scaling.fit(frame([1.0, 3.0, -2.0, 3.0]), {}), np.array([np.nan])
    known = calm.reaching(unknown, unknown, kept=1.0)
    np.testing.assert_array_equal(known.lowest, calm.lowest)
    np.testing.assert_array_equal(known.highest, calm.highest)


def test_large_numbers_lose_no_precision() -> None:
    byte_counts = np.array([4e9, 4e9 + 4096, 4e9 - 4096, 4e9 + 8192], np.float32)
    z = scaled(frame(byte_counts), frame(byte_counts))
    assert z[3] > z[1] > z[0] > z[2]


def test_the_smallest_change_that_matters_is_two_spreads_where_nothing_moves() -> None:
    cpu = Feature("cpu", "ratio", "cpu", "cpu{$selector}", {"en": "CPU"}, minimum_effect=0.05)
    z = scaled(frame([0.001, 0.002, 0.001, 0.002]), frame([0.0015, 0.0515]), floors_of([cpu]))
    np.testing.assert_allclose(z, [0.0, 2.0], atol=1e-4)


def test_a_tenth_of_a_percent_of_cpu_is_no_anomaly_with_the_catalogue_and_is_one_without() -> None:
    cpu = Feature("cpu", "ratio", "cpu", "cpu{$selector}", {"en": "CPU"}, minimum_effect=0.05)
    idle = np.random.default_rng(1).normal(0.001, 0.0001, 300).astype(np.float32)
    recent = np.concatenate([idle[:50], [0.002]]).astype(np.float32)
    keen, deaf = (newest(frame(idle), frame(recent), floors) for floors in ({}, floors_of([cpu])))
    assert deaf < 0.3
    assert keen > 0.7


def newest(history: Frame, recent: Frame, floors: Floors) -> float:
    fitted = Lesson.of(history, [DETECTORS["residual_slow"]], floors).fit()
    return float(scored(fitted, history.features, recent)[0].values[-1])
