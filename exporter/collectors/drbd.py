"""DRBD: mirrored disks, their traffic, and whether both sides are up to date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

KIBIBYTE = 1024


def gauge(name: str, text: str, *labels: str) -> Family:
    return Family(f"node_drbd_{name}", text, labels=("device", *labels))


def counter(name: str, text: str) -> Family:
    return Family(f"node_drbd_{name}_total", text, "counter", ("device",))


BYTES = {
    "ns": counter("network_sent_bytes", "Bytes sent to the other side."),
    "nr": counter("network_received_bytes", "Bytes received from the other side."),
    "dw": counter("disk_written_bytes", "Bytes written to the local disk."),
    "dr": counter("disk_read_bytes", "Bytes read from the local disk."),
    "oos": gauge("out_of_sync_bytes", "Bytes that differ from the other side's."),
}
NUMBERS = {
    "al": counter("activitylog_writes", "Updates of the activity log."),
    "bm": counter("bitmap_writes", "Updates of the bitmap."),
    "lo": gauge("local_pending", "Requests under way at the local disk."),
    "pe": gauge("remote_pending", "Requests sent and not yet answered."),
    "ua": gauge("remote_unacknowledged", "Requests received and not yet answered."),
    "ap": gauge("application_pending", "Requests of the host that aren't done."),
    "ep": gauge("epochs", "Epochs in use."),
}
ROLE = gauge("node_role_is_primary", "Whether this side is primary.", "node")
DISK = gauge("disk_state_is_up_to_date", "Whether this side's disk is up to date.", "node")
CONNECTED = gauge("connected", "Whether the sides are connected.")
NODES = ("local", "remote")
# node_exporter takes the bytes received as they are, not in KiB.
PLAIN_BYTES = frozenset({"nr"})


@dataclass(frozen=True, slots=True)
class DrbdCollector:
    """Source: /proc/drbd of DRBD 8, drbd(8)."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read_if_any("drbd")
        if content is None:
            raise NoData("no DRBD")
        return [self.listing.block(devices(content.decode()))]


def devices(content: str) -> Iterator[Sample]:
    device = ""
    for word in content.split():
        name, colon, value = word.partition(":")
        if name.isdigit() and colon and not value:
            device = f"drbd{name}"
        elif device:
            yield from of_word(device, name, value)


def of_word(device: str, name: str, value: str) -> Iterator[Sample]:
    if name in BYTES:
        yield BYTES[name], (device,), int(value) * (1 if name in PLAIN_BYTES else KIBIBYTE)
    elif name in NUMBERS:
        yield NUMBERS[name], (device,), int(value)
    elif name == "cs":
        yield CONNECTED, (device,), int(value == "Connected")
    elif name in {"ro", "ds"}:
        family, good = (ROLE, "Primary") if name == "ro" else (DISK, "UpToDate")
        for node, state in zip(NODES, value.split("/"), strict=True):
            yield family, (device, node), int(state == good)
