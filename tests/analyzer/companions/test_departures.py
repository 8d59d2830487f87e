"""Which feature led."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from analyzer.companions.departures import departures, left_at, story_begins
from analyzer.data import Departure, Frame
from analyzer.usual_hours import UsualHours
from tests.analyzer.companions.conftest import BEGAN, FEATURES, IOWAIT, NOW, WRITES, a_finding, a_frame

MIB = 1024.0**2
QUIET, BUSY = 5 * MIB, 104 * MIB
CALM, WAITING = 0.02, 0.3


def told(frame: Frame, hours: UsualHours | None = None) -> tuple[Departure, ...]:
    return departures(a_finding(IOWAIT, WRITES), frame, FEATURES, hours, NOW)


def test_the_feature_that_left_its_band_first_leads_whatever_its_part_in_the_finding() -> None:
    frame = a_frame(
        cpu_iowait_ratio=[CALM, CALM, CALM, CALM, CALM, CALM, WAITING, WAITING],
        disk_written_bytes_per_second=[QUIET, QUIET, QUIET, BUSY, BUSY, BUSY, BUSY, BUSY],
    )
    assert [(d.feature, (d.at - BEGAN).total_seconds()) for d in told(frame)] == [
        ("disk_written_bytes_per_second", -15.0),
        ("cpu_iowait_ratio", 30.0),
    ]
    assert story_begins(a_finding(WRITES), told(frame)) == BEGAN - timedelta(seconds=15)


def test_the_edge_of_the_usual_band_is_no_departure_and_neither_is_an_earlier_burst() -> None:
    edge = 10 * MIB  # beyond 9 MiB/s, which is exceeded in 5% of all time
    frame = a_frame(disk_written_bytes_per_second=[BUSY, BUSY, QUIET, QUIET, QUIET, edge, BUSY, BUSY])
    assert [(d.at - BEGAN).total_seconds() for d in told(frame)] == [30.0]


def test_a_sample_back_in_the_band_does_not_end_the_run() -> None:
    frame = a_frame(disk_written_bytes_per_second=[QUIET, BUSY, QUIET, BUSY, BUSY, QUIET, QUIET, BUSY])
    assert [(d.at - BEGAN).total_seconds() for d in told(frame)] == [-45.0]


def test_what_was_outside_since_before_the_rows_begin_has_no_known_beginning() -> None:
    frame = a_frame(disk_written_bytes_per_second=[BUSY, BUSY, BUSY, BUSY, BUSY, BUSY])
    assert told(frame) == ()


def test_a_story_begins_at_most_a_quarter_of_an_hour_before_its_finding() -> None:
    slow = replace(told(a_frame(disk_written_bytes_per_second=[QUIET, BUSY, BUSY, BUSY, BUSY]))[0])
    creeping = replace(slow, at=BEGAN - timedelta(minutes=50))
    assert story_begins(a_finding(WRITES), (creeping,)) == BEGAN - timedelta(minutes=15)
    assert story_begins(a_finding(WRITES), ()) == BEGAN


def test_how_far_it_came_is_the_worst_since_it_left_and_no_burst_before() -> None:
    frame = a_frame(disk_written_bytes_per_second=[9 * BUSY, QUIET, QUIET, QUIET, BUSY, 2 * BUSY, BUSY])
    (departure,) = told(frame)
    assert departure.value == 2 * BUSY
    assert departure.evidence.value == 2 * BUSY


def test_what_is_usual_at_this_hour_stands_beside_the_value() -> None:
    medians = np.full((24, 1), np.nan, np.float32)
    medians[14] = 8 * MIB
    hours = UsualHours(("disk_written_bytes_per_second",), medians, np.array([3 * MIB], np.float32))
    (departure,) = told(a_frame(disk_written_bytes_per_second=[QUIET, QUIET, QUIET, QUIET, BUSY, BUSY]), hours)
    assert (departure.value, departure.usual, departure.hourly) == (104 * MIB, 8 * MIB, True)
    assert departure.evidence.window.start == BEGAN


def test_without_a_usual_band_a_feature_departs_where_it_begins_to_hurt() -> None:
    finding = a_finding(("cpu_busy_ratio", 0.97, 0.1, 0.2))
    (cause,) = finding.causes
    unlearned = replace(cause, evidence=replace(cause.evidence, usual_low=None, usual_high=None))
    frame = a_frame(cpu_busy_ratio=[0.1, 0.3, 0.5, 0.8, 0.93, 0.97])
    (departure,) = departures(replace(finding, causes=(unlearned,)), frame, FEATURES, None, NOW)
    assert departure.at == BEGAN
    assert departure.usual is None


@pytest.mark.parametrize(
    ("outside", "left"),
    [([False, False, True, True], 20.0), ([False, True, False, False], None), ([False, False, False, True], 30.0)],
)
def test_a_run_counts_when_it_lasts_into_the_finding(outside: list[bool], left: float | None) -> None:
    times = np.array([0.0, 10.0, 20.0, 30.0])
    assert left_at(times, np.array(outside), 20.0) == left
