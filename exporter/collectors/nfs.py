"""NFS, as a client: calls by procedure, retransmissions, connections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.collectors.rpcstat import CLIENT, lines, requests
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

CALLS = (
    Family("node_nfs_rpcs_total", "Remote procedure calls made.", "counter"),
    Family("node_nfs_rpc_retransmissions_total", "Calls sent once more.", "counter"),
    Family("node_nfs_rpc_authentication_refreshes_total", "Credentials asked for anew.", "counter"),
    Family("node_nfs_connections_total", "TCP connections made.", "counter"),
)
PACKETS = Family("node_nfs_packets_total", "Packets sent and received.", "counter", ("protocol",))
REQUESTS = Family("node_nfs_requests_total", "Calls, by procedure.", "counter", ("method", "proto"))


@dataclass(frozen=True, slots=True)
class NfsCollector:
    """Source: /proc/net/rpc/nfs, nfsstat(8)."""

    trees: Trees
    calls: Table = field(default_factory=lambda: Table(*CALLS), init=False, repr=False)
    packets: Table = field(default_factory=lambda: Table(PACKETS), init=False, repr=False)
    procedures: Table = field(default_factory=lambda: Table(REQUESTS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read_if_any("net/rpc/nfs")
        if content is None:
            raise NoData("no NFS client")
        found = lines(content)
        _, udp, tcp, connections = found["net"][:4]
        yield self.calls.single([*found["rpc"][:3], connections])
        yield self.packets.block([("tcp",), ("udp",)], [[tcp, udp]])
        told = [
            pair
            for proto, names in CLIENT.items()
            for pair in requests(found.get(f"proc{proto}", [])[1:], names, proto)
        ]
        yield self.procedures.block([labels for labels, _ in told], [[count for _, count in told]])
