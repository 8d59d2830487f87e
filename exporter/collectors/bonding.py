"""Bonded network devices: how many slaves each has, and how many of them are up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Table
from exporter.procfs import Tree, Trees

SLAVES = Family("node_bonding_slaves", "Slaves that this bonding device is to have.", labels=("master",))
ACTIVE = Family("node_bonding_active", "Slaves of this bonding device whose link is up.", labels=("master",))
CLASS = "class/net"


@dataclass(frozen=True, slots=True)
class BondingCollector:
    """Source: /sys/class/net/DEVICE/bonding, kernel's Documentation/networking/bonding.rst."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(SLAVES, ACTIVE), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        masters = tree.value(f"{CLASS}/bonding_masters")
        if masters is None:
            raise NoData("no bonding device")
        names = masters.decode().split()
        slaves = {name: tree.read(f"{CLASS}/{name}/bonding/slaves").decode().split() for name in names}
        up = [sum(is_up(tree, name, slave) for slave in slaves[name]) for name in names]
        return [self.table.block([(name,) for name in names], [[len(slaves[name]) for name in names], up])]


def is_up(tree: Tree, master: str, slave: str) -> bool:
    """Whether the slave's link is up; before Linux 3.16 its folder was called slave_NAME."""
    states = (
        tree.value(f"{CLASS}/{master}/{folder}/bonding_slave/mii_status")
        for folder in (f"lower_{slave}", f"slave_{slave}")
    )
    return b"up" in states
