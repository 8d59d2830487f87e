"""Sensors of the hardware: temperatures, fans, voltages, power."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from exporter.attributes import Sample
from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees
from exporter.selection import ANYTHING, chooser

FOLDER = "class/hwmon"
ATTRIBUTE = re.compile(r"(?P<type>[a-z]+?(?:_enable|_interval)?)(?P<number>\d*)(?:_(?P<element>.+))?")
KINDS = "vrm beep_enable update_interval in cpu fan pwm temp curr power energy humidity intrusion freq"
TYPES = frozenset(KINDS.split())
LABELS = ("chip", "sensor")
CHIP = Family("node_hwmon_chip_names", "Which chip a name stands for.", labels=("chip", "chip_name"))
LABEL = Family("node_hwmon_sensor_label", "What a sensor is called.", labels=("chip", "label", "sensor"))
FREQUENCY = Family("node_hwmon_freq_freq_mhz", "Frequency that a sensor measures.", labels=LABELS)
UNCLEAN = re.compile("[^a-z0-9:_]")
UNNAMED = frozenset({"vrm", "beep_enable", "update_interval"})


@dataclass(frozen=True, slots=True)
class Unit:
    """How the numbers of a kind of attribute become the family's: name's ending, and the number's factor or divisor."""

    ending: str = ""
    factor: float = 1.0
    divisor: float = 1.0


PLAIN = Unit()
VOLTS, CELSIUS, AMPERES, SECONDS = (Unit(f"_{name}", 0.001) for name in ("volts", "celsius", "amps", "seconds"))
OF_TYPE = {
    "in": VOLTS,
    "cpu": VOLTS,
    "temp": CELSIUS,
    "curr": AMPERES,
    "energy": Unit("_joule_total", divisor=1e6),
    "power": Unit("_watt", divisor=1e6),
    "humidity": Unit(divisor=1e6),
}
OF_ATTRIBUTE = {
    ("temp", "type"): PLAIN,
    ("power", "accuracy"): Unit(divisor=1e6),
    ("power", "average_interval"): SECONDS,
    ("power", "average_interval_min"): SECONDS,
    ("power", "average_interval_max"): SECONDS,
    **{("fan", element): Unit("_rpm") for element in ("input", "min", "max", "target")},
}
WITHOUT_UNIT = {"fault": PLAIN, "alarm": PLAIN, "beep": Unit("_enabled")}


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor of a chip: its type, and where its attributes are."""

    name: str
    type: str
    paths: dict[str, str]


@dataclass(slots=True)
class Chips:
    """What the chips are called and have, kept as long as the same ones are there, calling themselves the same."""

    given: dict[str, bytes | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    sensors: dict[str, list[Sensor]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HwmonCollector:
    """Source: /sys/class/hwmon, kernel's Documentation/hwmon/sysfs-interface.rst."""

    trees: Trees
    chip_include: re.Pattern[str] = setting(ANYTHING, "Chips to tell about (regular expression).")
    chip_exclude: re.Pattern[str] = setting(ANYTHING, "Chips to leave out (regular expression).")
    sensor_include: re.Pattern[str] = setting(ANYTHING, "Sensors to tell about, as `chip;sensor`.")
    sensor_exclude: re.Pattern[str] = setting(ANYTHING, "Sensors to leave out, as `chip;sensor`.")
    chips: Chips = field(default_factory=Chips, init=False, repr=False)
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        names = tree.names_if_any(FOLDER)
        if not names:
            raise NoData("no hardware monitor")
        given = {name: tree.value(f"{FOLDER}/{name}/name") for name in names}
        if given != self.chips.given:
            self.chips.given, self.chips.names, self.chips.sensors = given, chip_names(tree, given), {}
        wanted = chooser(self.chip_include, self.chip_exclude)
        chosen = {name: chip for name, chip in self.chips.names.items() if wanted(chip)}
        return [self.listing.block(sample for name, chip in chosen.items() for sample in self._of_chip(name, chip))]

    def _of_chip(self, name: str, chip: str) -> Iterator[Sample]:
        tree = self.trees.sys
        given = self.chips.given[name]
        if given is not None:
            yield CHIP, (chip, clean(given)), 1
        sensors = self.chips.sensors.get(name)
        if sensors is None:
            sensors = self.chips.sensors[name] = sensors_of(tree, f"{FOLDER}/{name}")
        wanted = chooser(self.sensor_include, self.sensor_exclude)
        for sensor in sensors:
            if wanted(f"{chip};{sensor.name}"):
                yield from of_sensor(tree, chip, sensor)


