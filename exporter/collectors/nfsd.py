"""NFS, as a server: calls by procedure, bytes read and written, threads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.collectors.rpcstat import CLIENT, SERVER_4, lines, requests
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees


def counter(name: str, text: str, *labels: str) -> Family:
    return Family(f"node_nfsd_{name}_total", text, "counter", labels)


SINGLE = (
    counter("reply_cache_hits", "Replies found in the cache."),
    counter("reply_cache_misses", "Replies not found in the cache."),
    counter("reply_cache_nocache", "Replies that can't be kept in the cache."),
    counter("file_handles_stale", "File handles that had grown stale."),
    counter("disk_bytes_read", "Bytes read for clients."),
    counter("disk_bytes_written", "Bytes written for clients."),
    Family("node_nfsd_server_threads", "Threads that serve."),
    Family("node_nfsd_read_ahead_cache_size_blocks", "Size of the read-ahead cache, in blocks."),
    counter("read_ahead_cache_not_found", "Reads that were not in the read-ahead cache."),
    counter("connections", "TCP connections accepted."),
    counter("server_rpcs", "Remote procedure calls served."),
)
PACKETS = counter("packets", "Packets received, by protocol.", "proto")
ERRORS = counter("rpc_errors", "Calls that were refused, by reason.", "error")
REQUESTS = counter("requests", "Calls, by procedure.", "method", "proto")
NOT_NULL = {proto: names.replace("Null", "-", 1) for proto, names in CLIENT.items()}
NO_READ_AHEAD = [b"0"] * 12
"""Linux 6.2 and later don't tell of it."""


@dataclass(frozen=True, slots=True)
class NfsdCollector:
    """Source: /proc/net/rpc/nfsd, nfsstat(8)."""

    trees: Trees
    numbers: Table = field(default_factory=lambda: Table(*SINGLE), init=False, repr=False)
    packets: Table = field(default_factory=lambda: Table(PACKETS), init=False, repr=False)
    errors: Table = field(default_factory=lambda: Table(ERRORS), init=False, repr=False)
    procedures: Table = field(default_factory=lambda: Table(REQUESTS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read_if_any("net/rpc/nfsd")
        if content is None:
            raise NoData("no NFS server")
        found = lines(content)
        cache = found.get("ra", NO_READ_AHEAD)
        _, udp, tcp, connections = found["net"][:4]
        calls, _, malformed, forbidden, client = found["rpc"][:5]
        single = [*found["rc"][:3], found["fh"][0], *found["io"][:2], found["th"][0], cache[0], cache[-1]]
        yield self.numbers.single([*single, connections, calls])
        yield self.packets.block([("tcp",), ("udp",)], [[tcp, udp]])
        yield self.errors.block([("auth",), ("cInt",), ("fmt",)], [[forbidden, client, malformed]])
        told = [
            *requests(found.get("proc2", [])[1:], NOT_NULL["2"], "2"),
            *requests(found.get("proc3", [])[1:], NOT_NULL["3"], "3"),
            *requests(found.get("proc4ops", [])[1:], SERVER_4, "4"),
            *requests(found.get("wdeleg_getattr", []), "WdelegGetattr", "4"),
        ]
        yield self.procedures.block([labels for labels, _ in told], [[count for _, count in told]])
