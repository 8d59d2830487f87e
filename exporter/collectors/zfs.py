"""ZFS: caches, transactions, pools and their datasets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from exporter.attributes import Sample, metric_name
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Labels, Listing
from exporter.procfs import Tree, Trees

FOLDER = "spl/kstat/zfs"
FILES = {
    "abdstats": "abd",
    "arcstats": "arc",
    "dbufstats": "dbuf",
    "dmu_tx": "dmu_tx",
    "dnodestats": "dnode",
    "fm": "fm",
    "vdev_cache_stats": "vdev_cache",
    "vdev_mirror_stats": "vdev_mirror",
    "xuio_stats": "xuio",
    "zfetchstats": "zfetch",
    "zil": "zil",
}
STATE = Family(
    "node_zfs_zpool_state", "What state the pool is in (1), of all that it could be in.", labels=("state", "zpool")
)
STATES = ("degraded", "faulted", "offline", "online", "removed", "suspended", "unavail")
NUMBERS = frozenset({b"3", b"4"})
"""Types of kstat's that are whole numbers; 7 is a text."""


@dataclass(frozen=True, slots=True)
class ZfsCollector:
    """Source: /proc/spl/kstat/zfs of OpenZFS; its names are told as they are."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.proc
        names = tree.names_if_any(FOLDER)
        if not names:
            raise NoData("no ZFS")
        samples = [sample for file, subject in FILES.items() for sample in of_file(tree, file, subject)]
        pools = [name for name in names if tree.is_folder(f"{FOLDER}/{name}")]
        return [self.listing.block([*samples, *(sample for pool in pools for sample in of_pool(tree, pool))])]


def of_file(tree: Tree, file: str, subject: str) -> Iterator[Sample]:
    content = tree.read_if_any(f"{FOLDER}/{file}") or b""
    yield from ((family(f"{subject}_", name), (), value) for name, value in numbers(content))


def of_pool(tree: Tree, pool: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{pool}"
    state = tree.value(f"{folder}/state")
    if state is not None:
        yield from ((STATE, (one, pool), int(one == state.decode().lower())) for one in STATES)
    for name in tree.names(folder):
        content = tree.read_if_any(f"{folder}/{name}") or b""
        if name == "io":
            header, values = (line.split() for line in content.splitlines()[1:3])
            pairs = zip(header, values, strict=True)
            yield from ((family("zpool_", one, "zpool"), (pool,), value) for one, value in pairs)
        elif name.startswith("objset-"):
            labels: Labels = (dataset(content), pool)
            told = numbers(content)
            yield from ((family("zpool_dataset_", one, "dataset", "zpool"), labels, value) for one, value in told)


def numbers(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and value of the lines that are numbers; two lines of header come before."""
    for line in content.splitlines()[2:]:
        name, kind, value = line.split(None, 2)
        if kind in NUMBERS:
            yield name, value


def dataset(content: bytes) -> bytes:
    lines = (line.split(None, 2) for line in content.splitlines())
    return next((words[2].strip() for words in lines if words and words[0] == b"dataset_name"), b"")


@lru_cache(1024)
def family(prefix: str, name: bytes, *labels: str) -> Family:
    full = f"node_zfs_{prefix}{metric_name(name.decode())}"
    return Family(full, f"ZFS statistic {name.decode()} of {prefix.rstrip('_')}.", "untyped", labels)
