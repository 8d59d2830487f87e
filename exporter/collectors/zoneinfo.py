"""Memory by zone: watermarks, sizes, and what the pages are used for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.exposition import Block, Family, Labels, Listing
from exporter.procfs import Trees

LABELS = ("node", "zone")
PAGES = (
    "min low high scanned spanned present managed nr_active_anon nr_inactive_anon nr_isolated_anon nr_active_file "
    "nr_inactive_file nr_isolated_file nr_slab_reclaimable nr_slab_unreclaimable nr_mapped nr_dirty nr_writeback "
    "nr_unevictable nr_shmem"
)
AS_THEY_ARE = "nr_free_pages nr_anon_pages nr_file_pages nr_anon_transparent_hugepages"
COUNTERS = "nr_dirtied nr_written numa_hit numa_miss numa_foreign numa_interleave numa_local numa_other"
STACKS = {b"nr_kernel_stack": Family("node_zoneinfo_nr_kernel_stacks", "Kernel stacks.", labels=LABELS)}


def families(names: str, ending: str, text: str) -> dict[bytes, Family]:
    kind: dict[bytes, Family] = {}
    for name in names.split():
        full = f"node_zoneinfo_{name}{ending}"
        counts = ending == "_total"
        kind[name.encode()] = Family(full, f"{text}, field {name}.", "counter" if counts else "gauge", LABELS)
    return kind


FAMILIES = {
    **families(PAGES, "_pages", "Pages of the zone"),
    **families(AS_THEY_ARE, "", "Pages of the zone"),
    **families(COUNTERS, "_total", "Events in the zone"),
    **STACKS,
}


@dataclass(frozen=True, slots=True)
class ZoneinfoCollector:
    """Source: /proc/zoneinfo, proc(5)."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        return [self.listing.block(zones(self.trees.proc.read("zoneinfo")))]


def zones(content: bytes) -> Iterator[Sample]:
    labels: Labels = ()
    for line in content.splitlines():
        words = line.split()
        if words[:1] == [b"Node"]:
            labels = (words[1].rstrip(b","), words[3])
        elif words[:1] == [b"protection:"]:
            for at, word in enumerate(words[1:]):
                family = Family(f"node_zoneinfo_protection_{at}", "Pages that other zones can't have.", labels=LABELS)
                yield family, labels, word.strip(b"(,)")
        else:
            family_of = FAMILIES.get(words[-2]) if len(words) > 1 else None
            if family_of is not None:
                yield family_of, labels, words[-1]
