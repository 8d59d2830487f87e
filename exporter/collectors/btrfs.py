"""Btrfs filesystems: space by kind of block group, devices, commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.collectors import btrfs_devices
from exporter.collectors.btrfs_devices import Device
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "fs/btrfs"
SECTOR_BYTES = 512
KINDS = ("data", "metadata", "system")
COPIES = {"raid0": 1, "raid1": 2, "raid1c3": 3, "raid1c4": 4, "raid10": 2, "dup": 2, "single": 1}
PARITY = {"raid5": 1, "raid6": 2}

INFO = Family("node_btrfs_info", "The filesystem's label.", labels=("label", "uuid"))
GLOBAL = Attribute(
    "allocation/global_rsv_size",
    Family("node_btrfs_global_rsv_size_bytes", "Size of the global reserve.", labels=("uuid",)),
)
RESERVED = Attribute(
    "bytes_reserved",
    Family("node_btrfs_reserved_bytes", "Space reserved for this kind of data.", labels=("block_group_type", "uuid")),
)
LAYOUT_LABELS = ("block_group_type", "mode", "uuid")
LAYOUT = (
    Attribute("used_bytes", Family("node_btrfs_used_bytes", "Space in use.", labels=LAYOUT_LABELS)),
    Attribute("total_bytes", Family("node_btrfs_size_bytes", "Space allocated.", labels=LAYOUT_LABELS)),
)
RATIO = Family("node_btrfs_allocation_ratio", "Bytes on disk for each byte of data.", labels=LAYOUT_LABELS)
DEVICE_LABELS = ("btrfs_dev_uuid", "device", "uuid")
SIZE = Family("node_btrfs_device_size_bytes", "Size of a device of the filesystem.", labels=DEVICE_LABELS)
UNUSED = Family("node_btrfs_device_unused_bytes", "Space of a device not in use.", labels=DEVICE_LABELS)
ERRORS = Family(
    "node_btrfs_device_errors_total", "Errors of a device, by kind.", "counter", labels=(*DEVICE_LABELS, "type")
)
COMMITS = Family("node_btrfs_commits_total", "Commits.", "counter", ("uuid",))
MILLISECONDS = {
    b"last_commit_ms": Family("node_btrfs_last_commit_seconds", "How long the last commit took.", labels=("uuid",)),
    b"max_commit_ms": Family("node_btrfs_max_commit_seconds", "How long the slowest commit took.", labels=("uuid",)),
    b"total_commit_ms": Family("node_btrfs_commit_seconds_total", "Time that commits took.", "counter", ("uuid",)),
}


@dataclass(frozen=True, slots=True)
class BtrfsCollector:
    """Source: /sys/fs/btrfs/UUID, btrfs(5), and ioctls on the places where it is mounted."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        # A filesystem's name is its UUID; what the kernel can do stands beside.
        filesystems = [name for name in tree.names_if_any(FOLDER) if "-" in name]
        if not filesystems:
            return []
        opened = btrfs_devices.filesystems(self.trees)
        samples = (sample for uuid in filesystems for sample in of_filesystem(tree, uuid, opened.get(uuid, ())))
        return [self.listing.block(samples)]


def of_filesystem(tree: Tree, uuid: str, opened: Sequence[Device]) -> Iterator[Sample]:
    folder = f"{FOLDER}/{uuid}"
    yield INFO, (tree.value(f"{folder}/label") or b"", uuid), 1
    yield from told(tree, folder, (uuid,), (GLOBAL,))
    yield from of_commits(tree.read_if_any(f"{folder}/commit_stats") or b"", uuid)
    devices = tree.names(f"{folder}/devices")
    yield from of_opened(opened, uuid) if opened else of_devices(tree, devices, uuid)
    for kind in KINDS:
        yield from of_kind(tree, f"{folder}/allocation/{kind}", (kind, uuid), len(devices))


def of_devices(tree: Tree, devices: Sequence[str], uuid: str) -> Iterator[Sample]:
    """What is known without opening the filesystem."""
    for device in devices:
        sectors = tree.integer(f"{FOLDER}/{uuid}/devices/{device}/size")
        if sectors is not None:
            yield SIZE, (None, device, uuid), sectors * SECTOR_BYTES


def of_opened(devices: Sequence[Device], uuid: str) -> Iterator[Sample]:
    for device in devices:
        labels = (device.uuid, device.name, uuid)
        yield SIZE, labels, device.size
        yield UNUSED, labels, device.size - device.used
        kinds = zip(btrfs_devices.KINDS, device.errors, strict=True)
        yield from ((ERRORS, (*labels, kind), count) for kind, count in kinds)


def of_commits(content: bytes, uuid: str) -> Iterator[Sample]:
    """All zero before Linux 6.1, which doesn't tell."""
    found = dict(line.split() for line in content.splitlines() if line.strip())
    yield COMMITS, (uuid,), found.get(b"commits", 0)
    for name, family in MILLISECONDS.items():
        yield family, (uuid,), int(found.get(name, 0)) / 1000


def of_kind(tree: Tree, folder: str, labels: tuple[str, str], devices: int) -> Iterator[Sample]:
    kind, uuid = labels
    yield from told(tree, folder, labels, (RESERVED,))
    for layout in tree.names(folder):
        if layout in COPIES or layout in PARITY:
            yield from told(tree, f"{folder}/{layout}", (kind, layout, uuid), LAYOUT)
            yield RATIO, (kind, layout, uuid), ratio(layout, devices)


def ratio(layout: str, devices: int) -> float:
    """With parity, all devices but one or two carry data."""
    if layout in COPIES:
        return COPIES[layout]
    return devices / max(devices - PARITY[layout], 1)
