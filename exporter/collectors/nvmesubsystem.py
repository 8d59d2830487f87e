"""NVMe over fabrics: the paths to each subsystem, and which of them live."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "class/nvme-subsystem"
CONTROLLER = re.compile(r"nvme\d+")
NAMESPACE = re.compile(r"nvme\d+n\d+")
STATES = ("live", "connecting", "resetting", "dead", "unknown")
BETWEEN = frozenset({"deleting", "deleting (no IO)", "new"})
"""States in which none of those told is 1."""

TEXTS = ("subsysnqn", "model", "serial", "iopolicy")
INFO = Family(
    "node_nvmesubsystem_info", "What the subsystem is.", labels=("subsystem", "nqn", "model", "serial", "iopolicy")
)
NAMESPACE_INFO = Family(
    "node_nvmesubsystem_namespace_info", "Which block devices it has.", labels=("subsystem", "device")
)
PATHS = Family("node_nvmesubsystem_paths", "Paths to the subsystem.", labels=("subsystem",))
LIVE = Family("node_nvmesubsystem_paths_live", "Paths that work.", labels=("subsystem",))
STATE = Family(
    "node_nvmesubsystem_path_state",
    "State of now (1), of all states.",
    labels=("subsystem", "controller", "transport", "state"),
)


@dataclass(frozen=True, slots=True)
class NvmeSubsystemCollector:
    """Source: /sys/class/nvme-subsystem."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        names = tree.names_if_any(FOLDER)
        if not names:
            raise NoData("no NVMe subsystem")
        return [self.listing.block(sample for name in names for sample in of_subsystem(tree, name))]


def of_subsystem(tree: Tree, name: str) -> Iterator[Sample]:
    folder = f"{FOLDER}/{name}"
    yield INFO, (name, *(tree.value(f"{folder}/{text}") or b"" for text in TEXTS)), 1
    entries = tree.names(folder)
    yield from ((NAMESPACE_INFO, (name, entry), 1) for entry in entries if NAMESPACE.fullmatch(entry))
    controllers = [entry for entry in entries if CONTROLLER.fullmatch(entry)]
    states = [state_of(tree.value(f"{folder}/{controller}/state") or b"") for controller in controllers]
    for controller, state in zip(controllers, states, strict=True):
        labels = (name, controller, tree.value(f"{folder}/{controller}/transport") or b"")
        yield from ((STATE, (*labels, one), int(one == state)) for one in STATES)
    yield PATHS, (name,), len(controllers)
    yield LIVE, (name,), states.count("live")


def state_of(raw: bytes) -> str:
    text = raw.decode(errors="replace")
    return text if text in STATES or text in BETWEEN else "unknown"
