"""Pressure: how long tasks had to wait for processor, memory, disk and interrupts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees


def counter(name: str, text: str) -> Family:
    return Family(f"node_pressure_{name}_seconds_total", text, "counter")


FAMILIES = {
    ("cpu", b"some"): counter("cpu_waiting", "Time for which tasks waited for a processor."),
    ("io", b"some"): counter("io_waiting", "Time for which some tasks waited for input and output."),
    ("io", b"full"): counter("io_stalled", "Time for which all tasks waited for input and output."),
    ("memory", b"some"): counter("memory_waiting", "Time for which some tasks waited for memory."),
    ("memory", b"full"): counter("memory_stalled", "Time for which all tasks waited for memory."),
    ("irq", b"full"): counter("irq_stalled", "Time for which interrupts kept all tasks waiting."),
}
RESOURCES = ("cpu", "io", "memory", "irq")


@dataclass(frozen=True, slots=True)
class PressureCollector:
    """Source: /proc/pressure, kernel's Documentation/accounting/psi.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        samples: list[Sample] = []
        for resource in RESOURCES:
            for line in (self.trees.proc.read_if_any(f"pressure/{resource}") or b"").splitlines():
                family = FAMILIES.get((resource, line[:4]))
                if family:
                    # Microseconds, divided twice as node_exporter does: the last digit of a float depends on it.
                    samples.append((family, (), int(line[line.rindex(b"=") + 1 :]) / 1000 / 1000))
        if not samples:
            raise NoData("this kernel doesn't measure pressure")
        return [self.listing.block(samples)]
