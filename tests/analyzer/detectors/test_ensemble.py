"""What the ensemble remembers from row to row."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.detectors.ensemble import Remembered

PARTS = np.array([[[0.0, 3.0], [9.0, 3.0], [0.0, 3.0], [0.0, 3.0]]], np.float32)


def test_one_reading_far_out_is_blamed_less_than_one_that_lasts() -> None:
    blame, _ = Remembered.nothing(1, 2).blamed(PARTS)
    assert blame[0, :, 0].tolist() == [0.0, 6.0, 3.0, 0.0]
    assert blame[0, :, 1].tolist() == [2.0, 3.0, 3.0, 3.0]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_blame_goes_on_where_the_last_rows_ended(cut: int) -> None:
    whole, _ = Remembered.nothing(1, 2).blamed(PARTS)
    first, remembered = Remembered.nothing(1, 2).blamed(PARTS[:, :cut])
    second, _ = remembered.blamed(PARTS[:, cut:])
    np.testing.assert_array_equal(np.concatenate([first, second], axis=1), whole)
