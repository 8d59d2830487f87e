"""Network devices through psutil: for macOS and Windows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from exporter.collectors import setting
from exporter.collectors.portable import psutil_module
from exporter.exposition import Block, Family, Labels, Table
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser

COUNTERS = {
    "receive_bytes": "bytes_recv", "receive_packets": "packets_recv", "receive_errs": "errin",
    "receive_drop": "dropin", "transmit_bytes": "bytes_sent", "transmit_packets": "packets_sent",
    "transmit_errs": "errout", "transmit_drop": "dropout",
}  # fmt: skip
DEVICE = ("device",)
STANDING = (
    Family("node_network_up", "Whether the device works.", labels=DEVICE),
    Family("node_network_mtu_bytes", "Largest packet.", labels=DEVICE),
)
SPEED = Family("node_network_speed_bytes", "Speed, in bytes a second.", labels=DEVICE)
BYTES_OF_A_MEGABIT = 125_000


def _family(name: str) -> Family:
    return Family(f"node_network_{name}_total", f"Network device statistic {name}.", "counter", DEVICE)


@dataclass(frozen=True, slots=True)
class PortableNetdevCollector:
    """Source: psutil.net_io_counters(pernic=True)."""

    trees: Trees
    device_include: re.Pattern[str] = setting(ANYTHING, "Regexp of network devices to include.")
    device_exclude: re.Pattern[str] = setting(ANYTHING, "Regexp of network devices to exclude.")
    psutil: Any = field(default_factory=psutil_module)
    table: Table = field(default_factory=lambda: Table(*map(_family, COUNTERS)), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        wanted = chooser(self.device_include, self.device_exclude)
        # nowrap: psutil would keep counters of its own, to hide that 32-bit ones start anew; Prometheus copes.
        counts = self.psutil.net_io_counters(pernic=True, nowrap=False) or {}
        found = [(name, io) for name, io in sorted(counts.items()) if wanted(name)]
        columns = [[getattr(io, key) for _, io in found] for key in COUNTERS.values()]
        return [self.table.block([(name,) for name, _ in found], columns)]


@dataclass(frozen=True, slots=True)
class PortableNetclassCollector:
    """Source: psutil.net_if_stats(). A speed of 0 means that it isn't known."""

    trees: Trees
    psutil: Any = field(default_factory=psutil_module)
    standing: Table = field(default_factory=lambda: Table(*STANDING), init=False, repr=False)
    speed: Table = field(default_factory=lambda: Table(SPEED), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        found = sorted(self.psutil.net_if_stats().items())
        rows: list[Labels] = [(name,) for name, _ in found]
        fast = [((name,), one.speed * BYTES_OF_A_MEGABIT) for name, one in found if one.speed]
        return [
            self.standing.block(rows, [[int(one.isup) for _, one in found], [one.mtu for _, one in found]]),
            self.speed.block([row for row, _ in fast], [[speed for _, speed in fast]]),
        ]
