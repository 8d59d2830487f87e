"""PCI devices: what they are, how fast their links run, their power state and virtual functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing, Value
from exporter.procfs import Tree, Trees

FOLDER = "bus/pci/devices"
ADDRESS = re.compile(r"([0-9a-f]+):([0-9a-f]+):([0-9a-f]+)\.([0-9a-f]+)")
LABELS = ("segment", "bus", "device", "function")
NO_PARENT = ("*", "*", "*", "*")
GIGA = 1e9
IDS = {
    "class_id": "class",
    "vendor_id": "vendor",
    "device_id": "device",
    "subsystem_vendor_id": "subsystem_vendor",
    "subsystem_device_id": "subsystem_device",
    "revision": "revision",
}
INFO = Family(
    "node_pcidevice_info",
    "What the device is, and what it hangs on, in labels.",
    labels=(*LABELS, *(f"parent_{name}" for name in LABELS), *IDS),
)
POWER = Family("node_pcidevice_power_state", "Power state of now (1), of all states.", labels=(*LABELS, "state"))
POWER_STATES = ("error", "unknown", "D0", "D1", "D2", "D3hot", "D3cold")
NUMA = Family("node_pcidevice_numa_node", "NUMA node that the device is near to.", labels=LABELS)


def transfers(raw: bytes) -> Value:
    """`8.0 GT/s PCIe`; a link that is down is Unknown."""
    word = raw.split()[0]
    return float(word) * GIGA if word[:1].isdigit() else 0


def gauge(path: str, name: str, text: str) -> Attribute:
    return Attribute(path, Family(f"node_pcidevice_{name}", text, labels=LABELS))


ATTRIBUTES = (
    Attribute(
        "current_link_speed",
        Family("node_pcidevice_current_link_transfers_per_second", "Speed of the link.", labels=LABELS),
        transfers,
    ),
    Attribute(
        "max_link_speed",
        Family("node_pcidevice_max_link_transfers_per_second", "Highest speed of the link.", labels=LABELS),
        transfers,
    ),
    gauge("current_link_width", "current_link_width", "Lanes of the link in use."),
    gauge("max_link_width", "max_link_width", "Lanes of the link."),
    gauge("d3cold_allowed", "d3cold_allowed", "Whether the device may lose all power."),
    gauge("sriov_drivers_autoprobe", "sriov_drivers_autoprobe", "Whether virtual functions get drivers at once."),
    gauge("sriov_numvfs", "sriov_numvfs", "Virtual functions in use."),
    gauge("sriov_totalvfs", "sriov_totalvfs", "Virtual functions that there can be."),
    gauge("sriov_vf_total_msix", "sriov_vf_total_msix", "Interrupts for all virtual functions."),
)


@dataclass(frozen=True, slots=True)
class PciDeviceCollector:
    """Source: /sys/bus/pci/devices, kernel's Documentation/ABI/testing/sysfs-bus-pci."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        addresses = [match for name in tree.names_if_any(FOLDER) if (match := ADDRESS.fullmatch(name))]
        if not addresses:
            raise NoData("no PCI device")
        return [self.listing.block(sample for address in addresses for sample in of_device(tree, address))]


def of_device(tree: Tree, address: re.Match[str]) -> Iterator[Sample]:
    folder, labels = f"{FOLDER}/{address[0]}", address.groups()
    ids = (tree.value(f"{folder}/{path}") or b"" for path in IDS.values())
    parent = ADDRESS.fullmatch(tree.path(folder).resolve().parent.name)
    yield INFO, (*labels, *(parent.groups() if parent else NO_PARENT), *ids), 1
    yield from told(tree, folder, labels, ATTRIBUTES)
    node = tree.integer(f"{folder}/numa_node")
    if node is not None and node >= 0:
        yield NUMA, labels, node
    state = tree.value(f"{folder}/power_state")
    if state is not None:
        yield from ((POWER, (*labels, one), int(one == state.decode())) for one in POWER_STATES)
