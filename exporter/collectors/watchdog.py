"""Watchdog timers: what they are, how long until they reset the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "class/watchdog"
ATTRIBUTES = tuple(
    Attribute(name, Family(f"node_watchdog_{name}{unit}", text, labels=("name",)))
    for name, unit, text in (
        ("access_cs0", "", "Whether the first boot source can be accessed again."),
        ("bootstatus", "", "Status at boot, in bits."),
        ("fw_version", "", "Version of the firmware."),
        ("nowayout", "", "Whether it can't be stopped once started."),
        ("pretimeout", "_seconds", "How long before the reset a warning comes."),
        ("timeleft", "_seconds", "How long until the reset."),
        ("timeout", "_seconds", "How long it waits for a sign of life."),
    )
)
TEXTS = ("identity", "options", "pretimeout_governor", "state", "status")
INFO = Family("node_watchdog_info", "What the timer is, in labels.", labels=("name", *TEXTS))


@dataclass(frozen=True, slots=True)
class WatchdogCollector:
    """Source: /sys/class/watchdog, kernel's Documentation/ABI/testing/sysfs-class-watchdog."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        names = tree.names_if_any(FOLDER)
        if not names:
            raise NoData("no watchdog")
        return [self.listing.block(sample for name in names for sample in of_watchdog(tree, name))]


def of_watchdog(tree: Tree, name: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{name}"
    yield INFO, (name, *(tree.value(f"{folder}/{text}") or b"" for text in TEXTS)), 1
    yield from told(tree, folder, (name,), ATTRIBUTES)
