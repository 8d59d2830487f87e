"""bcachefs filesystems: counters, compression, devices and their errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from exporter.attributes import Attribute, Convert, Sample, plain, told
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "fs/bcachefs"
SIZE = re.compile(rb"(\d+(?:\.\d+)?)([kKMGTPE]?)")
POWERS = b" KMGTPE"
CREATION = b"since filesystem creation:"
DEVICE = ("device", "uuid")
INFO = Family("node_bcachefs_info", "A bcachefs that is mounted.", labels=("uuid",))
DEVICE_INFO = Family(
    "node_bcachefs_device_info", "Label and state of a device.", labels=("device", "label", "state", "uuid")
)
COMPRESSED = Family("node_bcachefs_compression_compressed_bytes", "Size as stored.", labels=("algorithm", "uuid"))
UNCOMPRESSED = Family("node_bcachefs_compression_uncompressed_bytes", "Size as read.", labels=("algorithm", "uuid"))
ERRORS = Family("node_bcachefs_errors_total", "Errors found in the filesystem.", "counter", ("error_type", "uuid"))
WRITES = Family("node_bcachefs_btree_writes_total", "Writes of btree nodes.", "counter", ("type", "uuid"))
WRITE_SIZE = Family("node_bcachefs_btree_write_average_size_bytes", "Their average size.", labels=("type", "uuid"))
IO_DONE = Family(
    "node_bcachefs_device_io_done_bytes_total",
    "Bytes read and written.",
    "counter",
    ("data_type", "device", "operation", "uuid"),
)
IO_ERRORS = Family(
    "node_bcachefs_device_io_errors_total",
    "Errors since the filesystem was made.",
    "counter",
    ("device", "type", "uuid"),
)


def human(raw: bytes) -> int:
    """A size such as `2.05G`, rounded down to bytes."""
    match = SIZE.fullmatch(raw)
    if match is None:
        raise ValueError(f"not a size: {raw!r}")
    return int(float(match[1]) * 1024 ** POWERS.index(match[2].upper() or b" "))


def gauge(path: str, name: str, text: str, labels: tuple[str, ...] = DEVICE, convert: Convert = plain) -> Attribute:
    return Attribute(path, Family(f"node_bcachefs_{name}", text, labels=labels), convert)


OF_FILESYSTEM = (gauge("btree_cache_size", "btree_cache_size_bytes", "Memory of the btree cache.", ("uuid",), human),)
OF_DEVICE = (
    gauge("bucket_size", "device_bucket_size_bytes", "Size of a bucket.", DEVICE, human),
    gauge("nbuckets", "device_buckets", "Buckets of the device."),
    gauge("durability", "device_durability", "How many copies one on this device counts for."),
)


@dataclass(frozen=True, slots=True)
class BcachefsCollector:
    """Source: /sys/fs/bcachefs/UUID."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        filesystems = tree.names_if_any(FOLDER)
        if not filesystems:
            raise NoData("no bcachefs is mounted")
        return [self.listing.block(sample for uuid in filesystems for sample in of_filesystem(tree, uuid))]


def of_filesystem(tree: Tree, uuid: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{uuid}"
    yield INFO, (uuid,), 1
    yield from told(tree, folder, (uuid,), OF_FILESYSTEM)
    for name in tree.names_if_any(f"{folder}/counters"):
        content = tree.read_if_any(f"{folder}/counters/{name}") or b""
        if CREATION in content:
            yield counter(name), (uuid,), human(content.partition(CREATION)[2].split()[0])
    # Headers of these tables have no numbers, or other counts of words.
    for words in table(tree, f"{folder}/compression_stats"):
        if words[1][:1].isdigit():
            yield COMPRESSED, (words[0], uuid), human(words[1])
            yield UNCOMPRESSED, (words[0], uuid), human(words[2])
    for words in table(tree, f"{folder}/btree_write_stats"):
        if words[0].endswith(b":"):
            yield WRITES, (words[0].rstrip(b":"), uuid), human(words[1])
            yield WRITE_SIZE, (words[0].rstrip(b":"), uuid), human(words[2])
    yield from ((ERRORS, (words[0], uuid), words[1]) for words in table(tree, f"{folder}/errors"))
    for name in tree.names(folder):
        if name.startswith("dev-"):
            yield from of_device(tree, f"{folder}/{name}", name.removeprefix("dev-"), uuid)


def of_device(tree: Tree, folder: str, device: str, uuid: str) -> Iterator[Sample]:
    label, state = (tree.value(f"{folder}/{name}") or b"" for name in ("label", "state"))
    yield DEVICE_INFO, (device, label, state, uuid), 1
    yield from told(tree, folder, (device, uuid), OF_DEVICE)
    operation = b""
    for words in table(tree, f"{folder}/io_done"):
        if len(words) == 1:
            operation = words[0].rstrip(b":")
        else:
            yield IO_DONE, (words[0].rstrip(b":"), device, operation, uuid), words[-1]
    # The file tells the errors since creation, then those since some later time.
    for line in (tree.read_if_any(f"{folder}/io_errors") or b"").split(b"IO errors since")[1:2]:
        for text in line.splitlines()[1:]:
            kind, _, count = text.partition(b":")
            yield IO_ERRORS, (device, kind.strip(), uuid), count.strip()


def table(tree: Tree, path: str) -> Iterator[list[bytes]]:
    """The words of each line of a file; a colon ends a word."""
    content = (tree.read_if_any(path) or b"").replace(b":", b": ").replace(b" : ", b": ")
    return (line.replace(b" :", b":").split() for line in content.splitlines() if line.strip())


@lru_cache(256)
def counter(name: str) -> Family:
    return Family(f"node_bcachefs_{name}_total", f"Count {name} since the filesystem was made.", "counter", ("uuid",))
