"""Processor frequencies: the current one, the limits that are set, the governor that chooses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, times, told
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

CPUS = "devices/system/cpu"
HERTZ = times(1000)
LABELS = ("cpu",)
ATTRIBUTES = (
    Attribute("cpuinfo_cur_freq", Family("node_cpu_frequency_hertz", "Frequency now.", labels=LABELS), HERTZ),
    Attribute(
        "cpuinfo_min_freq", Family("node_cpu_frequency_min_hertz", "Lowest possible frequency.", labels=LABELS), HERTZ
    ),
    Attribute(
        "cpuinfo_max_freq", Family("node_cpu_frequency_max_hertz", "Highest possible frequency.", labels=LABELS), HERTZ
    ),
    Attribute(
        "scaling_cur_freq", Family("node_cpu_scaling_frequency_hertz", "Frequency as set now.", labels=LABELS), HERTZ
    ),
    Attribute(
        "scaling_min_freq",
        Family("node_cpu_scaling_frequency_min_hertz", "Lowest frequency that may be set.", labels=LABELS),
        HERTZ,
    ),
    Attribute(
        "scaling_max_freq",
        Family("node_cpu_scaling_frequency_max_hertz", "Highest frequency that may be set.", labels=LABELS),
        HERTZ,
    ),
)
GOVERNOR = Family(
    "node_cpu_scaling_governor",
    "Which governor chooses the frequency (1), and which could.",
    labels=("cpu", "governor"),
)


@dataclass(frozen=True, slots=True)
class CpufreqCollector:
    """Source: /sys/devices/system/cpu/cpuN/cpufreq, kernel's Documentation/admin-guide/pm/cpufreq.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        names = [name for name in self.trees.sys.names(CPUS) if name.startswith("cpu") and name[3:].isdigit()]
        names.sort(key=lambda name: int(name[3:]))
        return [self.listing.block(sample for name in names for sample in of_cpu(self.trees.sys, name))]


def of_cpu(tree: Tree, name: str) -> Iterator[Sample]:
    folder, cpu = f"{CPUS}/{name}/cpufreq", name[3:]
    governor = tree.value(f"{folder}/scaling_governor")
    if governor is None:
        # Virtual machines have no such folder: one look is cheaper than one for each attribute.
        return
    yield from told(tree, folder, (cpu,), ATTRIBUTES)
    available = tree.value(f"{folder}/scaling_available_governors") or b""
    yield from ((GOVERNOR, (cpu, one), int(one == governor)) for one in available.split())
