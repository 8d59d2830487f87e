"""One scale for all features: what is loud, what is nothing, and what has no scale."""

from __future__ import annotations

import numpy as np

from analyzer.data import Feature, Frame, Values
from analyzer.detectors import DETECTORS, detectors_for
from analyzer.detectors.scaling import Scaling, floors_of


def frame(values: list[float] | Values) -> Frame:
    column = np.asarray(values, np.float32)[:, None]
    return Frame("web-1", ("cpu",), np.arange(len(column), dtype=np.float64), column)


def test_a_deviation_is_counted_in_spreads_of_history() -> None:
    scaling = Scaling.fit(frame([1.0, 3.0, 1.0, 3.0]), {})
    np.testing.assert_allclose(scaling.apply(frame([2.0, 4.0, 0.0]))[:, 0], [0.0, 2.0, -2.0])


def test_a_gap_counts_as_usual() -> None:
    scaling = Scaling.fit(frame([1.0, np.nan, 3.0]), {})
    assert scaling.apply(frame([np.nan]))[:, 0].tolist() == [0.0]


def test_what_never_moved_counts_ten_spreads_however_far_it_moves() -> None:
    scaling = Scaling.fit(frame([5.0, 5.0, 5.0]), {})
    assert scaling.apply(frame([5.0, 5.1, 500.0, 4.0]))[:, 0].tolist() == [0.0, 10.0, 10.0, -10.0]


def test_no_reading_is_farther_out_than_fifty_spreads() -> None:
    scaling = Scaling.fit(frame([1.0, 3.0, 1.0, 3.0]), {})
    assert scaling.apply(frame([1e9, -1e9]))[:, 0].tolist() == [50.0, -50.0]


def test_large_numbers_lose_no_precision() -> None:
    byte_counts = np.array([4e9, 4e9 + 4096, 4e9 - 4096, 4e9 + 8192], np.float32)
    z = Scaling.fit(frame(byte_counts), {}).apply(frame(byte_counts))[:, 0]
    assert z[3] > z[1] > z[0] > z[2]


def test_the_smallest_change_that_matters_is_two_spreads_where_nothing_moves() -> None:
    cpu = Feature("cpu", "ratio", "cpu", "cpu{$selector}", {"en": "CPU"}, minimum_effect=0.05)
    scaling = Scaling.fit(frame([0.001, 0.002, 0.001, 0.002]), floors_of([cpu]))
    np.testing.assert_allclose(scaling.apply(frame([0.0015, 0.0515]))[:, 0], [0.0, 2.0], atol=1e-4)


def test_a_tenth_of_a_percent_of_cpu_is_no_anomaly_with_the_catalogue_and_is_one_without() -> None:
    cpu = Feature("cpu", "ratio", "cpu", "cpu{$selector}", {"en": "CPU"}, minimum_effect=0.05)
    idle = np.random.default_rng(1).normal(0.001, 0.0001, 300).astype(np.float32)
    recent = np.concatenate([idle[:50], [0.002]]).astype(np.float32)
    slow = list(DETECTORS).index("residual_slow")
    deaf = detectors_for([cpu])[slow].fit(frame(idle)).score(frame(recent)).values[-1]
    keen = DETECTORS["residual_slow"].fit(frame(idle)).score(frame(recent)).values[-1]
    assert deaf < 0.3
    assert keen > 0.7