def chip_names(tree: Tree, given: Mapping[str, bytes | None]) -> dict[str, str]:
    """A name for each chip that stays the same over reboots: from its device, else what it calls itself.

    Chips of one device are told apart by what they call themselves.
    """
    paths = {name: device_name(tree, name) for name in given}
    said = list(paths.values())
    chips = {}
    for name, path in paths.items():
        own = clean(given[name] or b"")
        twin = path and said.count(path) > 1 and own
        chips[name] = f"{path}_{own}" if twin else path or own or name
    return chips


def device_name(tree: Tree, name: str) -> str:
    """The last two parts of the device's path; nothing when the chip has no device."""
    path = tree.path(f"{FOLDER}/{name}/device")
    if not path.exists():
        return ""
    device = path.resolve()
    return "_".join(filter(None, (clean(device.parent.name.encode()), clean(device.name.encode()))))


def sensors_of(tree: Tree, folder: str) -> list[Sensor]:
    """The sensors of a chip; old drivers put them into the device's folder."""
    found: dict[str, Sensor] = {}
    for place in (folder, f"{folder}/device"):
        for name in tree.names_if_any(place):
            match = ATTRIBUTE.fullmatch(name)
            if match and match["type"] in TYPES:
                number = int(match["number"] or 0)
                sensor = found.setdefault(
                    f"{match['type']}{number}", Sensor(f"{match['type']}{number}", match["type"], {})
                )
                sensor.paths[match["element"] or ""] = f"{place}/{name}"
    return [found[name] for name in sorted(found)]


def of_sensor(tree: Tree, chip: str, sensor: Sensor) -> Iterator[Sample]:
    label = tree.value(sensor.paths["label"]) if "label" in sensor.paths else None
    if label is not None:
        yield LABEL, (chip, label, sensor.name), 1
    if sensor.type == "freq":
        value = integer(tree, sensor.paths.get("input", ""))
        if value is not None:
            yield FREQUENCY, (chip, clean(label or b"") or sensor.name), value / 1e6
        return
    for element, path in sensor.paths.items():
        value = None if element == "label" else integer(tree, path)
        if value is not None:
            family, unit = told_as(sensor.type, element, shadowed=element == "input" and "" in sensor.paths)
            yield family, (chip, sensor.name), value / unit.divisor if unit.divisor > 1 else value * unit.factor


def integer(tree: Tree, path: str) -> float | None:
    """An attribute's number; None when the driver won't tell, or says something else."""
    raw = tree.value(path) if path else None
    try:
        return None if raw is None else float(raw)
    except ValueError:
        return None


@lru_cache(1024)
def told_as(kind: str, element: str, *, shadowed: bool) -> tuple[Family, Unit]:
    """The family of an attribute, and its unit. `shadowed` is an input beside an attribute without any element."""
    if kind in UNNAMED:
        return SPECIAL[kind]
    unit = WITHOUT_UNIT.get(element) or OF_ATTRIBUTE.get((kind, element)) or OF_TYPE.get(kind, PLAIN)
    part = "" if not element or (element == "input" and not shadowed) else f"_{clean(element.encode())}"
    name = f"node_hwmon_{kind}{part}{unit.ending}"
    text = f"Sensor attribute {element or 'itself'} of type {kind}."
    return Family(name, text, "counter" if kind == "energy" else "gauge", LABELS), unit


SPECIAL: dict[str, tuple[Family, Unit]] = {
    "vrm": (Family("node_hwmon_voltage_regulator_version", "Version of the voltage regulator.", labels=LABELS), PLAIN),
    "beep_enable": (Family("node_hwmon_beep_enabled", "Whether the chip may beep.", labels=LABELS), PLAIN),
    "update_interval": (
        Family("node_hwmon_update_interval_seconds", "How often the chip measures.", labels=LABELS),
        Unit(factor=0.001),
    ),
}


def clean(text: bytes) -> str:
    """A name of the kernel's in small letters, digits and underlines."""
    return UNCLEAN.sub("_", text.decode(errors="replace").lower()).strip("_")
