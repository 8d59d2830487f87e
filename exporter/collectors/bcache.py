"""bcache: fast disks that cache slow ones; hits, dirty data, write-back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Convert, Sample, per, plain, told
from exporter.collectors import setting
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "fs/bcache"
SIZE = re.compile(rb"(-?)(\d+)(?:\.(\d))?([kMGTPEZY]?)(?:/sec)?")
UNITS = b"kMGTPEZY"


def human(raw: bytes) -> int:
    """A size such as `1.1M`, whose fraction counts hundreds of the next smaller unit, as the kernel prints it."""
    match = SIZE.fullmatch(raw)
    if match is None:
        raise ValueError(f"not a size: {raw!r}")
    sign, whole, tenth, unit = match.groups()
    power = UNITS.index(unit) + 1 if unit else 0
    size: int = int(whole) * 1024**power + (int(tenth or 0) * 100 * 1024 ** (power - 1) if power else 0)
    return -size if sign else size


def gauge(path: str, name: str, text: str, labels: tuple[str, ...], convert: Convert = plain) -> Attribute:
    return Attribute(path, Family(f"node_bcache_{name}", text, labels=labels), convert)


def counter(path: str, name: str, text: str, labels: tuple[str, ...], convert: Convert = plain) -> Attribute:
    return Attribute(path, Family(f"node_bcache_{name}_total", text, "counter", labels), convert)


SET, BACKING, CACHE = ("uuid",), ("backing_device", "uuid"), ("cache_device", "uuid")
OF_SET = (
    gauge("average_key_size", "average_key_size_sectors", "Average data of a key, in sectors.", SET),
    gauge("btree_cache_size", "btree_cache_size_bytes", "Memory of the btree cache.", SET, human),
    gauge("cache_available_percent", "cache_available_percent", "Cache without dirty data.", SET),
    gauge("congested", "congested", "How congested the cache is.", SET),
    gauge("root_usage_percent", "root_usage_percent", "Use of the btree's root.", SET),
    gauge("tree_depth", "tree_depth", "Depth of the btree.", SET),
    gauge("internal/active_journal_entries", "active_journal_entries", "Journal entries newer than the index.", SET),
    gauge("internal/btree_nodes", "btree_nodes", "Nodes of the btree.", SET),
    gauge(
        "internal/btree_read_average_duration_us",
        "btree_read_average_duration_seconds",
        "Average time of reading from the btree.",
        SET,
        per(1e9),  # as node_exporter takes it, against the name of the file
    ),
    counter("internal/cache_read_races", "cache_read_races", "Reads whose data was overwritten meanwhile.", SET),
)
OF_BACKING = (
    gauge("dirty_data", "dirty_data_bytes", "Data not yet written back.", BACKING, human),
    counter("stats_total/bypassed", "bypassed_bytes", "Data that went past the cache.", BACKING, human),
    counter("stats_total/cache_hits", "cache_hits", "Requests served from the cache.", BACKING),
    counter("stats_total/cache_misses", "cache_misses", "Requests not served from the cache.", BACKING),
    counter("stats_total/cache_bypass_hits", "cache_bypass_hits", "Hits of requests that go past it.", BACKING),
    counter("stats_total/cache_bypass_misses", "cache_bypass_misses", "Misses of such requests.", BACKING),
    counter("stats_total/cache_miss_collisions", "cache_miss_collisions", "Misses overtaken by a write.", BACKING),
    counter("stats_total/cache_readaheads", "cache_readaheads", "Reads ahead.", BACKING),
)
OF_CACHE = (
    gauge("io_errors", "io_errors", "Errors, fewer of them as time goes by.", CACHE),
    counter("metadata_written", "metadata_written_bytes", "Metadata written.", CACHE, human),
    counter("written", "written_bytes", "Data written.", CACHE, human),
)
WRITEBACK = {
    b"rate": Family("node_bcache_writeback_rate", "Rate of write-back, in bytes a second.", labels=BACKING),
    b"target": Family("node_bcache_dirty_target_bytes", "Dirty data that is aimed at.", labels=BACKING),
    b"proportional": Family("node_bcache_writeback_rate_proportional_term", "Proportional term.", labels=BACKING),
    b"integral": Family("node_bcache_writeback_rate_integral_term", "Integral term.", labels=BACKING),
    b"change": Family("node_bcache_writeback_change", "Last change of the rate.", labels=BACKING),
}
PRIORITIES = {
    b"Unused": Family("node_bcache_priority_stats_unused_percent", "Cache without any data.", labels=CACHE),
    b"Metadata": Family("node_bcache_priority_stats_metadata_percent", "Cache with metadata.", labels=CACHE),
}


@dataclass(frozen=True, slots=True)
class BcacheCollector:
    """Source: /sys/fs/bcache/UUID, kernel's Documentation/admin-guide/bcache.rst."""

    trees: Trees
    priority_stats: bool = setting(
        default=False, help_text="Tell how the cache is used, which costs much.", flag="priorityStats"
    )
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        # A set's name is a UUID; files for control stand beside.
        sets = [name for name in tree.names_if_any(FOLDER) if "-" in name]
        return [self.listing.block(sample for uuid in sets for sample in self._of_set(tree, uuid))]

    def _of_set(self, tree: Tree, uuid: str) -> Iterator[Sample]:
        folder = f"{FOLDER}/{uuid}"
        yield from told(tree, folder, (uuid,), OF_SET)
        for name in tree.names(folder):
            place, labels = f"{folder}/{name}", (name, uuid)
            if re.fullmatch(r"bdev\d+", name):
                yield from told(tree, place, labels, OF_BACKING)
                for word, raw in lines(tree, f"{place}/writeback_rate_debug"):
                    if word in WRITEBACK:
                        yield WRITEBACK[word], labels, human(raw)
            elif re.fullmatch(r"cache\d+", name):
                yield from told(tree, place, labels, OF_CACHE)
                if self.priority_stats:
                    priorities = lines(tree, f"{place}/priority_stats")
                    yield from (
                        (PRIORITIES[word], labels, raw.rstrip(b"%")) for word, raw in priorities if word in PRIORITIES
                    )


def lines(tree: Tree, path: str) -> Iterator[tuple[bytes, bytes]]:
    """The lines `word: value` of a file."""
    for line in (tree.read_if_any(path) or b"").splitlines():
        word, _, value = line.partition(b":")
        yield word, value.strip()
