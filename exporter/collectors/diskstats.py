"""Block devices: reads, writes, discards and flushes, how long they took, and what udev knows of the device."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from exporter.collectors import setting
from exporter.exposition import Block, Family, Kind, Labels, Listing, Table, Value
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser
from exporter.udev import Properties, properties

SECTOR_BYTES = 512
"""What /proc/diskstats counts in, whatever the device's own sectors are."""
SECONDS_PER_TICK = 0.001
Column = tuple[Family, Callable[[bytes], Value]]
Sample = tuple[Family, Labels, Value]


def _plain(number: bytes) -> Value:
    return number


def _bytes(sectors: bytes) -> Value:
    return int(sectors) * SECTOR_BYTES


def _seconds(ticks: bytes) -> Value:
    return int(ticks) * SECONDS_PER_TICK


def _column(name: str, help_text: str, read: Callable[[bytes], Value] = _plain, kind: Kind = "counter") -> Column:
    return Family(f"node_disk_{name}", help_text, kind, ("device",)), read


def _info(name: str, help_text: str, *labels: str) -> Family:
    return Family(f"node_disk_{name}", help_text, labels=("device", *labels))


# What a line has after the device's name: since Linux 2.6, with discards since 4.18, with flushes since 5.5.
IO = (
    _column("reads_completed_total", "Reads completed."),
    _column("reads_merged_total", "Reads merged with a neighbour before they were queued."),
    _column("read_bytes_total", "Bytes read.", _bytes),
    _column("read_time_seconds_total", "Seconds that all reads took.", _seconds),
    _column("writes_completed_total", "Writes completed."),
    _column("writes_merged_total", "Writes merged with a neighbour before they were queued."),
    _column("written_bytes_total", "Bytes written.", _bytes),
    _column("write_time_seconds_total", "Seconds that all writes took.", _seconds),
    _column("io_now", "Requests in flight.", kind="gauge"),
    _column("io_time_seconds_total", "Seconds during which anything was in flight.", _seconds),
    _column("io_time_weighted_seconds_total", "Seconds in flight, summed over all requests.", _seconds),
)
DISCARDS = (
    _column("discards_completed_total", "Discards completed."),
    _column("discards_merged_total", "Discards merged with a neighbour before they were queued."),
    _column("discarded_sectors_total", "Sectors discarded."),
    _column("discard_time_seconds_total", "Seconds that all discards took.", _seconds),
)
FLUSHES = (
    _column("flush_requests_total", "Flushes completed."),
    _column("flush_requests_time_seconds_total", "Seconds that all flushes took.", _seconds),
)
DISK = _info(
    "info", "What is known of a block device.",
    "major", "minor", "path", "wwn", "model", "serial", "revision", "rotational",
)  # fmt: skip
FILESYSTEM = _info("filesystem_info", "The filesystem on a block device.", "type", "usage", "uuid", "version")
MAPPER = _info("device_mapper_info", "A device mapper device.", "name", "uuid", "vg_name", "lv_name", "lv_layer")
FILESYSTEM_KEYS = ("ID_FS_TYPE", "ID_FS_USAGE", "ID_FS_UUID", "ID_FS_VERSION")
MAPPER_KEYS = ("DM_NAME", "DM_UUID", "DM_VG_NAME", "DM_LV_NAME", "DM_LV_LAYER")
SERIAL_KEYS = ("SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL")
ATA = {
    "ID_ATA_WRITE_CACHE": _info("ata_write_cache", "Whether an ATA disk has a write cache."),
    "ID_ATA_WRITE_CACHE_ENABLED": _info("ata_write_cache_enabled", "Whether an ATA disk's write cache is on."),
    "ID_ATA_ROTATION_RATE_RPM": _info("ata_rotation_rate_rpm", "How fast an ATA disk rotates; 0 for SSDs."),
}


class Part:
    """Some columns of /proc/diskstats, for the devices that have them."""

    __slots__ = ("columns", "first", "last", "table")

    def __init__(self, first: int, columns: Sequence[Column]) -> None:
        self.first = first
        self.last = first + len(columns)
        self.columns = columns
        self.table = Table(*(family for family, _ in columns))

    def block(self, devices: Sequence[Sequence[bytes]]) -> Block:
        whole = [words for words in devices if len(words) >= self.last]
        counts = zip(*(words[self.first : self.last] for words in whole), strict=True)
        values = [[*map(read, column)] for (_, read), column in zip(self.columns, counts, strict=False)]
        return self.table.block([(words[2],) for words in whole], values)


@dataclass(slots=True)
class Known:
    """What udev said of the devices, and of which versions of their entries that holds."""

    stamps: list[object] = field(default_factory=list)
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class DiskstatsCollector:
    """Source: /proc/diskstats (Documentation/admin-guide/iostats.rst), udev's database, /sys/block/*/queue."""

    trees: Trees
    device_include: re.Pattern[str] = setting(ANYTHING, "Regexp of block devices to include.")
    device_exclude: re.Pattern[str] = setting(
        re.compile(r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"), "Regexp of block devices to exclude."
    )
    parts: tuple[Part, ...] = field(
        default_factory=lambda: (Part(3, IO), Part(14, DISCARDS), Part(18, FLUSHES)), init=False, repr=False
    )
    known: Known = field(default_factory=Known, init=False, repr=False)

    @cached_property
    def wanted(self) -> Callable[[str], bool]:
        return chooser(self.device_include, self.device_exclude)

    def collect(self) -> Iterable[Block]:
        lines = (line.split() for line in self.trees.proc.read("diskstats").splitlines())
        devices = [words for words in lines if self.wanted(words[2].decode())]
        stamps: list[object] = []
        for major, minor, name, *_ in devices:
            number = f"{int(major)}:{int(minor)}"
            stamps.append((name, number, self.trees.udev.stamp(f"b{number}")))
        if stamps != self.known.stamps:
            self.known.blocks = (Listing().block(self._describe(devices)),)
            self.known.stamps = stamps
        return [*(part.block(devices) for part in self.parts), *self.known.blocks]

    def _describe(self, devices: Iterable[Sequence[bytes]]) -> Iterable[Sample]:
        """What stays the same as long as udev's entries do."""
        for words in devices:
            major, minor, device = (word.decode() for word in words[:3])
            found = properties(self.trees.udev, f"{major}:{minor}")
            rotational = self.trees.sys.integer(f"block/{device}/queue/rotational") or 0
            yield DISK, (device, major, minor, *_identity(found), str(rotational)), 1
            if found.get("ID_FS_TYPE"):
                yield FILESYSTEM, (device, *_chosen(found, FILESYSTEM_KEYS)), 1
            if found.get("DM_NAME"):
                yield MAPPER, (device, *_chosen(found, MAPPER_KEYS)), 1
            if found.get("ID_ATA"):
                yield from _ata(device, found)


def _identity(found: Properties) -> Sequence[str]:
    serial = next((found[key] for key in SERIAL_KEYS if found.get(key)), "")
    path, wwn, model, revision = _chosen(found, ("ID_PATH", "ID_WWN", "ID_MODEL", "ID_REVISION"))
    return path, wwn, model, serial, revision


def _chosen(found: Properties, keys: Iterable[str]) -> Sequence[str]:
    return [found.get(key, "") for key in keys]


def _ata(device: str, found: Mapping[str, str]) -> Iterable[Sample]:
    for key, family in ATA.items():
        if key in found:
            yield family, (device,), float(found[key])
