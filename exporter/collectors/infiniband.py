"""InfiniBand: state and rate of ports, data, packets and errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees
from exporter.selection import ANYTHING, chooser

FOLDER = "class/infiniband"
LABELS = ("device", "port")
LANES = 4
"""Data is counted in words of 4 bytes."""
BITS = 8
GIGA = 1_000_000_000

INFO = Family(
    "node_infiniband_info", "What the device is.", labels=("board_id", "device", "firmware_version", "hca_type")
)
STATE = Family("node_infiniband_state_id", "State of the port: 4 is active.", labels=LABELS)
PHYSICAL = Family("node_infiniband_physical_state_id", "Physical state of the port: 5 is up.", labels=LABELS)
RATE = Family("node_infiniband_rate_bytes_per_second", "Most that the port can carry.", labels=LABELS)
COUNTERS = {
    "counters/link_downed": "link_downed",
    "counters/link_error_recovery": "link_error_recovery",
    "counters/multicast_rcv_packets": "multicast_packets_received",
    "counters/multicast_xmit_packets": "multicast_packets_transmitted",
    "counters/port_rcv_constraint_errors": "port_constraint_errors_received",
    "counters/port_xmit_constraint_errors": "port_constraint_errors_transmitted",
    "counters/port_rcv_data": "port_data_received_bytes",
    "counters/port_xmit_data": "port_data_transmitted_bytes",
    "counters/port_rcv_discards": "port_discards_received",
    "counters/port_xmit_discards": "port_discards_transmitted",
    "counters/port_rcv_errors": "port_errors_received",
    "counters/port_rcv_packets": "port_packets_received",
    "counters/port_xmit_packets": "port_packets_transmitted",
    "counters/port_xmit_wait": "port_transmit_wait",
    "counters/port_rcv_remote_physical_errors": "port_receive_remote_physical_errors",
    "counters/port_rcv_switch_relay_errors": "port_receive_switch_relay_errors",
    "counters/excessive_buffer_overrun_errors": "excessive_buffer_overrun_errors",
    "counters/local_link_integrity_errors": "local_link_integrity_errors",
    "counters/symbol_error": "symbol_error",
    "counters/VL15_dropped": "vl15_dropped",
    "counters/unicast_rcv_packets": "unicast_packets_received",
    "counters/unicast_xmit_packets": "unicast_packets_transmitted",
    "counters_ext/port_rcv_data_64": "legacy_data_received_bytes",
    "counters_ext/port_xmit_data_64": "legacy_data_transmitted_bytes",
    "counters_ext/port_multicast_rcv_packets": "legacy_multicast_packets_received",
    "counters_ext/port_multicast_xmit_packets": "legacy_multicast_packets_transmitted",
    "counters_ext/port_rcv_packets_64": "legacy_packets_received",
    "counters_ext/port_xmit_packets_64": "legacy_packets_transmitted",
    "counters_ext/port_unicast_rcv_packets": "legacy_unicast_packets_received",
    "counters_ext/port_unicast_xmit_packets": "legacy_unicast_packets_transmitted",
}
FAMILIES = {
    path: Family(f"node_infiniband_{name}_total", f"Count {path.partition('/')[2]} of the port.", "counter", LABELS)
    for path, name in COUNTERS.items()
}


@dataclass(frozen=True, slots=True)
class InfinibandCollector:
    """Source: /sys/class/infiniband, kernel's Documentation/ABI/stable/sysfs-class-infiniband."""

    trees: Trees
    device_include: re.Pattern[str] = setting(ANYTHING, "Devices to tell about (regular expression).")
    device_exclude: re.Pattern[str] = setting(ANYTHING, "Devices to leave out (regular expression).")
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        wanted = chooser(self.device_include, self.device_exclude)
        devices = [name for name in tree.names_if_any(FOLDER) if wanted(name)]
        if not devices:
            raise NoData("no InfiniBand")
        return [self.listing.block(sample for device in devices for sample in of_device(tree, device))]


def of_device(tree: Tree, device: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{device}"
    board, firmware, kind = (tree.value(f"{folder}/{name}") or b"" for name in ("board_id", "fw_ver", "hca_type"))
    yield INFO, (board, device, firmware, kind), 1
    for port in tree.names_if_any(f"{folder}/ports"):
        yield from of_port(tree, f"{folder}/ports/{port}", (device, port))


def of_port(tree: Tree, folder: str, labels: tuple[str, str]) -> Iterator[Sample]:
    for family, name in ((STATE, "state"), (PHYSICAL, "phys_state")):
        yield family, labels, tree.read(f"{folder}/{name}").partition(b":")[0]
    # `40 Gb/sec (4X QDR)`
    yield RATE, labels, float(tree.read(f"{folder}/rate").split()[0]) * GIGA / BITS
    for path, family in FAMILIES.items():
        # Ports without a counter say `N/A (no PMA)`.
        count = tree.integer(f"{folder}/{path}")
        if count is not None:
            yield family, labels, count * LANES if "_data" in path else count
