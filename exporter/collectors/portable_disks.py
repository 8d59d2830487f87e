"""Disks and filesystems through psutil: for macOS and Windows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from exporter.collectors import setting
from exporter.collectors.portable import psutil_module
from exporter.exposition import Block, Family, Labels, Table, Value
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser

DEVICE = ("device",)
IO: Sequence[tuple[Family, Callable[[Any], Value]]] = (
    (Family("node_disk_reads_completed_total", "Reads completed.", "counter", DEVICE), lambda io: io.read_count),
    (Family("node_disk_read_bytes_total", "Bytes read.", "counter", DEVICE), lambda io: io.read_bytes),
    (Family("node_disk_read_time_seconds_total", "Seconds that all reads took.", "counter", DEVICE),
     lambda io: io.read_time / 1000),
    (Family("node_disk_writes_completed_total", "Writes completed.", "counter", DEVICE), lambda io: io.write_count),
    (Family("node_disk_written_bytes_total", "Bytes written.", "counter", DEVICE), lambda io: io.write_bytes),
    (Family("node_disk_write_time_seconds_total", "Seconds that all writes took.", "counter", DEVICE),
     lambda io: io.write_time / 1000),
)  # fmt: skip
LABELS = ("device", "mountpoint", "fstype", "device_error")
SIZES = (
    Family("node_filesystem_size_bytes", "Size of a filesystem.", labels=LABELS),
    Family("node_filesystem_free_bytes", "What is free of it.", labels=LABELS),
    Family("node_filesystem_avail_bytes", "What is free of it for users other than root.", labels=LABELS),
)
STATUS = (
    Family("node_filesystem_device_error", "Whether a filesystem could not be asked (1).", labels=LABELS),
    Family("node_filesystem_readonly", "Whether it can only be read (1).", labels=LABELS),
)
LATE = "mountpoint timeout"


@dataclass(frozen=True, slots=True)
class PortableDiskCollector:
    """Source: psutil.disk_io_counters(perdisk=True)."""

    trees: Trees
    device_include: re.Pattern[str] = setting(ANYTHING, "Regexp of disks to include.")
    device_exclude: re.Pattern[str] = setting(ANYTHING, "Regexp of disks to exclude.")
    psutil: Any = field(default_factory=psutil_module)
    table: Table = field(default_factory=lambda: Table(*(family for family, _ in IO)), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        wanted = chooser(self.device_include, self.device_exclude)
        counts = self.psutil.disk_io_counters(perdisk=True) or {}
        found = [(name, io) for name, io in sorted(counts.items()) if wanted(name)]
        return [self.table.block([(name,) for name, _ in found], [[read(io) for _, io in found] for _, read in IO])]


class Overtaken(Exception):
    """This run hung, and another one has begun meanwhile."""


class Asking:
    """One filesystem that is asked time and again; one whose server is gone may never answer."""

    __slots__ = ("busy", "error", "labels", "readonly", "usage")

    def __init__(self, partition: Any) -> None:
        self.labels: Labels = (partition.device, partition.mountpoint, partition.fstype)
        self.readonly = "ro" in partition.opts.split(",")
        self.usage: Any = None
        self.error = ""
        self.busy = False

    def ask(self, usage: Callable[[str], Any]) -> None:
        self.busy = True
        try:
            self.usage, self.error = usage(str(self.labels[1])), ""
        except OSError as error:  # an empty drive, say
            self.usage, self.error = None, (error.strerror or str(error)).lower()
        finally:
            self.busy = False


@dataclass(slots=True)
class Asked:
    """What was mounted when that was asked last, and which run asks now."""

    askings: dict[Labels, Asking] = field(default_factory=dict)
    turn: object = None


@dataclass(frozen=True, slots=True)
class PortableFilesystemCollector:
    """Source: psutil.disk_partitions() and psutil.disk_usage(). Inodes aren't told: Windows has none."""

    trees: Trees
    mount_points_exclude: re.Pattern[str] = setting(
        re.compile(r"^/(dev|System/Volumes/(VM|Preboot|Update|xarts|iSCPreboot|Hardware))($|/)"),
        "Regexp of mount points to exclude.",
    )
    fs_types_exclude: re.Pattern[str] = setting(
        re.compile(r"^(autofs|devfs)$"), "Regexp of filesystem types to exclude."
    )
    mount_timeout: timedelta = setting(timedelta(seconds=2), "How long a filesystem may take to answer.")
    psutil: Any = field(default_factory=psutil_module)
    asked: Asked = field(default_factory=Asked, init=False, repr=False)
    sizes: Table = field(default_factory=lambda: Table(*SIZES), init=False, repr=False)
    status: Table = field(default_factory=lambda: Table(*STATUS), init=False, repr=False)

    @property
    def deadline_seconds(self) -> float:
        """A run that takes longer hangs at a filesystem; the next one leaves that out."""
        return self.mount_timeout.total_seconds()

    def collect(self) -> Iterable[Block]:
        asked = self.asked
        turn = asked.turn = object()
        mounted = [Asking(one) for one in self.psutil.disk_partitions(all=False) if self._wanted(one)]
        asked.askings = {one.labels: asked.askings.get(one.labels, one) for one in mounted}
        for asking in asked.askings.values():
            if asking.busy:
                continue
            asking.ask(self.psutil.disk_usage)
            if asked.turn is not turn:
                raise Overtaken
        return self._blocks(list(asked.askings.values()))

    def _blocks(self, askings: Sequence[Asking]) -> Iterable[Block]:
        errors = [LATE if one.busy else one.error for one in askings]
        rows = [(*one.labels, error) for one, error in zip(askings, errors, strict=True)]
        yield self.status.block(rows, [[int(bool(error)) for error in errors], [int(one.readonly) for one in askings]])
        told = [one for one, error in zip(askings, errors, strict=True) if not error]
        free = [one.usage.free for one in told]
        yield self.sizes.block([(*one.labels, "") for one in told], [[one.usage.total for one in told], free, free])

    def _wanted(self, partition: Any) -> bool:
        return not (
            self.mount_points_exclude.search(partition.mountpoint) or self.fs_types_exclude.search(partition.fstype)
        )
