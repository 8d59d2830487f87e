"""Memory errors that were corrected, and those that weren't, by controller, row and channel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "devices/system/edac/mc"
PLACE = re.compile(r"(mc#?\d+)(csrow#?\d+)(channel#?\d+)")


def pair(place: str, text: str, labels: tuple[str, ...]) -> tuple[Family, Family]:
    """The families of corrected and uncorrected errors at some place."""
    prefix = f"node_edac_{place}"
    return (
        Family(f"{prefix}correctable_errors_total", f"Memory errors that were corrected{text}.", "counter", labels),
        Family(f"{prefix}uncorrectable_errors_total", f"Memory errors that were not{text}.", "counter", labels),
    )


CONTROLLER = pair("", "", ("controller",))
ROW = pair("csrow_", ", of this row", ("controller", "csrow"))
CHANNEL = pair("channel_", ", of this channel", ("channel", "controller", "csrow", "dimm_label"))


@dataclass(frozen=True, slots=True)
class EdacCollector:
    """Source: /sys/devices/system/edac/mc, kernel's Documentation/admin-guide/RAS."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        controllers = [name for name in tree.names_if_any(FOLDER) if name[:2] == "mc" and name[2:].isdigit()]
        return [self.listing.block(sample for name in controllers for sample in of_controller(tree, name[2:]))]


def of_controller(tree: Tree, controller: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/mc{controller}"
    yield from told(tree, folder, (controller,), counts("", CONTROLLER))
    # Errors that no row can be blamed for.
    yield from told(tree, folder, (controller, "unknown"), counts("", ROW, "_noinfo"))
    for row in tree.names(folder):
        if row.startswith("csrow") and row[5:].isdigit():
            yield from told(tree, f"{folder}/{row}", (controller, row[5:]), counts("", ROW))
            yield from of_row(tree, f"{folder}/{row}", controller, row[5:])


def of_row(tree: Tree, folder: str, controller: str, row: str) -> Iterator[Sample]:
    for name in tree.names(folder):
        channel = name.removeprefix("ch").removesuffix("_dimm_label")
        if channel.isdigit():
            labels = (channel, controller, row, place(tree.value(f"{folder}/{name}") or b""))
            yield from told(tree, folder, labels, counts(f"ch{channel}_", CHANNEL))


def counts(prefix: str, families: tuple[Family, Family], suffix: str = "") -> tuple[Attribute, Attribute]:
    corrected, uncorrected = families
    return (
        Attribute(f"{prefix}ce{suffix}_count", corrected),
        Attribute(f"{prefix}ue{suffix}_count", uncorrected),
    )


def place(raw: bytes) -> str:
    """A memory module's name; one that the kernel made up from its place gets underlines between the parts."""
    text = raw.decode(errors="replace")
    match = PLACE.fullmatch(text)
    return "_".join(match.groups()).replace("#", "") if match else text
