"""PCI devices: what they are, how fast their links run, their power state and virtual functions."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.collectors import NoData, pcidevice_names, setting
from exporter.exposition import Block, Family, Listing, Value
from exporter.procfs import Tree, Trees

log = logging.getLogger("exporter")

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
"""Label and file. The first five have names."""

NAMES = ("vendor_name", "device_name", "subsystem_vendor_name", "subsystem_device_name", "class_name")
INFO = Family(
    "node_pcidevice_info",
    "What the device is, and what it hangs on, in labels.",
    labels=(*LABELS, *(f"parent_{name}" for name in LABELS), *IDS, *NAMES),
)
NAMELESS = (None,) * len(NAMES)
POWER = Family("node_pcidevice_power_state", "Power state of now (1), of all states.", labels=(*LABELS, "state"))
POWER_STATES = ("error", "unknown", "D0", "D1", "D2", "D3hot", "D3cold")
NUMA = Family("node_pcidevice_numa_node", "NUMA node that the device is near to.", labels=LABELS)


def transfers(raw: bytes) -> Value:
    """`8.0 GT/s PCIe`; a link that is down is Unknown."""
    word = raw.split()[0]
    return float(word) * GIGA if word[:1].isdigit() else -1


def gauge(path: str, name: str, text: str) -> Attribute:
    return Attribute(path, Family(f"node_pcidevice_{name}", text, labels=LABELS))


def absent(path: str) -> int:
    """What node_exporter tells of a device without such an attribute."""
    return -1 if "link" in path else 0


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
    names: bool = setting(default=False, help_text="Tell names of vendors, devices and classes, too.")
    idsfile: str = setting("", "The list pci.ids that has the names; where distributions have it, if not given.")
    listing: Listing = field(default_factory=Listing, init=False, repr=False)
    known: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        addresses = [match for name in tree.names_if_any(FOLDER) if (match := ADDRESS.fullmatch(name))]
        if not addresses:
            raise NoData("no PCI device")
        ids = {address[0]: ids_of(tree, address[0]) for address in addresses}
        if self.names and not self.known.keys() >= {one[:5] for one in ids.values()}:
            self._learn({one[:5] for one in ids.values()})
        return [self.listing.block(sample for one in addresses for sample in self._of_device(tree, one, ids[one[0]]))]

    def _learn(self, wanted: set[tuple[str, ...]]) -> None:
        """Look up the names once; without a list the ids stand for them."""
        self.known.clear()
        path = pcidevice_names.find(self.trees.root.path(""), self.idsfile)
        found = {}
        if path is None:
            log.warning("no list of PCI ids", extra={"path": self.idsfile or ", ".join(pcidevice_names.USUAL)})
        else:
            with path.open(encoding="utf-8", errors="replace") as lines:
                found = pcidevice_names.read(lines, frozenset().union(*map(pcidevice_names.keys, wanted)))
        self.known.update({one: pcidevice_names.names(one, found) for one in wanted})

    def _of_device(self, tree: Tree, address: re.Match[str], ids: tuple[str, ...]) -> Iterator[Sample]:
        folder, labels = f"{FOLDER}/{address[0]}", address.groups()
        parent = ADDRESS.fullmatch(tree.path(folder).resolve().parent.name)
        names = self.known[ids[:5]] if self.names else NAMELESS
        yield INFO, (*labels, *(parent.groups() if parent else NO_PARENT), *ids, *names), 1
        found = {family: value for family, _, value in told(tree, folder, labels, ATTRIBUTES)}
        yield from ((one.family, labels, found.get(one.family, absent(one.path))) for one in ATTRIBUTES)
        node = tree.integer(f"{folder}/numa_node")
        if node is not None and node >= 0:
            yield NUMA, labels, node
        state = tree.value(f"{folder}/power_state")
        if state is not None:
            yield from ((POWER, (*labels, one), int(one == state.decode())) for one in POWER_STATES)


def ids_of(tree: Tree, device: str) -> tuple[str, ...]:
    return tuple((tree.value(f"{FOLDER}/{device}/{path}") or b"").decode() for path in IDS.values())
