"""Memory pages that the kernel has found to be the same and merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.attributes import Attribute, per, told
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

FOLDER = "kernel/mm/ksm"
ATTRIBUTES = (
    Attribute("full_scans", Family("node_ksmd_full_scans_total", "Scans of all mergeable memory.", "counter")),
    Attribute("general_profit", Family("node_ksmd_general_profit_bytes", "Memory saved, less what merging takes.")),
    Attribute("merge_across_nodes", Family("node_ksmd_merge_across_nodes", "Whether pages of NUMA nodes are merged.")),
    Attribute("pages_shared", Family("node_ksmd_pages_shared", "Merged pages in use.")),
    Attribute("pages_sharing", Family("node_ksmd_pages_sharing", "Places that use merged pages.")),
    Attribute("pages_to_scan", Family("node_ksmd_pages_to_scan", "Pages to look at before each sleep.")),
    Attribute("pages_unshared", Family("node_ksmd_pages_unshared", "Pages that are looked at, and are one of a kind.")),
    Attribute("pages_volatile", Family("node_ksmd_pages_volatile", "Pages that change too fast to be merged.")),
    Attribute("run", Family("node_ksmd_run", "Whether merging runs (1), stands (0) or is undone (2).")),
    Attribute(
        "sleep_millisecs", Family("node_ksmd_sleep_seconds", "How long the scan sleeps between its turns."), per(1000)
    ),
)


@dataclass(frozen=True, slots=True)
class KsmdCollector:
    """Source: /sys/kernel/mm/ksm, kernel's Documentation/admin-guide/mm/ksm.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        samples = list(told(self.trees.sys, FOLDER, (), ATTRIBUTES))
        if not samples:
            raise NoData("this kernel doesn't merge pages")
        return [self.listing.block(samples)]
