"""Energy that processors and memory took."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample, metric_name
from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

FOLDER = "class/powercap"
NUMBERED = re.compile(r"(.+)-(\d+)")
MICRO = 1e6


@dataclass(frozen=True, slots=True)
class RaplCollector:
    """Source: /sys/class/powercap/intel-rapl:*, kernel's Documentation/power/powercap. Readable for root only."""

    trees: Trees
    enable_zone_label: bool = setting(
        default=False, help_text="One family for all zones, with the zone's name as a label."
    )
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        samples = list(self._samples())
        if not samples:
            raise NoData("no energy counter, or not for this user")
        return [self.listing.block(samples)]

    def _samples(self) -> Iterator[Sample]:
        tree = self.trees.sys
        seen: dict[str, int] = {}
        for folder in tree.names_if_any(FOLDER):
            raw = tree.value(f"{FOLDER}/{folder}/name") if ":" in folder else None
            if raw is None:
                continue
            match = NUMBERED.fullmatch(raw.decode())
            name = match[1] if match else raw.decode()
            # Zones without a number of their own, such as core, are counted.
            index = match[2] if match else str(seen.get(name, 0))
            seen[name] = seen.get(name, 0) + 1
            energy = tree.integer(f"{FOLDER}/{folder}/energy_uj")
            if energy is not None:
                yield self._sample(name, index, f"{tree.root}{FOLDER}/{folder}", energy / MICRO)

    def _sample(self, zone: str, index: str, path: str, joules: float) -> Sample:
        if self.enable_zone_label:
            family = Family(
                "node_rapl_joules_total", "Energy of a zone.", "counter", labels=("index", "path", "rapl_zone")
            )
            return family, (index, path, zone), joules
        name = f"node_rapl_{metric_name(zone)}_joules_total"
        return Family(name, f"Energy of zone {zone}.", "counter", labels=("index", "path")), (index, path), joules
