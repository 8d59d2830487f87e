"""Made-up hosts live as real ones do: learned again as history doubles, each row scored once by what was known."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.data import Values
from analyzer.judge import Budget, Rule
from benchmarks.simulations.lives import alarms, chapters, frame_of
from benchmarks.simulations.nights import DAY, JUDGED_DAYS, LEARNED_DAYS, stream
from benchmarks.simulations.streams import STREAMS

STEP = 15.0
ROWS = 200


def noise(rows: int = ROWS) -> Values:
    return STREAMS["independent"](np.random.default_rng(1), rows, 6, STEP)


def test_a_host_is_learned_again_each_time_its_history_has_doubled_and_each_row_is_scored_once() -> None:
    whole = frame_of(noise(), STEP)
    life = [*chapters(whole, 40, STEP)]
    assert [one.models.steps for one in life] == [40, 84, 176]
    np.testing.assert_array_equal(np.concatenate([one.scores.times for one in life]), whole.times)


def test_an_alarm_that_lasts_over_a_refit_is_one() -> None:
    values = noise()
    values[80:100] += 50.0
    whole = frame_of(values, STEP)
    found = alarms(Rule(Budget(24.0)), whole, 40, STEP)
    assert [(one.starts_at, one.ends_at is None or one.ends_at > whole.times[84]) for one in found] == [
        (whole.times[80], True)
    ]


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_has_as_many_rows_and_features_as_asked_for_and_moves(name: str) -> None:
    values = STREAMS[name](np.random.default_rng(1), 500, 5, STEP)
    assert values.shape == (500, 5)
    assert values.dtype == np.float32
    assert (np.ptp(values, axis=0) > 0).all()


def test_every_night_has_its_job_but_the_last_which_has_something_else() -> None:
    _, events = stream(np.random.default_rng(1), 8.0)
    nightly = [event for event in events if event.what != "fault by day"]
    assert [event.begin // DAY for event in nightly] == list(range(LEARNED_DAYS + JUDGED_DAYS))
    assert [event.what for event in nightly[-3:]] == ["job, later", "larger job", "another fault at night"]
