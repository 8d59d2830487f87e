"""Disks that are reached over several paths: which of the paths work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "block"
SECTOR_BYTES = 512
WORKING = frozenset({b"running", b"live"})
LABELS = ("device", "sysfs_name")


def gauge(name: str, text: str, labels: tuple[str, ...] = LABELS) -> Family:
    return Family(f"node_dmmultipath_{name}", text, labels=labels)


INFO = gauge("device_info", "Which disk this is, in labels.", (*LABELS, "uuid"))
ACTIVE = gauge("device_active", "Whether the device is in use, not suspended.")
SIZE = gauge("device_size_bytes", "Size of the device.")
PATHS = gauge("device_paths", "Paths to the disk.")
PATHS_ACTIVE = gauge("device_paths_active", "Paths that work.")
PATHS_FAILED = gauge("device_paths_failed", "Paths that don't.")
STATE = gauge("path_state", "State of each path, in a label.", ("device", "path", "state"))


@dataclass(frozen=True, slots=True)
class DmMultipathCollector:
    """Source: /sys/block/dm-N of devices that multipathd(8) made."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        mappings = [name for name in tree.names_if_any(FOLDER) if name.startswith("dm-")]
        uuids = {name: tree.value(f"{FOLDER}/{name}/dm/uuid") or b"" for name in mappings}
        found = {name: uuid for name, uuid in uuids.items() if uuid.startswith(b"mpath-")}
        if not found:
            raise NoData("no disk with several paths")
        return [self.listing.block(s for name, uuid in found.items() for s in of_device(tree, name, uuid))]


def of_device(tree: Tree, name: str, uuid: bytes) -> Iterator[Sample]:
    folder = f"{FOLDER}/{name}"
    device = (tree.value(f"{folder}/dm/name") or b"").decode()
    labels = (device, name)
    paths = tree.names_if_any(f"{folder}/slaves")
    states = [tree.value(f"{FOLDER}/{path}/device/state") or b"unknown" for path in paths]
    working = sum(state in WORKING for state in states)
    yield INFO, (*labels, uuid), 1
    yield ACTIVE, labels, int(tree.integer(f"{folder}/dm/suspended") == 0)
    yield SIZE, labels, (tree.integer(f"{folder}/size") or 0) * SECTOR_BYTES
    yield PATHS, labels, len(paths)
    yield PATHS_ACTIVE, labels, working
    yield PATHS_FAILED, labels, len(paths) - working
    yield from ((STATE, (device, path, state), 1) for path, state in zip(paths, states, strict=True))
