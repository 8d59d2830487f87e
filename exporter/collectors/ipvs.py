"""IPVS: the kernel's load balancer, its traffic and its servers."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Labels, Listing
from exporter.procfs import Trees

TOTALS = tuple(
    Family(f"node_ipvs_{name}_total", text, "counter")
    for name, text in {
        "connections": "Connections made.",
        "incoming_packets": "Packets that came in.",
        "outgoing_packets": "Packets that went out.",
        "incoming_bytes": "Bytes that came in.",
        "outgoing_bytes": "Bytes that went out.",
    }.items()
)
BACKEND_LABELS = ("local_address", "local_port", "remote_address", "remote_port", "proto", "local_mark")
BACKEND = {
    "backend_weight": "Weight of the server.",
    "backend_connections_active": "Active connections to the server.",
    "backend_connections_inactive": "Inactive connections to the server.",
}
ARROW = "->"
Backend = tuple[Labels, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class IpvsCollector:
    """Source: /proc/net/ip_vs and ip_vs_stats, ipvsadm(8)."""

    trees: Trees
    backend_labels: str = setting(
        ",".join(BACKEND_LABELS), "Which labels servers have; servers that share them are added up."
    )
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        statistics = self.trees.proc.read_if_any("net/ip_vs_stats")
        if statistics is None:
            raise NoData("no load balancer")
        numbers = statistics.splitlines()[2].split()
        samples: list[Sample] = [(family, (), int(number, 16)) for family, number in zip(TOTALS, numbers, strict=True)]
        return [self.listing.block([*samples, *self._backends()])]

    def _backends(self) -> Iterator[Sample]:
        names = tuple(name for name in self.backend_labels.split(",") if name)
        families = [Family(f"node_ipvs_{name}", text, labels=names) for name, text in BACKEND.items()]
        sums: dict[Labels, tuple[int, ...]] = {}
        for labels, counts in backends(self.trees.proc.read("net/ip_vs").decode()):
            kept = tuple(labels[BACKEND_LABELS.index(name)] for name in names)
            sums[kept] = tuple(map(sum, zip(sums.get(kept, (0, 0, 0)), counts, strict=True)))
        for labels, counts in sums.items():
            yield from ((family, labels, count) for family, count in zip(families, counts, strict=True))


def backends(content: str) -> Iterator[Backend]:
    """Each server with its labels; its weight, active and inactive connections."""
    service = ("", "", "", "")
    for line in content.splitlines()[3:]:
        words = line.split()
        if words[0] == ARROW:
            proto, address, port, mark = service
            remote, remote_port = endpoint(words[1])
            yield (address, port, remote, remote_port, proto, mark), tuple(int(word) for word in words[3:6])
        elif words[0] == "FWM":
            service = ("FWM", "", "0", words[1])
        else:
            service = (words[0], *endpoint(words[1]), "")


def endpoint(text: str) -> tuple[str, str]:
    """`C0A80016:0CEA` is 192.168.0.22, 3306; IPv6 addresses stand in brackets as people write them."""
    host, _, port = text.rpartition(":")
    address = host[1:-1] if host.startswith("[") else socket.inet_ntoa(bytes.fromhex(host))
    return address, str(int(port, 16))
