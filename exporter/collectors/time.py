"""The system's clock: the time, its zone, and where the kernel takes it from."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from exporter.exposition import Block, Family, Labels, Table
from exporter.procfs import Trees

SECONDS = Family("node_time_seconds", "System time in seconds since the epoch.")
OFFSET = Family("node_time_zone_offset_seconds", "How far the local time zone is ahead of UTC.", labels=("time_zone",))
SOURCE_LABELS = ("device", "clocksource")
AVAILABLE = Family("node_time_clocksource_available_info", "Clock sources the kernel could use.", labels=SOURCE_LABELS)
CURRENT = Family("node_time_clocksource_current_info", "The clock source the kernel uses.", labels=SOURCE_LABELS)
SOURCES = "devices/system/clocksource"


@dataclass(frozen=True)
class TimeCollector:
    """Source: the C library's clock; /sys/devices/system/clocksource."""

    trees: Trees
    now: Table = field(default_factory=lambda: Table(SECONDS), init=False, repr=False)
    zone: Table = field(default_factory=lambda: Table(OFFSET), init=False, repr=False)
    available: Table = field(default_factory=lambda: Table(AVAILABLE), init=False, repr=False)
    current: Table = field(default_factory=lambda: Table(CURRENT), init=False, repr=False)

    @cached_property
    def devices(self) -> list[str]:
        """The numbers of the clock source devices; none comes or goes while the host runs."""
        names = self.trees.sys.names_if_any(SOURCES)
        return [name.removeprefix("clocksource") for name in names if name.startswith("clocksource")]

    def collect(self) -> Iterable[Block]:
        yield self.now.single([time.time()])
        local = time.localtime()
        yield self.zone.block([(local.tm_zone,)], [[local.tm_gmtoff]])
        yield self._sources(self.available, "available_clocksource")
        yield self._sources(self.current, "current_clocksource")

    def _sources(self, table: Table, attribute: str) -> Block:
        rows: list[Labels] = []
        for device in self.devices:
            listed = self.trees.sys.read_if_any(f"{SOURCES}/clocksource{device}/{attribute}") or b""
            rows += [(device, source) for source in listed.split()]
        return table.block(rows, [[1] * len(rows)])
