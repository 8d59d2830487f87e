"""Queueing disciplines of network devices: packets sent, dropped, waiting."""

from __future__ import annotations

import json
import re
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Kind, Table
from exporter.netlink_messages import ROUTE, ask, attributes, connect, text
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser


def family(name: str, help_text: str) -> Family:
    kind: Kind = "counter" if name.endswith("_total") else "gauge"
    return Family(f"node_qdisc_{name}", help_text, kind, ("device", "kind"))


FAMILIES = (
    family("bytes_total", "Bytes sent."),
    family("packets_total", "Packets sent."),
    family("drops_total", "Packets dropped."),
    family("requeues_total", "Packets queued again."),
    family("overlimits_total", "How often a limit was exceeded."),
    family("current_queue_length", "Packets that wait."),
    family("backlog", "Bytes that wait."),
)
GET_QDISC = 38
HEAD = struct.Struct("=BxxxiIII")
"""Family, interface, handle, parent, info: struct tcmsg of include/uapi/linux/rtnetlink.h."""

ROOT = 0xFFFFFFFF
KIND, STATS2, BASIC, QUEUE = 1, 7, 1, 3
BASICS = struct.Struct("=QI")
QUEUES = struct.Struct("=IIIII")


@dataclass(frozen=True, slots=True)
class Qdisc:
    """The discipline at the root of a device."""

    device: str
    kind: str
    bytes: int = 0
    packets: int = 0
    drops: int = 0
    requeues: int = 0
    overlimits: int = 0
    length: int = 0
    backlog: int = 0

    @property
    def values(self) -> tuple[int, ...]:
        return (self.bytes, self.packets, self.drops, self.requeues, self.overlimits, self.length, self.backlog)


@dataclass(frozen=True, slots=True)
class QdiscCollector:
    """Source: netlink, rtnetlink(7) and tc(8), or a file for tests."""

    trees: Trees
    device_include: re.Pattern[str] = setting(ANYTHING, "Devices to tell about (regular expression).")
    device_exclude: re.Pattern[str] = setting(ANYTHING, "Devices to leave out (regular expression).")
    fixtures: str = setting("", "Folder with what to tell instead, in results.json; for tests.")
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        wanted = chooser(self.device_include, self.device_exclude)
        found = of_file(Path(self.fixtures) / "results.json") if self.fixtures else of_kernel()
        kept = [one for one in found if wanted(one.device)]
        if not kept:
            raise NoData("no queueing discipline")
        columns = zip(*(one.values for one in kept), strict=True)
        return [self.table.block([(one.device, one.kind) for one in kept], columns)]


def of_kernel() -> Iterator[Qdisc]:
    with connect(ROUTE) as link:
        for body in ask(link, GET_QDISC, HEAD.pack(socket.AF_UNSPEC, 0, 0, 0, 0)):
            _, index, _, parent, _ = HEAD.unpack_from(body)
            if parent == ROOT:
                yield qdisc(socket.if_indextoname(index), attributes(body, HEAD.size))


def qdisc(device: str, found: dict[int, bytes]) -> Qdisc:
    statistics = attributes(found.get(STATS2, b""))
    sent, packets = BASICS.unpack_from(statistics.get(BASIC, bytes(BASICS.size)))
    length, backlog, drops, requeues, overlimits = QUEUES.unpack_from(statistics.get(QUEUE, bytes(QUEUES.size)))
    return Qdisc(device, text(found.get(KIND, b"")), sent, packets, drops, requeues, overlimits, length, backlog)


def of_file(path: Path) -> Iterator[Qdisc]:
    """Disciplines as node_exporter's fixture has them: what isn't said is 0."""
    for one in json.loads(path.read_text()):
        counts = {name: one.get(name.title(), 0) for name in ("bytes", "packets", "drops", "requeues", "overlimits")}
        yield Qdisc(one["IfaceName"], one["Kind"], length=one.get("Qlen", 0), backlog=one.get("Backlog", 0), **counts)
