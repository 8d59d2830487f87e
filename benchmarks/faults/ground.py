"""Where faults happen: a folder with small filesystems of its own, a log, a service, and what started there.

All of it exists from the beginning, so that quiet time knows it, and is gone at the end, however it ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.processes import ROOT, a_free_port

MEBIBYTE = 1 << 20
ROOM_MEBIBYTES = 256
INODES = 4096
# The file that is read: more than the disk's own cache, little beside what is free.
FILE_MEBIBYTES = 256
BACKUP_MEBIBYTES = 48
# No more than this part of the memory that is free, and of the disk.
MEMORY_PART = 0.4
# What a program may outlive its fault when nobody ends it.
GRACE_SECONDS = 5.0


@dataclass
class Ground:
    """`room` and `inodes` are small filesystems of their own; None where this user may not mount any."""

    folder: Path
    memory_mebibytes: int
    room: Path | None = None
    inodes: Path | None = None
    service_port: int = field(default_factory=a_free_port)
    service: subprocess.Popen[bytes] | None = None
    restart_exporter: Callable[..., None] = lambda *_flags: None

    @property
    def log(self) -> Path:
        return self.folder / "app.log"

    @property
    def file(self) -> Path:
        return self.folder / "file"

    @property
    def source(self) -> Path:
        return self.folder / "source"

    def start_service(self) -> None:
        self.service = start(program("serve", 86_400, str(self.service_port)))

    def kill_service(self) -> None:
        if self.service is not None:
            end(self.service)


@contextmanager
def ground(folder: Path, file_mebibytes: int = FILE_MEBIBYTES) -> Iterator[Ground]:
    """Everything made ready; unmounted, ended and removed when it is left."""
    available = psutil.virtual_memory().available // MEBIBYTE
    made = Ground(folder, int(available * MEMORY_PART))
    with ExitStack() as undone:
        made.room = undone.enter_context(mounted(folder / "room", f"size={ROOM_MEBIBYTES}m"))
        made.inodes = undone.enter_context(mounted(folder / "inodes", f"size=16m,nr_inodes={INODES}"))
        for path, size in ((made.file, file_mebibytes), (made.source, min(file_mebibytes, BACKUP_MEBIBYTES))):
            path.write_bytes(os.urandom(MEBIBYTE) * size)
            undone.callback(path.unlink, missing_ok=True)
        os.sync()
        made.log.touch()
        undone.callback(made.kill_service)
        made.start_service()
        undone.enter_context(running(program("log", 86_400, str(made.log))))
        yield made


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path | None]:
    """A tmpfs of its own; None where it can't be mounted, as for all but root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def program(name: str, seconds: float, *arguments: str) -> list[str]:
    """The command of one of our small programs, which ends by itself a little after `seconds`."""
    return [sys.executable, "-m", "benchmarks.faults.programs", name, str(seconds + GRACE_SECONDS), *arguments]


@contextmanager
def running(
    *commands: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Sequence[subprocess.Popen[bytes]]]:
    """The commands, each in a process group of its own; all of them are killed when this is left."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.extend(start(command, environment) for command in commands)
        yield started
    finally:
        for process in started:
            end(process)


def start(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kills a program with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def emptied(folder: Path | None) -> None:
    """Removes what a fault left there."""
    for path in folder.iterdir() if folder else ():
        path.unlink()
