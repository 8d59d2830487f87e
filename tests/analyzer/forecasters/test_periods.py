"""Rotations of any length: their period is found, what comes is told from it, and they are taken for no deletion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.forecasters.jumps import without_jumps
from analyzer.forecasters.outlook import foresee
from analyzer.forecasters.periods import find_periods

HOUR, DAY = 3600.0, 86400.0
Array = npt.NDArray[np.float64]


def hours(days: int) -> Array:
    return np.arange(days * 24, dtype=np.float64)


def sawtooth(days: int, period: float, height: float = 0.2) -> Array:
    """Starts in the middle of a tooth; wobbles by a hundredth of it."""
    noise = np.random.default_rng(3).normal(0, height / 100, days * 24)
    return np.asarray(0.4 + height * ((hours(days) / period + 0.5) % 1) + noise)


def found(values: Array) -> float:
    return float(find_periods(values.reshape(1, -1, 24))[0])


@pytest.mark.parametrize(("days", "period"), [(14, 7.0), (14, 24.0), (14, 37.4), (7, 55.0), (28, 101.5)])
def test_the_period_of_a_rotation_is_found_to_a_fraction_of_an_hour(days: int, period: float) -> None:
    assert found(sawtooth(days, period)) == pytest.approx(period, abs=0.6)


def test_neither_lines_nor_noise_nor_one_deletion_have_a_period() -> None:
    noise = np.random.default_rng(4).normal(0, 1.0, 336)
    deleted = np.where(hours(14) >= 150, -40.0, 0.0)
    for values in (hours(14), noise, np.cumsum(noise), hours(14) + deleted + noise, np.zeros(336)):
        assert np.isnan(found(np.asarray(values, dtype=np.float64)))


def test_what_a_rotation_of_37_hours_brings_is_told_four_days_ahead() -> None:
    values = sawtooth(18, 37.0)
    outlook = foresee(values[None, : 14 * 24], HOUR, np.arange(1, 97) * HOUR)
    missed = np.abs(outlook.point[0] - values[14 * 24 :])
    assert np.median(missed) < 0.02
    held = (outlook.lower[0] <= values[14 * 24 :]) & (values[14 * 24 :] <= outlook.upper[0])
    assert held.mean() > 0.85


def test_a_fill_under_a_long_rotation_is_full_at_its_first_peak_over_the_limit() -> None:
    values = 0.2 + 0.0016 * hours(30) + 0.2 * ((hours(30) / 41) % 1)
    full = float(np.flatnonzero(values[14 * 24 :] >= 1.0)[0] + 1)
    outlook = foresee(values[None, : 14 * 24], HOUR, np.arange(1, 721) * HOUR, limits=np.ones(1))
    assert outlook.exhausted_in[0, 0] / HOUR == pytest.approx(full, rel=0.05)


def test_a_rotation_seen_twice_in_a_week_is_left_in_the_history() -> None:
    values = (0.002 * hours(7) + sawtooth(7, 65.0)).reshape(1, 7, 24)
    mended = without_jumps(values, daily=True)
    assert not mended.offset.any()
    np.testing.assert_array_equal(mended.pace, values)


def test_two_deletions_that_differ_are_still_taken_out() -> None:
    values = 0.01 * hours(7) - np.where(hours(7) >= 50, 0.2, 0.0) - np.where(hours(7) >= 115, 0.5, 0.0)
    values += np.random.default_rng(5).normal(0, 0.002, 168)
    mended = without_jumps(values.reshape(1, 7, 24), daily=True)
    assert mended.offset[0, 0, 0] == pytest.approx(-0.7, abs=0.05)


def test_what_was_cleared_each_time_it_was_full_is_full_again() -> None:
    noise = np.random.default_rng(7).normal(0, 0.002, 336)
    values = np.minimum((hours(14) % 100) / 100 + noise, 1.0)
    outlook = foresee(values[None], HOUR, np.arange(1, 721) * HOUR, limits=np.ones(1))
    # It was cleared after 100, 200 and 300 hours; 335 have passed.
    assert outlook.exhausted_in[0, 0] / HOUR == pytest.approx(65, rel=0.1)


def test_a_neighbour_with_a_period_changes_nothing_for_one_without() -> None:
    steady = 0.3 + 0.001 * hours(14) + np.random.default_rng(6).normal(0, 0.001, 336)
    ahead = np.arange(1, 721) * HOUR
    alone = foresee(steady[None], HOUR, ahead)
    among = foresee(np.stack([steady, sawtooth(14, 37.0)]), HOUR, ahead)
    np.testing.assert_array_equal(among.point[0], alone.point[0])
    np.testing.assert_array_equal(among.upper[0], alone.upper[0])
