"""The faults: what each does, and which features may be blamed for it.

To add one: a line in FAULTS. `start` is a context manager that causes it and undoes it; `causes` are what a person
would accept as the first cause; `process` is the name of the process group that is to blame, where one is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.ground import GRACE_SECONDS, INODES, ROOM_MEBIBYTES, Ground, emptied, program, running
from tests.processes import ROOT

STRESS = ROOT / ".tools/stress-ng/usr/bin/stress-ng"
Start = Callable[[Ground, float], AbstractContextManager[object]]

CPU = ("cpu_busy_ratio", "cpu_busiest_core_ratio", "cpu_user_ratio", "pressure_cpu_ratio", "load_per_core",
       "processes_running")  # fmt: skip
MEMORY = ("memory_available_ratio", "memory_anonymous_ratio", "memory_committed_ratio")
IO = ("disk_busiest_utilisation_ratio", "disk_queue_length", "pressure_io_ratio", "pressure_io_stalled_ratio",
      "cpu_iowait_ratio", "processes_blocked")  # fmt: skip
WRITES = (*IO, "disk_written_bytes_per_second", "disk_writes_per_second", "disk_write_latency_seconds",
          "memory_dirty_bytes")  # fmt: skip
READS = (*IO, "disk_read_bytes_per_second", "disk_reads_per_second", "disk_read_latency_seconds")
SPACE = ("filesystem_fullest_used_ratio", "filesystem_used_bytes")


@dataclass(frozen=True)
class Fault:
    """`quiet`: nothing is wrong, and nothing should be told. `needs` says what it takes: "root", "stress-ng"."""

    name: str
    start: Start
    causes: tuple[str, ...] = ()
    process: str = ""
    quiet: bool = False
    needs: str = ""


def ours(name: str, arguments: Callable[[Ground, float], Sequence[object]] = lambda _ground, _seconds: ()) -> Start:
    """One of our small programs."""

    def begin(ground: Ground, seconds: float) -> AbstractContextManager[object]:
        return running(program(name, seconds, *map(str, arguments(ground, seconds))))

    return begin


def stress(*arguments: str) -> Start:
    """stress-ng, as Debian has it; MEMORY in an argument stands for the mebibytes that may be taken."""

    def begin(ground: Ground, seconds: float) -> AbstractContextManager[object]:
        asked = [argument.replace("MEMORY", f"{ground.memory_mebibytes}m") for argument in arguments]
        limit = f"--timeout={seconds + GRACE_SECONDS:.0f}s"
        return running(
            [str(STRESS), "--temp-path", str(ground.folder), "--quiet", limit, *asked],
            environment={"LD_LIBRARY_PATH": stress_libraries()},
        )

    return begin


def stress_libraries() -> str:
    """Where the packages that stress-ng needs were unpacked."""
    return ":".join(str(folder) for folder in (ROOT / ".tools").glob("*/usr/lib/*-linux-gnu") if folder.is_dir())


@contextmanager
def filling(ground: Ground, seconds: float) -> Iterator[None]:
    with running(program("fill", seconds, str(ground.room), str(ROOM_MEBIBYTES), "30")):
        yield
    emptied(ground.room)


@contextmanager
def out_of_inodes(ground: Ground, seconds: float) -> Iterator[None]:
    with running(program("make-files", seconds, str(ground.inodes), str(INODES), "20")):
        yield
    emptied(ground.inodes)


@contextmanager
def writing(ground: Ground, seconds: float) -> Iterator[None]:
    target = ground.folder / "written"
    try:
        with running(program("write", seconds, str(target), "512")):
            yield
    finally:
        target.unlink(missing_ok=True)


@contextmanager
def synchronising(ground: Ground, seconds: float) -> Iterator[None]:
    target = ground.folder / "journal"
    try:
        with running(program("synchronise", seconds, str(target))):
            yield
    finally:
        target.unlink(missing_ok=True)


@contextmanager
def service_killed(ground: Ground, _seconds: float) -> Iterator[None]:
    ground.kill_service()
    try:
        yield
    finally:
        ground.start_service()


@contextmanager
def metrics_missing(ground: Ground, _seconds: float) -> Iterator[None]:
    """The exporter is started again without some collectors, as after a change of its settings."""
    ground.restart_exporter("--no-collector.diskstats", "--no-collector.pressure")
    try:
        yield
    finally:
        ground.restart_exporter()


@contextmanager
def backing_up(ground: Ground, seconds: float) -> Iterator[None]:
    """The job that quiet time has seen several times."""
    with running(backup(ground, seconds)):
        yield
    (ground.folder / "backup").unlink(missing_ok=True)


def backup(ground: Ground, seconds: float) -> list[str]:
    return program("backup", seconds, str(ground.source), str(ground.folder / "backup"))


def together(*starts: Start) -> Start:
    @contextmanager
    def begin(ground: Ground, seconds: float) -> Iterator[None]:
        with ExitStack() as started:
            for start in starts:
                started.enter_context(start(ground, seconds))
            yield

    return begin


@contextmanager
def nothing(_ground: Ground, _seconds: float) -> Iterator[None]:
    yield


leaking_memory = ours("hold-memory", lambda ground, _: (ground.memory_mebibytes, 40))
CORES = str(os.cpu_count() or 1)

FAULTS = (
    Fault("quiet", nothing, quiet=True),
    Fault("service killed", service_killed, ("probes_failing",)),
    Fault(
        "log error burst",
        ours("log-errors", lambda ground, _: (ground.log, 20)),
        ("log_errors_per_second",),
    ),
    Fault(
        "descriptor leak",
        ours("leak-files", lambda _ground, _seconds: (200,)),
        ("file_descriptors", "file_descriptors_used_ratio"),
        "om-leak-files",
    ),
    Fault(
        "socket leak",
        ours("leak-sockets", lambda _ground, _seconds: (40,)),
        ("sockets_used", "tcp_established", "tcp_connections_opened_per_second", "file_descriptors"),
        "om-leak-sockets",
    ),
    Fault(
        "zombie pile",
        ours("zombies", lambda _ground, _seconds: (400,)),
        ("zombie_processes", "process_ids_used_ratio"),
        "om-zombies",
    ),
    Fault("filesystem filling", filling, (*SPACE, "memory_shared_ratio"), "om-fill", needs="root"),
    Fault("inode exhaustion", out_of_inodes, ("filesystem_fullest_inodes_used_ratio",), "om-make-files", needs="root"),
    Fault("backup seen before", backing_up, quiet=True),
    Fault("memory leak", leaking_memory, MEMORY, "om-hold-memory"),
    Fault(
        "fork storm",
        ours("fork", lambda _ground, seconds: (300, int(300 * seconds))),
        ("forks_per_second", "process_ids_used_ratio", "page_faults_per_second"),
        "om-fork",
    ),
    Fault("fsync storm", synchronising, (*WRITES, "disk_flushes_per_second"), "om-synchronise"),
    Fault("disk write storm", writing, WRITES, "om-write"),
    Fault("disk read storm", ours("read", lambda ground, _: (ground.file,)), READS, "om-read"),
    Fault(
        "loopback flood",
        ours("flood"),
        ("ip_received_bytes_per_second", "cpu_interrupt_ratio", "cpu_system_ratio"),
        "om-flood",
    ),
    Fault(
        "slow creep",
        ours("creep", lambda _ground, seconds: (0.8, seconds)),
        CPU,
        "om-creep",
    ),
    Fault(
        "context switch storm",
        ours("switch"),
        ("context_switches_per_second", "cpu_system_ratio"),
        "om-switch",
    ),
    Fault("one core busy", stress("--cpu", "1"), CPU, "stress-ng", needs="stress-ng"),
    Fault(
        "memory thrash",
        stress("--vm", "1", "--vm-bytes", "MEMORY", "--vm-method", "flip"),
        (*MEMORY, "page_faults_per_second", "cpu_system_ratio"),
        "stress-ng",
        needs="stress-ng",
    ),
    Fault(
        "two at once",
        together(writing, leaking_memory),
        (*WRITES, *MEMORY),
        "om-write",
    ),
    Fault("all cores busy", stress("--cpu", CORES), CPU, "stress-ng", needs="stress-ng"),
    Fault("metrics missing", metrics_missing, quiet=True),
)


def missing(fault: Fault) -> str:
    """Why a fault can't be caused here; empty when it can."""
    if fault.needs == "root" and os.geteuid():
        return "only root may mount a filesystem to fill"
    if fault.needs == "stress-ng" and not Path(STRESS).exists():
        return "there is no stress-ng: scripts/test-tools.sh unpacks it"
    return ""
