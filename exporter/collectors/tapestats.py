"""Tape drives: reads, writes, time that they took."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Convert, per, plain, told
from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees
from exporter.selection import chooser

FOLDER = "class/scsi_tape"
DRIVE = re.compile(r"st\d+")


def counter(path: str, name: str, text: str, convert: Convert = plain) -> Attribute:
    return Attribute(f"stats/{path}", Family(f"node_tape_{name}_total", text, "counter", ("device",)), convert)


ATTRIBUTES = (
    Attribute("stats/in_flight", Family("node_tape_io_now", "Operations under way.", labels=("device",))),
    counter("io_ns", "io_time_seconds", "Time spent on all operations.", per(1e9)),
    counter("other_cnt", "io_others", "Operations that neither read nor write."),
    counter("read_byte_cnt", "read_bytes", "Bytes read."),
    counter("read_cnt", "reads_completed", "Reads."),
    counter("read_ns", "read_time_seconds", "Time spent on reads.", per(1e9)),
    counter("resid_cnt", "residual", "Operations that moved fewer bytes than asked."),
    counter("write_byte_cnt", "written_bytes", "Bytes written."),
    counter("write_cnt", "writes_completed", "Writes."),
    counter("write_ns", "write_time_seconds", "Time spent on writes.", per(1e9)),
)


@dataclass(frozen=True, slots=True)
class TapestatsCollector:
    """Source: /sys/class/scsi_tape/stN/stats, kernel's Documentation/scsi/st.rst."""

    trees: Trees
    ignored_devices: re.Pattern[str] = setting(re.compile("^$"), "Drives to leave out (regular expression).")
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        wanted = chooser(exclude=self.ignored_devices)
        drives = [name for name in tree.names_if_any(FOLDER) if DRIVE.fullmatch(name) and wanted(name)]
        if not drives:
            raise NoData("no tape drive")
        samples = (s for drive in drives for s in told(tree, f"{FOLDER}/{drive}", (drive,), ATTRIBUTES))
        return [self.listing.block(samples)]
