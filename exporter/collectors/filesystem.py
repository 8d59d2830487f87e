"""Filesystems: their size, what is left of it, whether they can be written, and those that don't answer."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from exporter.collectors import setting
from exporter.exposition import Block, Family, Table
from exporter.mounts import Mount, parse
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser

LABELS = ("device", "mountpoint", "fstype", "device_error")
SIZES = (
    Family("node_filesystem_size_bytes", "Size of a filesystem.", labels=LABELS),
    Family("node_filesystem_free_bytes", "What is free of it.", labels=LABELS),
    Family("node_filesystem_avail_bytes", "What is free of it for users other than root.", labels=LABELS),
    Family("node_filesystem_files", "How many files (inodes) it can have.", labels=LABELS),
    Family("node_filesystem_files_free", "How many more it can have.", labels=LABELS),
)
STATUS = (
    Family("node_filesystem_device_error", "Whether a filesystem could not be asked (1).", labels=LABELS),
    Family("node_filesystem_readonly", "Whether it can only be read (1).", labels=LABELS),
)
INFO = Family("node_filesystem_mount_info", "What is mounted where.", labels=("device", "major", "minor", "mountpoint"))
TIMED_OUT = "mountpoint timeout"


class Overtaken(Exception):
    """This run hung, and another one has begun meanwhile."""


class Asking:
    """One mount that is asked time and again; one whose server is gone may never answer."""

    __slots__ = ("busy", "error", "labels", "mount", "path", "status")

    def __init__(self, mount: Mount, path: bytes) -> None:
        self.mount = mount
        self.labels = (mount.device, mount.point, mount.type)
        self.path = path
        self.busy = False
        self.error = ""
        self.status: os.statvfs_result | None = None

    def ask(self) -> None:
        self.busy = True
        try:
            self.status, self.error = os.statvfs(self.path), ""
        except OSError as error:
            self.status, self.error = None, (error.strerror or str(error)).lower()
        finally:
            self.busy = False

    @property
    def readonly(self) -> bool:
        """A filesystem that was made read-only after errors says so itself; mountinfo needn't."""
        return self.mount.readonly or bool(self.status and self.status.f_flag & os.ST_RDONLY)


@dataclass(slots=True)
class Mounts:
    """What was mounted when that was asked last."""

    content: bytes = b""
    askings: list[Asking] = field(default_factory=list)
    turn: object = None


@dataclass(frozen=True)
class FilesystemCollector:
    """Source: /proc/1/mountinfo (/proc/self where that is hidden) and statvfs(3)."""

    trees: Trees
    mount_points_include: re.Pattern[str] = setting(ANYTHING, "Regexp of mount points to include.")
    mount_points_exclude: re.Pattern[str] = setting(
        re.compile("^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"),
        "Regexp of mount points to exclude.",
    )
    fs_types_include: re.Pattern[str] = setting(ANYTHING, "Regexp of filesystem types to include.")
    fs_types_exclude: re.Pattern[str] = setting(
        re.compile(
            "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs"
            "|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$"
        ),
        "Regexp of filesystem types to exclude.",
    )
    mount_timeout: timedelta = setting(timedelta(seconds=2), "How long a mount point may take to answer.")
    mounts: Mounts = field(default_factory=Mounts, init=False, repr=False)
    sizes: Table = field(default_factory=lambda: Table(*SIZES), init=False, repr=False)
    status: Table = field(default_factory=lambda: Table(*STATUS), init=False, repr=False)
    info: Table = field(default_factory=lambda: Table(INFO), init=False, repr=False)

    @cached_property
    def wanted(self) -> Callable[[bytes, bytes], bool]:
        point = chooser(self.mount_points_include, self.mount_points_exclude)
        kind = chooser(self.fs_types_include, self.fs_types_exclude)
        return lambda at, of: point(at.decode(errors="replace")) and kind(of.decode(errors="replace"))

    @property
    def deadline_seconds(self) -> float:
        """A run that takes longer hangs at a mount; the next one leaves that out."""
        return self.mount_timeout.total_seconds()

    def collect(self) -> Iterable[Block]:
        turn = self.mounts.turn = object()
        self._look()
        for asking in self.mounts.askings:
            if asking.busy:
                continue
            asking.ask()
            if self.mounts.turn is not turn:
                raise Overtaken
        return self._blocks(self.mounts.askings)

    def _blocks(self, askings: Sequence[Asking]) -> Iterable[Block]:
        errors = [TIMED_OUT if asking.busy else asking.error for asking in askings]
        rows = [(*asking.labels, error) for asking, error in zip(askings, errors, strict=True)]
        readonly = [asking.readonly for asking in askings]
        yield self.status.block(rows, [[int(bool(error)) for error in errors], readonly])
        told = [asking for asking, error in zip(askings, errors, strict=True) if not error]
        yield self.sizes.block([row for row in rows if not row[3]], zip(*map(_sizes, told), strict=True))
        mounts = [asking.mount for asking in told]
        yield self.info.block([(one.device, one.major, one.minor, one.point) for one in mounts], [[1] * len(mounts)])

    def _look(self) -> None:
        """See what is mounted, when the kernel says that it changed. A mount that is stuck stays known as such."""
        path = "1/mountinfo"
        if self.mounts.content and not self.trees.proc.changed(path):
            return
        content = self.trees.proc.read_if_any(path)
        if content is None:
            content = self.trees.proc.read("self/mountinfo")
        if content == self.mounts.content:
            return
        root = self.trees.root.root.rstrip("/")
        known = {asking.mount: asking for asking in self.mounts.askings}
        mounts = parse(content, os.fsencode(root or "/"), self.wanted)
        self.mounts.askings = [known.get(mount) or Asking(mount, os.fsencode(root) + mount.point) for mount in mounts]
        self.mounts.content = content


def _sizes(asking: Asking) -> Sequence[int]:
    """In the order of SIZES. The kernel counts blocks of f_bsize, whatever POSIX calls the unit."""
    status = asking.status
    if status is None:
        raise ValueError(f"{asking.mount.point!r} was not asked")
    sizes = (status.f_blocks * status.f_bsize, status.f_bfree * status.f_bsize, status.f_bavail * status.f_bsize)
    return (*sizes, status.f_files, status.f_ffree)
