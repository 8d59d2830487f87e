"""NVMe drives: model, firmware, state, and the size and use of their namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "class/nvme"
NAMESPACE = re.compile(r"nvme\d+(?:c\d+)?n(\d+)")
INFO = Family(
    "node_nvme_info",
    "What the drive is, in labels.",
    labels=("cntlid", "device", "firmware_revision", "model", "serial", "state"),
)
LABELS = ("device", "nsid")
NAMESPACE_INFO = Family("node_nvme_namespace_info", "State of the way to it.", labels=("ana_state", *LABELS))
SIZE = Family("node_nvme_namespace_size_bytes", "Size of the namespace.", labels=LABELS)
CAPACITY = Family("node_nvme_namespace_capacity_bytes", "How much the namespace can hold.", labels=LABELS)
USED = Family("node_nvme_namespace_used_bytes", "How much of the namespace is in use.", labels=LABELS)
BLOCK = Family("node_nvme_namespace_logical_block_size_bytes", "Size of a logical block.", labels=LABELS)


@dataclass(frozen=True, slots=True)
class NvmeCollector:
    """Source: /sys/class/nvme."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        devices = tree.names_if_any(FOLDER)
        if not devices:
            raise NoData("no NVMe drive")
        return [self.listing.block(sample for device in devices for sample in of_device(tree, device))]


def of_device(tree: Tree, device: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{device}"
    controller, firmware, model, serial, state = (
        tree.value(f"{folder}/{name}") or b"" for name in ("cntlid", "firmware_rev", "model", "serial", "state")
    )
    yield INFO, (controller, device, firmware, model, serial, state), 1
    for name in tree.names(folder):
        match = NAMESPACE.fullmatch(name)
        if match:
            yield from of_namespace(tree, f"{folder}/{name}", (device, match[1]))


def of_namespace(tree: Tree, folder: str, labels: tuple[str, str]) -> Iterator[Sample]:
    block = tree.integer(f"{folder}/queue/logical_block_size")
    size = tree.integer(f"{folder}/size")
    used = tree.integer(f"{folder}/nuse")
    if block is None or size is None:
        return
    yield NAMESPACE_INFO, (tree.value(f"{folder}/ana_state") or "unknown", *labels), 1
    # As node_exporter has it, also for drives with blocks of 4 KiB, of which sysfs counts sectors of 512 bytes.
    yield SIZE, labels, size * block
    yield CAPACITY, labels, size * block
    yield BLOCK, labels, block
    if used is not None:
        yield USED, labels, used * block
