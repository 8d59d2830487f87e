"""Memory and swap through psutil, under Linux's names, and on macOS under node_exporter's names for Darwin too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from exporter.collectors.portable import on_macos, psutil_module
from exporter.exposition import Block, Family, Listing, Value
from exporter.procfs import Trees


@dataclass(frozen=True, slots=True)
class PortableMemoryCollector:
    """Source: psutil.virtual_memory() and psutil.swap_memory()."""

    trees: Trees
    psutil: Any = field(default_factory=psutil_module)
    macos: bool = field(default_factory=on_macos)
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        memory, swap = self.psutil.virtual_memory(), self.psutil.swap_memory()
        values = linux(memory, swap) | (darwin(memory, swap) if self.macos else {})
        return [self.listing.block([(_family(name), (), value) for name, value in values.items()])]


def linux(memory: Any, swap: Any) -> dict[str, Value]:
    """What of /proc/meminfo can be filled."""
    values = {
        "MemTotal_bytes": memory.total,
        "MemFree_bytes": memory.free,
        "MemAvailable_bytes": memory.available,
        "SwapTotal_bytes": swap.total,
        "SwapFree_bytes": swap.free,
    }
    more = {"Active_bytes": "active", "Inactive_bytes": "inactive"}
    return values | {name: getattr(memory, key) for name, key in more.items() if hasattr(memory, key)}


def darwin(memory: Any, swap: Any) -> dict[str, Value]:
    """What node_exporter tells on macOS, but compressed, internal and purgeable memory, which psutil doesn't know."""
    return {
        "total_bytes": memory.total,
        "active_bytes": memory.active,
        "inactive_bytes": memory.inactive,
        "wired_bytes": memory.wired,
        "free_bytes": memory.free,
        "swap_total_bytes": swap.total,
        "swap_used_bytes": swap.used,
        "swapped_in_bytes_total": swap.sin,
        "swapped_out_bytes_total": swap.sout,
    }


def _family(name: str) -> Family:
    kind = "counter" if name.endswith("_total") else "gauge"
    return Family(f"node_memory_{name}", f"Memory information field {name}.", kind)  # type: ignore[arg-type]
