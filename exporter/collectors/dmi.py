"""What the firmware says the machine is: vendor, product, serial numbers, BIOS version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

FOLDER = "class/dmi/id"
FIELDS = (
    "bios_date bios_release bios_vendor bios_version board_asset_tag board_name board_serial board_vendor "
    "board_version chassis_asset_tag chassis_serial chassis_vendor chassis_version product_family product_name "
    "product_serial product_sku product_uuid product_version sys_vendor"
)


@dataclass(frozen=True, slots=True)
class DmiCollector:
    """Source: /sys/class/dmi/id. Serial numbers are for root only; what can't be read has no label."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        if not self.trees.sys.names_if_any(FOLDER):
            raise NoData("the firmware doesn't say")
        values = self.trees.sys.attributes(FOLDER, tuple(FIELDS.split()))
        names = tuple(name.replace("sys_", "system_") for name in values)
        info = Family("node_dmi_info", "What the firmware says of the machine, in labels.", labels=names)
        return [self.listing.block([(info, tuple(values.values()), 1)])]
