"""Recorded faults spread over a life, and that a second trouble in it is told as well as the first."""

from __future__ import annotations

import numpy as np

from analyzer.data import Frame, Values
from benchmarks.faults.one_life import outcomes_of_one_life
from benchmarks.faults.recorded import QUIET, Recording
from benchmarks.faults.spread import BEFORE_STEPS, STEP, calm, spread

BEGIN = 1_700_000_000.0
NAMES = (
    "disk_flushes_per_second",
    "disk_writes_per_second",
    "ip_received_bytes_per_second",
    "cpu_interrupt_ratio",
    "cpu_user_ratio",
    "memory_available_ratio",
    "load_per_core",
    "forks_per_second",
)
FSYNC, FLOOD = (
    ("disk_flushes_per_second", "disk_writes_per_second"),
    ("ip_received_bytes_per_second", "cpu_interrupt_ratio"),
)
QUIET_ROWS, FAULT_ROWS = 480, 40


def noise(rows: int, seed: int) -> Values:
    return np.random.default_rng(seed).normal(10.0, 1.0, (rows, len(NAMES))).astype(np.float32)


def recording(name: str, began_after: int, seed: int, moved: tuple[str, ...] = (), by: float = 0.0) -> Recording:
    """Each second from half a minute before the fault to its end; the first of all is a gap."""
    values = noise(30 + FAULT_ROWS, seed)
    values[0] = np.nan
    values[30:, [NAMES.index(feature) for feature in moved]] += by
    times = BEGIN + began_after - 30 + np.arange(len(values), dtype=np.float64)
    return Recording(name, Frame("host", NAMES, times, values), BEGIN, BEGIN + began_after)


def kept(*recorded: Recording) -> dict[str, Recording]:
    times = BEGIN + np.arange(QUIET_ROWS, dtype=np.float64)
    quiet = Recording(QUIET, Frame("host", NAMES, times, noise(QUIET_ROWS, 1)), times[-1], times[-1])
    return {one.name: one for one in (quiet, *recorded)}


def test_each_second_is_a_step_and_quiet_time_lies_between_the_faults() -> None:
    first, second = recording("fsync storm", 600, 2, FSYNC, 90.0), recording("loopback flood", 900, 3, FLOOD, 80.0)
    known = spread(kept(second, first), apart=50)
    assert list(known) == [QUIET, "fsync storm", "loopback flood"]
    every = np.concatenate([one.frame.times for one in known.values()])
    np.testing.assert_array_equal(np.diff(every), STEP.total_seconds())
    fsync, flood = known["fsync storm"], known["loopback flood"]
    assert fsync.learned == flood.learned == known[QUIET].frame.times[-1]
    assert len(fsync.frame.times) == 50 + BEFORE_STEPS + FAULT_ROWS
    row = int(np.searchsorted(fsync.frame.times, fsync.began))
    np.testing.assert_array_equal(fsync.frame.values[row:], first.frame.values[30:])


def test_quiet_time_comes_back_without_a_jump() -> None:
    ramp = np.arange(5.0, dtype=np.float32)[:, None]
    assert calm(ramp, 12)[:, 0].tolist() == [4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 4, 3]


def test_a_second_trouble_in_a_young_life_is_told_as_well_as_a_higher_first_one() -> None:
    recorded = kept(
        recording("fsync storm", 600, 2, FSYNC, 90.0),
        recording("quiet", 700, 4),
        recording("loopback flood", 900, 3, FLOOD, 80.0),
    )
    fsync, quiet, flood = outcomes_of_one_life(spread(recorded, 60), 0.2, 600.0, STEP)
    assert (fsync.right, flood.right) == (True, True)
    assert quiet.after_seconds is None
    assert (*fsync.false_alarms, *quiet.false_alarms, *flood.false_alarms) == ()


def test_the_same_trouble_again_is_not_told_again() -> None:
    recorded = kept(
        recording("fsync storm", 600, 2, FSYNC, 90.0),
        recording("disk write storm", 900, 3, FSYNC, 80.0),
    )
    first, again = outcomes_of_one_life(spread(recorded, 60), 0.2, 600.0, STEP)
    assert first.right
    assert again.after_seconds is None
