"""All processes as /proc shows them, read so that one that does nothing costs one system call.

A process of one thread that the scheduler has not run is passed over, but for a rare turn: others can take its memory.
Else `/proc/PID/stat` is read, through a kept descriptor as far as there are descriptors to spare. The other files of a
process (io, status, fd, limits) are read when its stat changed, because a process that spent no clock tick has done
next to nothing, and else by turns. Source: proc(5).
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass, field

from exporter.collectors.namedprocess_process import READ, USER, VOLUNTARY, WRITTEN, Process
from exporter.procfs import Once

TURNS = 8
"""A process that does next to nothing has its other files read once in so many looks."""
RARE_TURNS = 64
"""And one that does nothing at all once in so many."""
MOST_KEPT = 512
SHARE_KEPT = 4
"""One in so many of the descriptors that the exporter may have is spent on keeping stat files open."""
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD among the flags of a task, include/linux/sched.h."""
LONGEST = 4096
LONGEST_COMMAND = 1 << 17
CLOSE_ENOUGH = 16
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
GONE = (FileNotFoundError, ProcessLookupError)


def take(process: Process, stat: bytes) -> bool:
    """Learn what stat says. False when it speaks of another process, which has come to the same number."""
    before, _, after = stat.rpartition(b") ")
    words = after.split(None, 22)
    started = int(words[19])
    if process.stat and started != process.started_ticks:
        return False
    process.stat, process.started_ticks = stat, started
    process.comm = before.partition(b"(")[2]
    process.state, process.parent, process.kernel = words[0], words[1].decode(), bool(int(words[6]) & KERNEL_THREAD)
    process.threads, process.virtual_bytes = int(words[17]), int(words[20])
    process.resident_bytes = int(words[21]) * PAGE_BYTES
    process.count(USER, int(words[11]), int(words[12]), int(words[9]), int(words[7]))
    return True


@dataclass(slots=True)
class Change:
    """What one look at all processes found."""

    read: list[Process] = field(default_factory=list)
    gone: list[Process] = field(default_factory=list)
    refused: int = 0
    failed: int = 0


