"""XFS filesystems: allocations, lookups, operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

FOLDER = "fs/xfs"
BTREE = "lookups compares records_inserted records_deleted"
LINES = {
    "extent_alloc": (
        "extent_allocation",
        "extents_allocated blocks_allocated extents_freed blocks_freed",
    ),
    "abt": ("allocation_btree", BTREE),
    "blk_map": (
        "block_mapping",
        "reads writes unmaps extent_list_insertions extent_list_deletions extent_list_lookups extent_list_compares",
    ),
    "bmbt": ("block_map_btree", BTREE),
    "dir": ("directory_operation", "lookup create remove getdents"),
    "ig": ("inode_operation", "attempts found recycled missed duplicates reclaims attribute_changes"),
    "rw": ("", "write_calls read_calls"),
    "vnodes": ("vnode", "active allocate get hold release reclaim remove"),
}
"""How each line's numbers are called, in their order, and what stands before."""

FAMILIES = {
    line.encode(): [
        Family(
            f"node_xfs_{subject}{'_' * bool(subject)}{name}_total",
            f"XFS statistic {line}: {name.replace('_', ' ')}.",
            "counter",
            ("device",),
        )
        for name in names.split()
    ]
    for line, (subject, names) in LINES.items()
}


@dataclass(frozen=True, slots=True)
class XfsCollector:
    """Source: /sys/fs/xfs/DEVICE/stats/stats, kernel's Documentation/admin-guide/xfs.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        contents = {name: tree.read_if_any(f"{FOLDER}/{name}/stats/stats") for name in tree.names_if_any(FOLDER)}
        samples = [sample for name, content in contents.items() if content for sample in of_device(name, content)]
        return [self.listing.block(samples)]


def of_device(device: str, content: bytes) -> Iterator[Sample]:
    for line in content.splitlines():
        name, *values = line.split()
        told = zip(FAMILIES.get(name, ()), values, strict=False)
        yield from ((family, (device,), value) for family, value in told)
