"""The faults that `python -m benchmarks.faults` causes: each is bounded, undone, and blamed on features that exist."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from analyzer.features import load_features
from benchmarks.faults.ground import INODES, emptied, end, ground, mounted, program, running, start
from benchmarks.faults.listed import FAULTS, Fault, nothing
from benchmarks.faults.outcome import Told, outcome
from benchmarks.faults.programs import PROGRAMS
from benchmarks.faults.table import Quiet, row, summary
from tests.processes import until

if sys.platform != "linux":
    pytest.skip("the faults are Linux's", allow_module_level=True)


def group(leader: int) -> list[psutil.Process]:
    """The processes of one process group, the dead that nobody collected too."""
    found = []
    for one in psutil.process_iter():
        with suppress(ProcessLookupError):
            if os.getpgid(one.pid) == leader:
                found.append(one)
    return found


def test_every_fault_is_blamed_on_features_of_the_catalogue_and_only_quiet_ones_on_none() -> None:
    known = {feature.name for feature in load_features()}
    assert [cause for fault in FAULTS for cause in fault.causes if cause not in known] == []
    assert [fault.name for fault in FAULTS if fault.quiet == bool(fault.causes)] == []


def test_every_program_has_a_name_that_fits_into_the_kernels_fifteen_bytes() -> None:
    assert [name for name in PROGRAMS if len(f"om-{name}") > 15] == []


def test_a_program_that_nobody_ends_ends_by_itself_with_its_children() -> None:
    process = start(program("switch", -4.0))  # a second later than asked for
    assert process.wait(60) == -signal.SIGALRM
    until(lambda: group(process.pid) == [], "its child ended with it")


def test_a_program_ends_with_who_started_it() -> None:
    starter = f"import subprocess, time; subprocess.Popen({program('switch', 60)!r}); time.sleep(60)"
    parent = start([sys.executable, "-c", starter])
    until(lambda: len(group(parent.pid)) == 3, "the starter and both ends of the pipe")
    parent.kill()
    parent.wait()
    until(lambda: group(parent.pid) == [], "they ended too")


def test_what_a_fault_started_is_killed_with_all_its_children_when_the_trial_breaks_off() -> None:
    leaders: list[int] = []

    def broken_off() -> None:
        with running(program("zombies", 60, "5"), program("switch", 60)) as started:
            leaders.extend(process.pid for process in started)
            until(lambda: [len(group(leader)) for leader in leaders] == [6, 2], "all are there")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    until(lambda: [group(leader) for leader in leaders] == [[], []], "nothing is left")


def test_a_leak_of_memory_stops_where_it_was_told_to() -> None:
    process = start(program("hold-memory", 60, "64", "1"))
    try:
        held = psutil.Process(process.pid)
        until(lambda: held.memory_info().rss > 64 << 20, "it holds what it was told to")
        assert held.memory_info().rss < 128 << 20
        # shared memory would show in another feature than what a program leaks of its own
        assert held.memory_info().shared < 32 << 20
    finally:
        end(process)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a filesystem")
@pytest.mark.parametrize(("name", "total"), [("fill", "4"), ("make-files", "200")])
def test_a_full_filesystem_ends_no_program_and_is_emptied_and_unmounted(name: str, total: str, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=1m,nr_inodes=64") as small:
        assert small is not None
        with running(program(name, 60, str(small), total, "0.2")) as (filling,):
            until(lambda: 0 in {os.statvfs(small).f_bavail, os.statvfs(small).f_favail}, "it is full")
            assert filling.poll() is None
        emptied(small)
        assert list(small.iterdir()) == []
    assert not os.path.ismount(small)


def test_the_ground_leaves_nothing_behind(tmp_path: Path) -> None:
    serving: list[psutil.Process] = []

    def broken_off() -> None:
        with ground(tmp_path, file_mebibytes=1) as made:
            assert made.inodes is None or os.statvfs(made.inodes).f_files == INODES
            assert made.service is not None
            serving.append(psutil.Process(made.service.pid))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert not serving[0].is_running()
    mounts = [one.mountpoint for one in psutil.disk_partitions(all=True) if one.mountpoint.startswith(str(tmp_path))]
    assert mounts == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.log", "inodes", "room"]


BROKEN = Fault("broken", nothing, ("right", "right too"), "om-write")
CALM = Fault("calm", nothing, quiet=True)


def finding(kind: str, *causes: str, text: str = "") -> Told:
    return Told(kind, "warning", 100.0, firing=True, causes=causes, text=text)


def test_an_anomalys_first_cause_counts_before_what_is_saturated() -> None:
    found = outcome(BROKEN, 7.0, [finding("saturation:x", "right"), finding("anomaly", "wrong", "right too")])
    assert (found.causes, found.first_right, found.three_right) == (("wrong", "right too", "right"), False, True)


def test_a_process_is_named_when_any_finding_says_its_name() -> None:
    assert outcome(BROKEN, 7.0, [finding("anomaly", "right", text="om-write wrote 92% of it")]).process_named
    assert not outcome(BROKEN, 7.0, [finding("anomaly", "right", text="python wrote 92% of it")]).process_named


def test_the_sums_count_what_was_missed_and_what_was_told_for_nothing() -> None:
    heard = outcome(BROKEN, 7.0, [finding("anomaly", "right", text="om-write")])
    for_nothing = [finding("anomaly", "wrong", text="disk writes 9/s")]
    missed, silent = outcome(BROKEN, None, [], for_nothing, calm_seconds=1800.0), outcome(CALM, None, [])
    false = outcome(CALM, 3.0, [finding("anomaly", "right")])
    assert row(missed) == "| broken | – |  |  |  | no | no | no |"
    assert row(silent) == "| calm | – |  |  |  | silent, as it should be |  |  |"
    assert row(false) == "| calm | 3.0 s | anomaly | warning | right | false alarm |  |  |"
    assert summary(
        [heard, missed, silent, false], Quiet(2400.0, 1800.0, 0.5, ("anomaly: x",))
    ).strip().splitlines() == [
        "detected within the time given: 1 of 2 (50%, goal 95%)",
        "seconds to detect: median 7.0, most 7.0",
        "first cause right: 1 of 2 (50%, goal 80%)",
        "right cause among the first three: 1 of 2 (50%, goal 95%)",
        "process named: 1 of 2 (50%)",
        "silent where nothing was wrong: 1 of 2 (50%, goal 100%)",
        "false alarms while quiet: 2 in 1.00 h (goal: at most 1 an hour)",
        "  before broken: anomaly: disk writes 9/s",
    ]
