"""Processes by group: sums that never fall while the group lives, and which groups are shown by name.

However many groups a host has, at most three times `top` are shown: the first `top` by processor time, by memory and
by input and output. What all others do is shown as one group, `other`. A group shown once keeps its place as long as
there is room, so that series don't come and go with each scrape.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors.namedprocess_process import NOTHING, READ, SYSTEM, USER, WRITTEN, Process

OTHER = "other"
FADING = 0.7
"""What is left of a group's earlier use, at each scrape, when groups are compared."""
RESOURCES = 3
STATES = {b"R": 0, b"S": 1, b"D": 2, b"Z": 3}
OTHER_STATE = 4


@dataclass(slots=True)
class Gauges:
    """How some processes are now."""

    processes: int = 0
    threads: int = 0
    resident_bytes: int = 0
    virtual_bytes: int = 0
    swapped_bytes: int = 0
    proportional_bytes: int = 0
    proportional_swapped_bytes: int = 0
    descriptors: int = 0
    worst_descriptor_ratio: float = 0.0
    oldest_ticks: int = 0
    states: list[int] = field(default_factory=lambda: [0] * 5)

    def add(self, process: Process) -> None:
        """Count one process more."""
        started = process.started_ticks
        self.oldest_ticks = min(self.oldest_ticks, started) if self.processes else started
        self.processes += 1
        self.threads += process.threads
        self.resident_bytes += process.resident_bytes
        self.virtual_bytes += process.virtual_bytes
        self.swapped_bytes += process.swapped_bytes
        self.proportional_bytes += process.proportional_bytes
        self.proportional_swapped_bytes += process.proportional_swapped_bytes
        self.descriptors += process.descriptors
        if process.limit:
            self.worst_descriptor_ratio = max(self.worst_descriptor_ratio, process.descriptors / process.limit)
        self.states[STATES.get(process.state, OTHER_STATE)] += 1

    def merge(self, more: Gauges) -> None:
        """Count these processes too."""
        self.oldest_ticks = min(self.oldest_ticks, more.oldest_ticks) if self.processes else more.oldest_ticks
        self.processes += more.processes
        self.threads += more.threads
        self.resident_bytes += more.resident_bytes
        self.virtual_bytes += more.virtual_bytes
        self.swapped_bytes += more.swapped_bytes
        self.proportional_bytes += more.proportional_bytes
        self.proportional_swapped_bytes += more.proportional_swapped_bytes
        self.descriptors += more.descriptors
        self.worst_descriptor_ratio = max(self.worst_descriptor_ratio, more.worst_descriptor_ratio)
        self.states = [mine + its for mine, its in zip(self.states, more.states, strict=True)]


class Group:
    """The processes of one name."""

    __slots__ = ("counters", "gained", "gauges", "members", "name", "stale", "used_disk", "used_time")

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: set[Process] = set()
        self.gauges = Gauges()
        self.stale = True
        self.counters = [*NOTHING]
        self.gained = [*NOTHING]
        self.used_time = self.used_disk = 0.0

    def take(self, process: Process) -> None:
        """Move what a process gained into the group."""
        for at, gain in enumerate(process.gained):
            self.gained[at] += gain
        process.gained = [*NOTHING]

    def settle(self, account: list[int] | None) -> None:
        """Book what was gained since the last time: on the group's own counters, or on this account of several."""
        counters = self.counters if account is None else account
        for at, gain in enumerate(self.gained):
            counters[at] += gain
        self.gained = [*NOTHING]

    def compare(self) -> None:
        """Bring up to date what the group is compared by."""
        if self.stale:
            self.gauges, self.stale = Gauges(), False
            for process in self.members:
                self.gauges.add(process)
        self.used_time = FADING * self.used_time + self.gained[USER] + self.gained[SYSTEM]
        self.used_disk = FADING * self.used_disk + self.gained[READ] + self.gained[WRITTEN]


@dataclass(slots=True)
class Shown:
    """A group as it is told of."""

    name: str
    gauges: Gauges
    counters: list[int]


class Groups:
    """All groups of the host."""

    __slots__ = ("_begun", "_homes", "_others", "_shown", "groups", "top")

    def __init__(self, top: int) -> None:
        self.top = top
        self.groups: dict[str, Group] = {}
        self._homes: dict[Process, Group] = {}
        self._others = [*NOTHING]
        self._shown: set[str] = set()
        self._begun = False

    def place(self, process: Process, name: str | None) -> None:
        """This process was read and belongs to the group of this name, or to none."""
        home = self._homes.get(process)
        if name is None:
            if home is not None:
                self.remove(process)
            return
        if home is None or home.name != name:
            self.remove(process)
            home = self._homes[process] = self.groups.setdefault(name, Group(name))
            home.members.add(process)
        home.stale = True
        home.take(process)

    def name_of(self, process: Process) -> str | None:
        """The group it is in."""
        home = self._homes.get(process)
        return None if home is None else home.name

    def remove(self, process: Process) -> None:
        home = self._homes.pop(process, None)
        if home is not None:
            home.members.discard(process)
            home.stale = True

    def shown(self) -> list[Shown]:
        """The groups to tell of, by name, now that all changes are placed; `other` stands last."""
        self.groups = {name: group for name, group in self.groups.items() if group.members}
        for group in self.groups.values():
            group.compare()
        if not self._begun:  # what was used before anybody looked isn't of now, but tells who is busy
            self._begun = True
            for group in self.groups.values():
                group.gained = [*NOTHING]
        self._shown = self._choose()
        named = [group for name, group in sorted(self.groups.items()) if name in self._shown]
        rest = [group for name, group in self.groups.items() if name not in self._shown]
        for group in named:
            group.settle(None)
        for group in rest:
            group.settle(self._others)
        told = [Shown(group.name, group.gauges, group.counters) for group in named]
        return [*told, Shown(OTHER, _together(rest), self._others)] if rest else told

    def _choose(self) -> set[str]:
        """Which groups have a name of their own."""
        able = [group for name, group in self.groups.items() if name != OTHER]
        most = RESOURCES * self.top
        if not self.top or len(able) <= most:
            return {group.name for group in able}
        by_time = sorted(able, key=lambda group: (-group.used_time, group.name))
        by_disk = sorted(able, key=lambda group: (-group.used_disk, group.name))
        by_memory = sorted(able, key=lambda group: (-group.gauges.resident_bytes, group.name))
        first = [
            *(group.name for group in by_time[: self.top] if group.used_time),
            *(group.name for group in by_disk[: self.top] if group.used_disk),
            *(group.name for group in by_memory[: self.top]),
        ]
        before = [group.name for group in by_time if group.name in self._shown]
        rest = [group.name for group in by_memory]
        return set(list(dict.fromkeys([*first, *before, *rest]))[:most])


def _together(groups: Iterable[Group]) -> Gauges:
    gauges = Gauges()
    for group in groups:
        gauges.merge(group.gauges)
    return gauges
