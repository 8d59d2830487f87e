"""IPsec: packets that were dropped, by reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

CAPITAL = re.compile("(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class XfrmCollector:
    """Source: /proc/net/xfrm_stat, kernel's Documentation/networking/xfrm_proc.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read_if_any("net/xfrm_stat")
        if content is None:
            raise NoData("no IPsec, or it isn't counted")
        lines = (line.split() for line in content.splitlines())
        return [self.listing.block((family(name), (), count) for name, count in lines)]


@lru_cache(128)
def family(name: bytes) -> Family:
    """XfrmInNoStates becomes node_xfrm_in_no_states_packets_total."""
    plain = name.decode().removeprefix("Xfrm")
    return Family(
        f"node_xfrm_{CAPITAL.sub('_', plain).lower()}_packets_total", f"Packets counted as {plain}.", "counter"
    )
