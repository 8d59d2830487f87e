"""Nightly jobs that the history learned shows are known from the first night on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Frame
from analyzer.host_models import fit_host
from analyzer.precedents import standing_out

STEP, DAY = 300.0, 288
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
NAMES = ("writes", "cpu", "net", "memory", "load", "faults")


def history(hours: tuple[float, ...]) -> Frame:
    """Days of noise; each has half an hour of writing, with some processor time, from its hour on."""
    values = np.random.default_rng(3).normal(0.0, 1.0, (len(hours) * DAY, len(NAMES)))
    for day, hour in enumerate(hours):
        begin = day * DAY + int(hour * 12)
        values[begin : begin + 6, :2] += (12.0, 4.0)
    times = BEGIN.timestamp() + STEP * np.arange(len(values), dtype=np.float64)
    return Frame("db-1", NAMES, times, values.astype(np.float32))


def test_a_job_at_the_same_hour_of_several_days_of_history_is_a_precedent_each_night() -> None:
    found = fit_host(history((2, 2, 2, 2, 2)), BEGIN, STEP).calibration.precedents
    nights = [one for one in found if one.starts_at.hour in {1, 2}]
    assert [one.starts_at.date().day for one in nights] == [5, 6, 7, 8, 9]
    assert all({"writes", "cpu"} <= one.shares.keys() for one in nights)
    assert all(one.reached["writes"][1] > 9 for one in nights)
    assert all(timedelta(minutes=20) <= one.ends_at - one.starts_at <= timedelta(hours=3) for one in nights)


def test_a_job_whose_hour_moved_with_the_clocks_is_a_precedent_too() -> None:
    found = fit_host(history((2, 7, 3, 12, 17)), BEGIN, STEP).calibration.precedents
    nights = [one.starts_at.date().day for one in found if one.reached.get("writes", (0.0, 0.0))[1] > 9]
    assert nights == [5, 7]


def test_what_comes_at_another_hour_each_day_is_none() -> None:
    found = fit_host(history((2, 7, 12, 17, 22)), BEGIN, STEP).calibration.precedents
    assert [one for one in found if one.reached.get("writes", (0.0, 0.0))[1] > 9] == []


def test_what_stands_out_lasts_until_it_has_been_calm_for_a_while() -> None:
    heights = np.full(10 * DAY, 0.1, np.float32)
    heights[1000:1010] = 2.0
    heights[1015] = 0.6  # it goes on
    heights[500] = np.nan
    (one,) = standing_out(heights, STEP)
    assert (one.begin, one.end) == (1000, 1025)
    assert one.peak == pytest.approx(2.0)
