"""Bytes of /proc and /sys: descriptors stay open, and each read begins at 0 again. Bytes in, bytes out."""

from __future__ import annotations

import errno
import os
import select
from dataclasses import dataclass
from pathlib import Path

ATTRIBUTE_SIZE = 4096
"""What sysfs says of every attribute's size; a whole attribute comes with one read."""

ABSENT = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENODATA, errno.ENOTDIR, errno.ESRCH})
REMOTE_IO = 121
"""EREMOTEIO, which only Linux has: a sensor on a bus doesn't answer."""

UNREADABLE = ABSENT | {
    *(errno.EINVAL, errno.EIO, errno.EACCES, errno.EPERM, errno.EOPNOTSUPP, errno.EAGAIN, errno.EBUSY),
    *(errno.ETIMEDOUT, errno.EPROTO, errno.EBADMSG, REMOTE_IO),
}
"""What drivers answer for an attribute that they list and don't support, or whose sensor doesn't answer."""


class _Kept:
    """A descriptor that stays open; `whole` when one read gives everything."""

    __slots__ = ("descriptor", "round", "size", "whole")

    def __init__(self, descriptor: int, round_: int, *, whole: bool) -> None:
        self.descriptor = descriptor
        self.round = round_
        self.whole = whole
        self.size = ATTRIBUTE_SIZE + 1


@dataclass(slots=True)
class Allowance:
    """How many more descriptors may be kept open, by all trees together."""

    left: int = 400


