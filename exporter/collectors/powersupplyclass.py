"""Batteries and power supplies: charge, voltage, power, temperature."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Convert, Sample, per, plain, told
from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees
from exporter.selection import chooser

FOLDER = "class/power_supply"
NUMBERS = (
    "authentic calibrate capacity capacity_alert_max capacity_alert_min cycle_count online present "
    "time_to_empty_now time_to_full_now charge_control_limit charge_control_limit_max"
)
MICRO = (
    "charge_counter charge_empty charge_empty_design charge_full charge_full_design charge_now charge_term_current "
    "constant_charge_current constant_charge_current_max constant_charge_voltage constant_charge_voltage_max "
    "current_boot current_max current_now energy_empty energy_empty_design energy_full energy_full_design energy_now "
    "input_current_limit power_now precharge_current voltage_boot voltage_max voltage_max_design voltage_min "
    "voltage_min_design voltage_now voltage_ocv"
)
TENTHS = "temp temp_alert_max temp_alert_min temp_ambient temp_ambient_max temp_ambient_min temp_max temp_min"
CALLED = {
    "cycle_count": "cyclecount",
    "time_to_empty_now": "time_to_empty_seconds",
    "time_to_full_now": "time_to_full_seconds",
    "charge_now": "charge_ampere",
    "current_now": "current_ampere",
    "energy_now": "energy_watthour",
    "power_now": "power_watt",
    "voltage_now": "voltage_volt",
}
INFO_FIELDS = (
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
)
INFO = Family(
    "node_power_supply_info", "What is known of the power supply, in labels.", labels=("power_supply", *INFO_FIELDS)
)


def attributes(names: str, convert: Convert = plain, ending: str = "") -> list[Attribute]:
    return [
        Attribute(
            name,
            Family(
                f"node_power_supply_{CALLED.get(name, name)}{ending}",
                f"Attribute {name} of the power supply.",
                labels=("power_supply",),
            ),
            convert,
        )
        for name in names.split()
    ]


ATTRIBUTES = (*attributes(NUMBERS), *attributes(MICRO, per(1e6)), *attributes(TENTHS, per(10), "_celsius"))


@dataclass(frozen=True, slots=True)
class PowerSupplyCollector:
    """Source: /sys/class/power_supply, kernel's Documentation/power/power_supply_class.rst."""

    trees: Trees
    ignored_supplies: re.Pattern[str] = setting(
        re.compile("^$"),
        "Power supplies to leave out (regular expression).",
        "--collector.powersupply.ignored-supplies",
    )
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        wanted = chooser(exclude=self.ignored_supplies)
        try:
            names = tree.names(FOLDER)
        except FileNotFoundError as error:
            raise NoData("this kernel doesn't tell of power supplies") from error
        supplies = [name for name in names if wanted(name)]
        return [self.listing.block(sample for supply in supplies for sample in of_supply(tree, supply))]


def of_supply(tree: Tree, supply: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{supply}"
    there = frozenset(tree.names(folder))
    yield from told(tree, folder, (supply,), (one for one in ATTRIBUTES if one.path in there))
    texts = (tree.value(f"{folder}/{name}") if name in there else None for name in INFO_FIELDS)
    yield INFO, (supply, *(text or None for text in texts)), 1
