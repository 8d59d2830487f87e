"""What is done to a history before it is told: its grid, its gaps, its jumps."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.forecasters.grid import Grid, choose_grid, cut
from analyzer.forecasters.jumps import without_jumps

HOUR, DAY = 3600.0, 86400.0
HOURS = np.arange(336, dtype=np.float64)


@pytest.mark.parametrize(
    ("step", "steps", "horizon", "expected"),
    [
        (900.0, 1344, 30 * DAY, Grid(900.0, 4, 24, 14, daily=True)),
        (HOUR, 900, 2 * DAY, Grid(HOUR, 1, 24, 28, daily=True)),
        (60.0, 20160, 6 * HOUR, Grid(60.0, 15, 96, 14, daily=True)),
        (60.0, 360, HOUR, Grid(60.0, 1, 25, 14, daily=False)),
        (DAY, 30, 30 * DAY, Grid(DAY, 1, 2, 14, daily=False)),
        (60.0, 7, HOUR, None),
    ],
)
def test_days_of_hours_where_there_are_days(step: float, steps: int, horizon: float, expected: Grid | None) -> None:
    assert choose_grid(step, steps, horizon) == expected


def test_gaps_are_bridged_by_straight_lines() -> None:
    values = np.array([[1.0, np.nan, np.nan, 4.0, 5.0, 6.0, np.nan, 8.0]])
    history = cut(values, Grid(60.0, 1, 2, 4, daily=False))
    told = history.bins.reshape(1, -1) * history.scale + history.center
    np.testing.assert_allclose(told, [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]])
    assert np.isnan(history.raw.reshape(-1)[[1, 2, 6]]).all()
    assert history.known[0] == 0.625


def test_a_bin_is_the_median_of_what_was_seen_in_it() -> None:
    values = np.array([[1.0, 9.0, np.nan, 2.0, 5.0, 5.0, 5.0, 5.0]])
    history = cut(values, Grid(60.0, 4, 1, 2, daily=False))
    told = history.bins.reshape(1, -1) * history.scale + history.center
    np.testing.assert_allclose(told, [[2.0, 5.0]])


def test_a_jump_in_a_trend_is_taken_out() -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, 336)
    values = HOURS + np.where(HOURS >= 200, 60.0, 0.0) + noise
    mended = without_jumps(values.reshape(1, 14, 24), daily=True)
    assert mended.offset.reshape(-1)[0] == pytest.approx(60.0, abs=3)
    assert mended.offset.reshape(-1)[-1] == 0.0
    assert np.abs(np.diff(mended.blocks.reshape(-1))).max() < 5


def test_a_level_that_moved_is_left_as_it_was_but_tells_no_pace() -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, 336)
    values = np.where(HOURS >= 260, 20.0, 0.0) + noise
    mended = without_jumps(values.reshape(1, 14, 24), daily=True)
    assert not mended.offset.any()
    np.testing.assert_array_equal(mended.blocks.reshape(-1), values)
    assert mended.pace.reshape(-1)[0] == pytest.approx(20.0, abs=3)


def test_a_level_that_moved_and_came_back_is_left_in_all() -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, 336)
    values = np.where((HOURS >= 100) & (HOURS < 260), 20.0, 0.0) + noise
    mended = without_jumps(values.reshape(1, 14, 24), daily=True)
    np.testing.assert_array_equal(mended.blocks.reshape(-1), values)
