"""Sockets in use, by protocol, and the memory they take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from mmap import PAGESIZE

from exporter.attributes import Sample
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees


@dataclass(frozen=True, slots=True)
class SockstatCollector:
    """Source: /proc/net/sockstat and sockstat6, proc(5)."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read("net/sockstat")
        # Without IPv6 there is no such file.
        content6 = self.trees.proc.read_if_any("net/sockstat6") or b""
        samples: list[Sample] = []
        for line in [*content.splitlines(), *content6.splitlines()]:
            protocol, *words = line.split()
            for name, value in zip(words[0::2], words[1::2], strict=True):
                samples.append((family(protocol, name), (), value))
                if name == b"mem":
                    samples.append((family(protocol, b"mem_bytes"), (), int(value) * PAGESIZE))
        return [self.listing.block(samples)]


@lru_cache(256)
def family(protocol: bytes, name: bytes) -> Family:
    plain = f"{protocol.decode().rstrip(':')}_{name.decode()}"
    return Family(f"node_sockstat_{plain}", f"Number of sockets or pages in state {plain}.")
