"""Intervals from past misses: what was missed with less history counts as it would be missed now."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.forecasters.intervals import as_known_now
from analyzer.forecasters.mixture import Missed
from analyzer.forecasters.outlook import foresee, trend_of

HOUR = 3600.0
HOURS = np.arange(14 * 24, dtype=np.float64)


def missed() -> Missed:
    """Two series, two origins: one that knew all there is now, and one that knew a quarter of it."""
    return Missed(np.ones((2, 2, 3, 1)), np.ones((2, 2)), np.array([1.0, 0.25]))


def test_a_lines_old_misses_shrink_and_those_of_no_line_stay() -> None:
    found = as_known_now(missed(), np.array([1.0, 0.0])).size[:, :, 0, 0]
    np.testing.assert_allclose(found, [[1.0, 0.25**0.5], [1.0, 1.0]])


def test_a_line_is_a_trend_and_a_swing_is_none() -> None:
    line, swing = 0.001 * HOURS, np.sin(HOURS / 24 * 2 * np.pi)
    blocks = np.stack([line, swing]).reshape(2, 14, 24)
    assert trend_of(blocks) == pytest.approx([1.0, 0.0])


def test_nine_of_ten_values_of_noisy_fills_lie_in_the_interval() -> None:
    rng = np.random.default_rng(8)
    hours = np.arange(21 * 24)
    wander = np.zeros((200, len(hours)))
    for hour in range(1, len(hours)):
        wander[:, hour] = 0.8 * wander[:, hour - 1] + rng.normal(0, 0.006, 200)
    values = 0.1 + rng.uniform(0.0002, 0.001, (200, 1)) * hours + wander
    told = foresee(values[:, : 14 * 24], HOUR, np.arange(1, 7 * 24 + 1) * HOUR, limits=np.ones(200))
    came = values[:, 14 * 24 :]
    held = (told.lower <= came) & (came <= told.upper)
    assert 0.86 <= held.mean() <= 0.94
