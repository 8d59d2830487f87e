"""What is usual at each hour of the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Fetched, Fleet, Frame, Host, Window
from analyzer.training import Trainer
from analyzer.usual_hours import usual_hours

BEGIN = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
STEP = 600.0


def days(count: int) -> Frame:
    """Writes are 80 from 2 to 3 o'clock and 10 else; the other feature is seen on the first day alone."""
    times = BEGIN + np.arange(int(count * 86400 / STEP), dtype=np.float64) * STEP
    writes = np.where((times // 3600) % 24 == 2, 80.0, 10.0)
    once = np.where(times < BEGIN + 86400, 5.0, np.nan)
    return Frame("db-1", ("writes", "once"), times, np.column_stack([writes, once]).astype(np.float32))


def at(hour: int) -> datetime:
    return datetime(2026, 1, 9, hour, 30, tzinfo=UTC)


def test_a_nightly_job_is_usual_for_its_hour_alone() -> None:
    hours = usual_hours(days(3))
    assert hours.usual("writes", at(2)) == (80.0, True)
    assert hours.usual("writes", at(3)) == (10.0, True)


def test_one_day_tells_what_is_usual_but_of_no_hour() -> None:
    assert usual_hours(days(1)).usual("writes", at(2)) == (10.0, False)


def test_gaps_do_not_count_and_what_was_never_seen_is_unknown() -> None:
    hours = usual_hours(days(3))
    assert hours.usual("once", at(2)) == (5.0, False)
    assert hours.usual("reads", at(2)) == (None, False)
    times, nothing = np.arange(10.0, dtype=np.float64) * STEP, np.full((10, 1), np.nan, np.float32)
    assert usual_hours(Frame("db-1", ("writes",), times, nothing)).usual("writes", at(2)) == (None, False)


def test_the_median_of_an_even_number_of_rows_lies_between_the_middle_two() -> None:
    values, times = np.array([[1.0], [2.0], [4.0], [9.0]], np.float32), np.arange(4.0, dtype=np.float64) * STEP
    assert usual_hours(Frame("db-1", ("writes",), times, values)).usual("writes", at(2)) == (3.0, False)


class Days:
    """A source of three days of one host."""

    name = "days"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        frame = days(3)
        noisy = frame.values + np.random.default_rng(3).normal(0, 0.5, frame.values.shape).astype(np.float32)
        return Fetched(Fleet((Host("db-1"),), frame.features, frame.times, noisy.T[None]), self.name)

    async def close(self) -> None:
        """Nothing is open."""


async def test_what_is_usual_is_learned_with_a_hosts_models() -> None:
    trainer = Trainer(Days(), timedelta(seconds=STEP))
    assert trainer.hours("db-1") is None
    await trainer.train(datetime(2026, 1, 8, tzinfo=UTC), ["db-1"])
    hours = trainer.hours("db-1")
    assert hours is not None
    usual, hourly = hours.usual("writes", at(2))
    assert usual == pytest.approx(80, abs=1)
    assert hourly