class Tree:
    """The files below one root, such as /proc. Made for one thread at a time: each collector has its own.

    The kernel's files are kept open as far as the allowance goes; those that weren't read since the last sweep but one
    are closed. Ordinary files (fixtures, /etc) are opened anew each time, so that a replaced one is seen.
    """

    __slots__ = ("_kept", "_poll", "_round", "allowance", "root")

    def __init__(self, root: str, allowance: Allowance | None = None) -> None:
        self.root = root.rstrip("/") + "/"
        self.allowance = Allowance() if allowance is None else allowance
        self._kept: dict[str, _Kept] = {}
        self._poll: dict[str, select.poll] = {}
        self._round = 0

    def read(self, path: str, *, whole: bool = False) -> bytes:
        """The whole file; OSError when it can't be had.

        `whole` is for files that the kernel writes in one piece (/proc/stat, meminfo, PID/stat): one read less each.
        """
        kept = self._kept.get(path)
        if kept is None:
            return self._read_new(path, whole=whole)
        kept.round = self._round
        try:
            content = os.pread(kept.descriptor, kept.size, 0)
            if kept.whole and len(content) < kept.size:
                return content
            return _with_rest(kept, content)
        except OSError:
            self._close(path)
            return self._read_new(path, whole=whole)

    def changed(self, path: str) -> bool:
        """Whether a file that tells of its changes by poll (mountinfo) may differ from when this was asked last."""
        kept = self._kept.get(path)
        if kept is None:
            return True
        kept.round = self._round
        poll = self._poll.get(path)
        if poll is None:
            poll = self._poll[path] = select.poll()
            poll.register(kept.descriptor, select.POLLPRI)
            return True
        return bool(poll.poll(0))

    def read_if_any(self, path: str) -> bytes | None:
        """The whole file; None when there is none, or its driver won't tell."""
        try:
            return self.read(path)
        except OSError as error:
            if error.errno in UNREADABLE:
                return None
            raise

    def value(self, path: str) -> bytes | None:
        """A one-line attribute without its newline; None when there is none."""
        content = self.read_if_any(path)
        return None if content is None else content.strip()

    def integer(self, path: str) -> int | None:
        """A decimal number; None when there is none or it is something else."""
        content = self.read_if_any(path)
        try:
            return None if content is None else int(content)
        except ValueError:
            return None

    def entries(self, path: str) -> list[str]:
        """What a folder holds, in no order; OSError when it can't be had."""
        return os.listdir(self.root + path)

    def names(self, path: str) -> list[str]:
        """What a folder holds, sorted; OSError when it can't be had."""
        return sorted(os.listdir(self.root + path))

    def names_if_any(self, path: str) -> list[str]:
        """What a folder holds, sorted; nothing when there is no such folder."""
        try:
            return self.names(path)
        except OSError as error:
            if error.errno in ABSENT:
                return []
            raise

    def attributes(self, path: str, names: tuple[str, ...]) -> dict[str, bytes]:
        """Those of a folder's attributes that can be read, without their newlines."""
        found = ((name, self.value(f"{path}/{name}")) for name in names)
        return {name: value for name, value in found if value is not None}

    def stamp(self, path: str) -> tuple[int, int] | None:
        """Which version of an ordinary file there is (time of change, inode); None when there is none."""
        try:
            status = os.stat(self.root + path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(self.root + path)

    def path(self, path: str) -> Path:
        """For what is done once: each path object leaves its parts in Python's table of names for good."""
        return Path(self.root + path)

    def link(self, path: str) -> str | None:
        """The last part of where a symbolic link points; None when there is no such link."""
        try:
            return os.readlink(self.root + path).rpartition("/")[2]
        except OSError as error:
            if error.errno in UNREADABLE:
                return None
            raise

    def sweep(self) -> None:
        """Close what wasn't read since the sweep before: devices and processes come and go."""
        for path in [path for path, kept in self._kept.items() if kept.round < self._round]:
            self._close(path)
        self._round += 1

    def close(self) -> None:
        for path in list(self._kept):
            self._close(path)

    def _read_new(self, path: str, *, whole: bool) -> bytes:
        descriptor = os.open(self.root + path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            # The kernel's files have no blocks; those of /proc have no size either.
            attribute = status.st_size == ATTRIBUTE_SIZE and not status.st_blocks
            kept = _Kept(descriptor, self._round, whole=attribute or whole)
            content = _with_rest(kept, os.pread(descriptor, kept.size, 0))
        except OSError:
            os.close(descriptor)
            raise
        if (attribute or not (status.st_size or status.st_blocks)) and self.allowance.left > 0:
            self._kept[path] = kept
            self.allowance.left -= 1
        else:
            os.close(descriptor)
        return content

    def _close(self, path: str) -> None:
        self._poll.pop(path, None)
        os.close(self._kept.pop(path).descriptor)
        self.allowance.left += 1


def _with_rest(kept: _Kept, content: bytes) -> bytes:
    """All of a file, of which this is the first piece.

    The kernel gives long files in pieces of whole lines, whatever the buffer has room for: only nothing means the end.
    """
    if not content or (kept.whole and len(content) < kept.size):
        return content
    pieces, length = [content], len(content)
    while piece := os.pread(kept.descriptor, kept.size, length):
        pieces.append(piece)
        length += len(piece)
    kept.size = max(kept.size, length + length // 4)
    return b"".join(pieces) if len(pieces) > 1 else content


class Once:
    """What several collectors read of one tree: each file and folder once a scrape, for all of them.

    Until the first `begin()` nothing is remembered: outside of scrapes every read is a new one.
    """

    __slots__ = ("_contents", "_entries", "_runs_told", "_scraping", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._contents: dict[str, bytes] = {}
        self._entries: dict[str, list[str]] = {}
        self._scraping = False
        self._runs_told: bool | None = None

    def begin(self) -> None:
        """A scrape begins: what is read from now on is read anew."""
        self._contents.clear()
        self._entries.clear()
        self._scraping = True

    def read(self, path: str) -> bytes:
        """A file that the kernel writes in one piece; OSError when it can't be had."""
        content = self._contents.get(path)
        if content is None:
            content = self.tree.read(path, whole=True)
            if self._scraping:
                self._contents[path] = content
        return content

    def entries(self, path: str) -> list[str]:
        """What a folder holds, in no order; OSError when it can't be had."""
        found = self._entries.get(path)
        if found is None:
            found = self.tree.entries(path)
            if self._scraping:
                self._entries[path] = found
        return found

    @property
    def runs_told(self) -> bool:
        """Whether the kernel counts how often it runs a task (CONFIG_SCHED_INFO); all zeros mean that it doesn't."""
        if self._runs_told is None:
            told = self.tree.read_if_any("self/schedstat")
            self._runs_told = told is not None and told.split() != [b"0", b"0", b"0"]
        return self._runs_told

    def runs(self, task: str) -> bytes:
        """How long and how often a task (its folder) ran. A task for which this stays the same did nothing meanwhile.

        It is in the state it was in then, has spent no time, and began no thread. Costs a quarter of its stat.
        """
        return self.read(f"{task}/schedstat")


@dataclass(frozen=True, slots=True)
class Trees:
    """Where one collector reads: --path.procfs, --path.sysfs, --path.rootfs, --path.udev.data.

    `once` is /proc again, shared by all collectors, for files that several of them read.
    """

    proc: Tree
    sys: Tree
    root: Tree
    udev: Tree
    once: Once

    @classmethod
    def below(
        cls,
        procfs: str = "/proc",
        sysfs: str = "/sys",
        rootfs: str = "/",
        udev_data: str = "/run/udev/data",
        allowance: Allowance | None = None,
        once: Once | None = None,
    ) -> Trees:
        proc, sys, root, udev = (Tree(where, allowance) for where in (procfs, sysfs, rootfs, udev_data))
        return cls(proc, sys, root, udev, once or Once(proc))

    def sweep(self) -> None:
        for tree in (self.proc, self.sys, self.root, self.udev):
            tree.sweep()

    def close(self) -> None:
        for tree in (self.proc, self.sys, self.root, self.udev):
            tree.close()