class ProcessTable:
    """Every process of the host; `look()` brings it up to date."""

    __slots__ = ("_counted", "_directory", "_kept", "_limit", "_looks", "_readers", "known", "once", "root")

    def __init__(self, once: Once, *, smaps: bool = False) -> None:
        self.once = once
        self.root = once.tree.root
        self.known: dict[str, Process] = {}
        self._directory = -1
        self._kept = 0
        self._limit = min(MOST_KEPT, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE_KEPT)
        self._looks = 0
        self._counted = False
        readers: list[Callable[[Process], None]] = [self._read_status, self._read_io, self._count_descriptors]
        self._readers = [*readers, self._read_smaps] if smaps else readers

    def look(self) -> Change:
        """Read what has changed; OSError when the list of processes can't be had."""
        if self._directory < 0:
            self._open()
        present = [name for name in self.once.entries("") if name.isdigit()]
        change = Change(gone=[self._forget(pid) for pid in self.known.keys() - set(present)])
        turn = self._looks % RARE_TURNS
        self._looks += 1
        runs_told = self.once.runs_told
        for pid in present:
            try:
                away = int(pid) % RARE_TURNS - turn
                in_turn = not away % TURNS
                if runs_told and self._sleeps(pid, in_turn=in_turn) and away:
                    continue
                process = self._look_at(pid, change)
                if process is not None or in_turn:
                    self._read_details(self.known[pid])
                    change.read.append(self.known[pid])
            except GONE:
                self._lose(pid, change)
            except (OSError, ValueError, IndexError):  # refused, or not the line of numbers that proc(5) describes
                change.failed += 1
        change.refused = sum(process.refused for process in self.known.values())
        return change

    def file(self, process: Process, name: str, most: int = LONGEST) -> bytes:
        """One of a process's files; empty when it can't be had, as when the process is gone."""
        try:
            return self._read(process.pid, name, most)
        except OSError:
            return b""

    def command_line(self, process: Process) -> tuple[str, ...]:
        """The arguments of a process; none for kernel threads, zombies, and those that are gone."""
        content = self.file(process, "cmdline", LONGEST_COMMAND).rstrip(b"\0")
        return tuple(word.decode(errors="replace") for word in content.split(b"\0")) if content else ()

    def close(self) -> None:
        for pid in list(self.known):
            self._forget(pid)
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    def _open(self) -> None:
        self._directory = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # Since Linux 6.2 the size of /proc/PID/fd is the number of descriptors; before, they have to be listed.
        try:
            size, listed = os.stat("self/fd", dir_fd=self._directory).st_size, len(os.listdir(f"{self.root}self/fd"))
        except OSError:
            return
        self._counted = size > 0 and abs(size - listed) < CLOSE_ENOUGH

    def _sleeps(self, pid: str, *, in_turn: bool) -> bool:
        """Whether it has done nothing since the last look, or if it is its turn, since its other files were read."""
        known = self.known.get(pid)
        if known is None or known.threads > 1:
            return False
        runs = self.once.runs(pid)
        if runs == (known.runs_read if in_turn else known.runs):
            return True
        known.runs = runs
        return False

    def _look_at(self, pid: str, change: Change) -> Process | None:
        """The process if it is new or did something."""
        known = self.known.get(pid)
        if known is None:
            return self._meet(pid)
        try:
            stat = os.pread(known.descriptor, LONGEST, 0) if known.descriptor >= 0 else self._read(pid, "stat")
        except ProcessLookupError:  # the number may be another's already
            self._lose(pid, change)
            return self._meet(pid)
        if stat == known.stat:
            return None
        if take(known, stat):
            return known
        self._lose(pid, change)
        return self._meet(pid)

    def _meet(self, pid: str) -> Process:
        """A process that wasn't there before."""
        descriptor = os.open(f"{pid}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
        try:
            process = Process(pid, descriptor)
            take(process, os.read(descriptor, LONGEST))
        except (OSError, ValueError, IndexError):
            os.close(descriptor)
            raise
        if self._kept < self._limit:
            self._kept += 1
        else:
            os.close(descriptor)
            process.descriptor = -1
        self.known[pid] = process
        return process

    def _lose(self, pid: str, change: Change) -> None:
        if pid in self.known:
            change.gone.append(self._forget(pid))

    def _forget(self, pid: str) -> Process:
        process = self.known.pop(pid)
        if process.descriptor >= 0:
            os.close(process.descriptor)
            process.descriptor = -1
            self._kept -= 1
        return process

    def _read_details(self, process: Process) -> None:
        """Read the other files; ProcessLookupError or FileNotFoundError when the process is gone meanwhile."""
        refused = False
        for read in self._readers:
            try:
                read(process)
            except PermissionError:
                refused = True
        process.refused = refused
        process.runs_read = process.runs

    def _read_status(self, process: Process) -> None:
        status = self._read(process.pid, "status")
        words = status[status.rindex(b"\nvoluntary_ctxt_switches:") :].split()
        process.count(VOLUNTARY, int(words[1]), int(words[3]))
        swap = status.find(b"\nVmSwap:")
        process.swapped_bytes = int(status[swap + 8 : status.index(b"kB", swap)]) * 1024 if swap >= 0 else 0

    def _read_io(self, process: Process) -> None:
        words = self._read(process.pid, "io").split()
        was_refused = process.refused
        process.count(READ, int(words[9]), int(words[11]))
        if was_refused:  # what it did while nobody could see it isn't of now
            process.gained[READ] = process.gained[WRITTEN] = 0

    def _count_descriptors(self, process: Process) -> None:
        if process.kernel:
            return
        if not process.limit or self._looks % TURNS == int(process.pid) % TURNS:
            limits = self._read(process.pid, "limits")
            process.limit = int(limits[limits.index(b"Max open files") :].split()[3]) if limits else 0
        path = f"{process.pid}/fd"
        if self._counted:
            process.descriptors = os.stat(path, dir_fd=self._directory).st_size
        else:
            process.descriptors = len(os.listdir(self.root + path))

    def _read_smaps(self, process: Process) -> None:
        """The proportional share of memory: each page divided by how many map it. The kernel walks all pages for it."""
        words = self.file(process, "smaps_rollup").split()  # kernel threads and zombies have none
        at = {name: int(words[where + 1]) for where, name in enumerate(words) if name in {b"Pss:", b"SwapPss:"}}
        process.proportional_bytes = at.get(b"Pss:", 0) * 1024
        process.proportional_swapped_bytes = at.get(b"SwapPss:", 0) * 1024

    def _read(self, pid: str, name: str, most: int = LONGEST) -> bytes:
        descriptor = os.open(f"{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
        try:
            return os.read(descriptor, most)
        finally:
            os.close(descriptor)
