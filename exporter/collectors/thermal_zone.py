"""Temperatures of the machine's zones, and how hard its cooling devices work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, per, told
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

FOLDER = "class/thermal"
ZONE = (
    Attribute("temp", Family("node_thermal_zone_temp", "Temperature, in degrees.", labels=("type", "zone")), per(1000)),
)
COOLING = (
    Attribute("cur_state", Family("node_cooling_device_cur_state", "How hard it works.", labels=("name", "type"))),
    Attribute("max_state", Family("node_cooling_device_max_state", "How hard it can work.", labels=("name", "type"))),
)


@dataclass(frozen=True, slots=True)
class ThermalZoneCollector:
    """Source: /sys/class/thermal, kernel's Documentation/driver-api/thermal/sysfs-api.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        samples: list[Sample] = []
        for name in tree.names_if_any(FOLDER):
            folder = f"{FOLDER}/{name}"
            if name.startswith("thermal_zone"):
                kind = tree.value(f"{folder}/type") or b""
                samples += told(tree, folder, (kind, name.removeprefix("thermal_zone")), ZONE)
            elif name.startswith("cooling_device"):
                kind = tree.value(f"{folder}/type") or b""
                samples += told(tree, folder, (name.removeprefix("cooling_device"), kind), COOLING)
        return [self.listing.block(samples)]
