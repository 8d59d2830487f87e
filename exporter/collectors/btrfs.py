"""Btrfs filesystems: space by kind of block group, devices, commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, times, told
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
DEVICE = Attribute(
    "size",
    Family("node_btrfs_device_size_bytes", "Size of a device of the filesystem.", labels=("device", "uuid")),
    times(SECTOR_BYTES),
)
COMMITS = Family("node_btrfs_commits_total", "Commits.", "counter", ("uuid",))
MILLISECONDS = {
    b"last_commit_ms": Family("node_btrfs_last_commit_seconds", "How long the last commit took.", labels=("uuid",)),
    b"max_commit_ms": Family("node_btrfs_max_commit_seconds", "How long the slowest commit took.", labels=("uuid",)),
    b"total_commit_ms": Family("node_btrfs_commit_seconds_total", "Time that commits took.", "counter", ("uuid",)),
}


@dataclass(frozen=True, slots=True)
class BtrfsCollector:
    """Source: /sys/fs/btrfs/UUID, btrfs(5). What only an ioctl of root's tells (device errors) is not told."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        # A filesystem's name is its UUID; what the kernel can do stands beside.
        filesystems = [name for name in tree.names_if_any(FOLDER) if "-" in name]
        return [self.listing.block(sample for uuid in filesystems for sample in of_filesystem(tree, uuid))]


def of_filesystem(tree: Tree, uuid: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{uuid}"
    yield INFO, (tree.value(f"{folder}/label") or b"", uuid), 1
    yield from told(tree, folder, (uuid,), (GLOBAL,))
    yield from of_commits(tree.read_if_any(f"{folder}/commit_stats") or b"", uuid)
    devices = tree.names(f"{folder}/devices")
    for device in devices:
        yield from told(tree, f"{folder}/devices/{device}", (device, uuid), (DEVICE,))
    for kind in KINDS:
        yield from of_kind(tree, f"{folder}/allocation/{kind}", (kind, uuid), len(devices))


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
