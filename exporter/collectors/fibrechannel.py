"""Fibre Channel: ports, frames and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "class/fc_host"
NOT_COUNTED = 2**64 - 1
TEXTS = (
    "dev_loss_tmo",
    "fabric_name",
    "port_id",
    "port_name",
    "port_state",
    "port_type",
    "speed",
    "supported_classes",
    "supported_speeds",
    "symbolic_name",
)
INFO = Family("node_fibrechannel_info", "What the port is, in labels.", labels=("fc_host", *TEXTS))
COUNTERS = {
    "dumped_frames": "dumped_frames",
    "error_frames": "error_frames",
    "fcp_packet_aborts": "fcp_packet_aborts",
    "invalid_crc_count": "invalid_crc",
    "invalid_tx_word_count": "invalid_tx_words",
    "link_failure_count": "link_failure",
    "loss_of_signal_count": "loss_of_signal",
    "loss_of_sync_count": "loss_of_sync",
    "nos_count": "nos",
    "rx_frames": "rx_frames",
    "rx_words": "rx_words",
    "seconds_since_last_reset": "seconds_since_last_reset",
    "tx_frames": "tx_frames",
    "tx_words": "tx_words",
}
FAMILIES = {
    file: Family(f"node_fibrechannel_{name}_total", f"Count {file} of the port.", "counter", ("fc_host",))
    for file, name in COUNTERS.items()
}


@dataclass(frozen=True, slots=True)
class FibrechannelCollector:
    """Source: /sys/class/fc_host, kernel's Documentation/scsi/scsi_fc_transport.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        hosts = tree.names_if_any(FOLDER)
        if not hosts:
            raise NoData("no Fibre Channel")
        return [self.listing.block(sample for host in hosts for sample in of_host(tree, host))]


def of_host(tree: Tree, host: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{host}"
    texts = [(tree.value(f"{folder}/{name}") or b"").removeprefix(b"0x") for name in TEXTS]
    yield INFO, (host, *texts), 1
    for file, family in FAMILIES.items():
        raw = tree.value(f"{folder}/statistics/{file}")
        # A driver that doesn't count something says that it is all ones.
        if raw and (count := int(raw, 16)) != NOT_COUNTED:
            yield family, (host,), count
