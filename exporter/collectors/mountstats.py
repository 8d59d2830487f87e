"""NFS mounts: bytes, events, operations and their times, seen by the client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

DEVICE = re.compile(rb"device (\S+) mounted on (\S+) with fstype nfs4? statvers=\S+")
LABELS = ("export", "mountaddr", "protocol")
MANTISSA = 2**53
"""node_exporter takes times modulo the largest whole number that a float tells apart from its neighbours."""

BYTES = "read write direct_read direct_write total_read total_write"
EVENTS = (
    "inode_revalidate dnode_revalidate data_invalidate attribute_invalidate vfs_open vfs_lookup vfs_access "
    "vfs_update_page vfs_read_page vfs_read_pages vfs_write_page vfs_write_pages vfs_getdents vfs_setattr vfs_flush "
    "vfs_fsync vfs_lock vfs_file_release - truncation write_extension silly_rename short_read short_write "
    "jukebox_delay pnfs_read pnfs_write"
)
OPERATIONS = (
    "requests transmissions major_timeouts sent_bytes received_bytes queue_time_seconds response_time_seconds "
    "request_time_seconds"
)
QUEUES = "bad_transaction_ids - backlog_queue maximum_rpc_slots sending_queue pending_queue"
TCP = f"- bind connect - idle_time_seconds sends receives {QUEUES}"
UDP = f"- bind sends receives {QUEUES}"
TRANSPORTS = {b"tcp": TCP, b"udp": UDP, b"rdma": TCP}
"""In the order of the file, net/sunrpc of the kernel; a dash stands for what isn't told."""

GAUGES = frozenset({"idle_time_seconds", "maximum_rpc_slots"})


def counter(name: str, *labels: str) -> Family:
    kind = "gauge" if name.removeprefix("transport_") in GAUGES else "counter"
    full = f"node_mountstats_nfs_{name}" + ("_total" if kind == "counter" else "")
    return Family(full, f"NFS statistic {name}.", "gauge" if kind == "gauge" else "counter", (*LABELS, *labels))


AGE = counter("age_seconds")
INFO = Family("node_mountstats_nfs_mountpoint_info", "Where it is mounted.", labels=("mountpoint", *LABELS))
OF_BYTES = [counter(f"{name}_bytes") for name in BYTES.split()] + [counter("read_pages"), counter("write_pages")]
OF_EVENTS = [None if name == "-" else counter(f"event_{name}") for name in EVENTS.split()]
OF_OPERATIONS = [counter(f"operations_{name}", "operation") for name in OPERATIONS.split()]
OF_TRANSPORT = {name: counter(f"transport_{name}", "transport") for name in TCP.split() if name != "-"}


@dataclass(frozen=True, slots=True)
class MountstatsCollector:
    """Source: /proc/self/mountstats, nfsstat(8)."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        return [self.listing.block(mounts(self.trees.proc.read("self/mountstats")))]


def mounts(content: bytes) -> Iterator[Sample]:
    """A server's export that is mounted twice has one set of counts: it is told once, and each place of it."""
    told: set[tuple[bytes, bytes, bytes]] = set()
    places: set[tuple[bytes, tuple[bytes, bytes, bytes]]] = set()
    for section in re.split(rb"\n(?=device )", content):
        match = DEVICE.match(section)
        if match is None:
            continue
        lines = [line.strip() for line in section.splitlines()[1:]]
        labels = (match[1], *address(lines, match[1]))
        if (match[2], labels) not in places:
            places.add((match[2], labels))
            yield INFO, (match[2], *labels), 1
        if labels not in told:
            told.add(labels)
            yield from of_mount(lines, labels)


def address(lines: list[bytes], export: bytes) -> tuple[bytes, bytes]:
    """The server's address and the protocol, from the options of the mount."""
    options = (
        next((line for line in lines if line.startswith(b"opts:")), b"").removeprefix(b"opts:").strip().split(b",")
    )
    found = {name: value for name, _, value in (option.partition(b"=") for option in options)}
    server = found.get(b"mountaddr") or found.get(b"addr") or export.partition(b":")[0]
    return server, found.get(b"proto", b"")


def of_mount(lines: list[bytes], labels: tuple[bytes, bytes, bytes]) -> Iterator[Sample]:
    transports, operations = 0, False
    for line in lines:
        name, _, rest = line.partition(b":")
        words = rest.split()
        if line == b"per-op statistics":
            operations = True
        elif operations and words:
            yield from of_operation(name, words, labels)
        elif name == b"age":
            yield AGE, labels, words[0]
        elif name == b"bytes":
            yield from ((family, labels, word) for family, word in zip(OF_BYTES, words, strict=True))
        elif name == b"events":
            told = zip(OF_EVENTS, words, strict=False)
            yield from ((family, labels, word) for family, word in told if family is not None)
        elif name == b"xprt":
            yield from of_transport(words, (*labels, str(transports)))
            transports += 1


def of_operation(name: bytes, words: list[bytes], labels: tuple[bytes, bytes, bytes]) -> Iterator[Sample]:
    for family, word in zip(OF_OPERATIONS, words, strict=False):
        seconds = family.name.endswith("_time_seconds_total")
        yield family, (*labels, name), int(word) % MANTISSA / 1000 if seconds else word


def of_transport(words: list[bytes], labels: tuple[bytes, bytes, bytes, str]) -> Iterator[Sample]:
    """UDP has no connections: what is counted of them is 0."""
    found = dict(zip(TRANSPORTS[words[0]].split(), words[1:], strict=False))
    yield from ((family, labels, found.get(name, 0)) for name, family in OF_TRANSPORT.items())
