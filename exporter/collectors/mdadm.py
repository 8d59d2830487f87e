"""Software RAID: the state of each array, its disks, and how far a rebuild is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

LABELS = ("device",)
STATE = Family("node_md_state", "What the array does (1), of all it could do (0).", labels=("device", "state"))
DISKS = Family("node_md_disks", "Disks of the array that are active, failed or spare.", labels=("device", "state"))
REQUIRED = Family("node_md_disks_required", "Disks that the array is made for.", labels=LABELS)
BLOCKS = Family("node_md_blocks", "Blocks of 1 KiB that the array has.", labels=LABELS)
SYNCED = Family("node_md_blocks_synced", "Blocks that are in sync.", labels=LABELS)
ATTRIBUTES = (
    Attribute("raid_disks", Family("node_md_raid_disks", "Disks that a fully working array has.", labels=LABELS)),
    Attribute("degraded", Family("node_md_degraded", "Disks by which the array is short.", labels=LABELS)),
)
STATES = ("active", "inactive", "recovering", "resync", "check")
ACTIVITIES = {"recovery": "recovering", "resync": "resync", "check": "check", "reshape": "resync"}
DISKS_LINE = re.compile(r"\[(\d+)/(\d+)\] \[[U_]+\]")
PROGRESS = re.compile(r"\((\d+)/\d+\)")


@dataclass(frozen=True, slots=True)
class Array:
    """One array as /proc/mdstat tells it."""

    name: str
    state: str
    disks: dict[str, int]
    required: int
    blocks: int
    synced: int


@dataclass(frozen=True, slots=True)
class MdadmCollector:
    """Source: /proc/mdstat and /sys/block/mdN/md, md(4)."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read_if_any("mdstat")
        if content is None:
            raise NoData("the kernel has no RAID")
        samples = [sample for array in arrays(content.decode()) for sample in of_array(array)]
        return [self.listing.block([*samples, *of_sysfs(self.trees.sys)])]


def arrays(content: str) -> Iterator[Array]:
    """Each array has a line with its disks, one with its size, and perhaps some about its bitmap and progress."""
    for paragraph in re.split(r"\n(?=\S)", content):
        lines = paragraph.splitlines()
        if lines and " : " in lines[0] and not lines[0].startswith(("Personalities", "unused")):
            yield array(lines)


def array(lines: list[str]) -> Array:
    name, _, rest = lines[0].partition(" : ")
    state = rest.split()[0]
    active = required = 0
    if "raid0" in rest or "linear" in rest:
        # These work with all of their disks or not at all, so that the kernel gives no counts.
        active = required = rest.count("[")
    elif state == "active" and (counts := DISKS_LINE.search(lines[1])):
        required, active = int(counts[1]), int(counts[2])
    blocks = int(lines[1].split()[0])
    synced = blocks
    for line in lines[2:]:
        doing = [told_as for word, told_as in ACTIVITIES.items() if f"{word} =" in line or f"{word}=" in line]
        if doing:
            progress = PROGRESS.search(line)
            state, synced = doing[0], int(progress[1]) if progress else 0
    disks = {"active": active, "failed": rest.count("(F)"), "spare": rest.count("(S)")}
    return Array(name, state, disks, required, blocks, synced)


def of_array(one: Array) -> Iterator[Sample]:
    yield from ((STATE, (one.name, state), int(state == one.state)) for state in STATES)
    yield from ((DISKS, (one.name, state), count) for state, count in one.disks.items())
    yield REQUIRED, (one.name,), one.required
    yield BLOCKS, (one.name,), one.blocks
    yield SYNCED, (one.name,), one.synced


def of_sysfs(tree: Tree) -> Iterator[Sample]:
    for name in tree.names_if_any("block"):
        if name.startswith("md"):
            found = list(told(tree, f"block/{name}/md", (name,), ATTRIBUTES))
            yield from found
            if found and ATTRIBUTES[1].family not in {family for family, _, _ in found}:
                # RAID 0 can't be degraded.
                yield ATTRIBUTES[1].family, (name,), 0
