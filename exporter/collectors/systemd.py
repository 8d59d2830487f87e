"""Units of systemd: which are active, which have failed, timers, sockets, and systemd itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Listing, Table, Value
from exporter.procfs import Trees

if TYPE_CHECKING:
    from exporter.collectors.systemd_bus import Bus, Unit

BOOTED = "run/systemd/system"
"""There when systemd is init, sd_booted(3)."""
STATES = ("active", "activating", "deactivating", "inactive", "failed")
NAME = ("name",)
UNSET = 2**64 - 1
TYPES_KEPT = 100
"""Scrapes after which the types of units are asked for anew: they change when units are edited."""

STATE = Family("node_systemd_unit_state", "Whether the unit is in this state.", labels=("name", "state", "type"))
UNITS = Family("node_systemd_units", "Units in each state.", labels=("state",))
RUNNING = Family("node_systemd_system_running", "Whether all that should run does: systemctl is-system-running.")
VERSION = Family("node_systemd_version", "Version of systemd.", labels=("version",))
VIRTUALIZATION = Family(
    "node_systemd_virtualization_info", "Virtualization that systemd found.", labels=("virtualization_type",)
)
RESTARTS = Family("node_systemd_service_restart_total", "How often systemd restarted the service.", "counter", NAME)
STARTED = Family("node_systemd_unit_start_time_seconds", "When the unit became active, since the epoch.", labels=NAME)
TASKS = Family("node_systemd_unit_tasks_current", "Tasks of the unit.", labels=NAME)
MOST_TASKS = Family("node_systemd_unit_tasks_max", "Tasks that the unit may have.", labels=NAME)
TRIGGERED = Family("node_systemd_timer_last_trigger_seconds", "When the timer last went off.", labels=NAME)
ACCEPTED = Family("node_systemd_socket_accepted_connections_total", "Connections the socket took.", "counter", NAME)
CONNECTED = Family("node_systemd_socket_current_connections", "Connections of the socket now.", labels=NAME)
REFUSED = Family("node_systemd_socket_refused_connections_total", "Connections the socket refused.", labels=NAME)


@dataclass(frozen=True, slots=True)
class Told:
    """A property of units that becomes a metric."""

    suffix: str
    interface: str
    property: str
    family: Family
    divisor: float = 1.0

    def value(self, answer: Any) -> Value | None:
        """What to tell; None when systemd has nothing to say."""
        if not isinstance(answer, int) or answer == UNSET:
            return None
        return answer / self.divisor if self.divisor != 1.0 else answer


ALWAYS = (
    Told(".timer", "Timer", "LastTriggerUSec", TRIGGERED, 1e6),
    Told(".socket", "Socket", "NAccepted", ACCEPTED),
    Told(".socket", "Socket", "NConnections", CONNECTED),
    Told(".socket", "Socket", "NRefused", REFUSED),
)
RESTART_COUNTS = (Told(".service", "Service", "NRestarts", RESTARTS),)
START_TIMES = (Told("", "Unit", "ActiveEnterTimestamp", STARTED, 1e6),)
TASK_COUNTS = (
    Told(".service", "Service", "TasksCurrent", TASKS),
    Told(".service", "Service", "TasksMax", MOST_TASKS),
)
TYPED = {".service": "Service", ".mount": "Mount"}


@dataclass(slots=True)
class Memory:
    """What is kept from scrape to scrape."""

    bus: Bus | None = None
    types: dict[str, str] = field(default_factory=dict)
    scrapes: int = 0


@dataclass(frozen=True, slots=True)
class SystemdCollector:
    """Source: org.freedesktop.systemd1 on the system bus."""

    trees: Trees
    unit_include: re.Pattern[str] = setting(re.compile(".+"), "Regexp of units to tell of; the whole name matches.")
    unit_exclude: re.Pattern[str] = setting(
        re.compile(r".+\.(automount|device|mount|scope|slice)"), "Regexp of units to leave out."
    )
    restarts: bool = setting(
        default=False, help_text="Tell how often services were restarted.", flag="enable-restarts-metrics"
    )
    start_times: bool = setting(
        default=False, help_text="Tell when units were started.", flag="enable-start-time-metrics"
    )
    tasks: bool = setting(default=False, help_text="Tell how many tasks services have.", flag="enable-task-metrics")
    bus: str = setting("", "Address of the bus, as unix:path=/run/dbus/system_bus_socket; empty is the system's own.")
    memory: Memory = field(default_factory=Memory, init=False, repr=False)
    states: Table = field(default_factory=lambda: Table(STATE), init=False, repr=False)
    units: Table = field(default_factory=lambda: Table(UNITS), init=False, repr=False)
    about: Listing = field(default_factory=Listing, init=False, repr=False)
    rest: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        bus = self._bus()
        everything = bus.units()
        units = [unit for unit in sorted(everything, key=lambda unit: unit.name) if self._wanted(unit)]
        types = self._types(bus, units)
        rows = [(unit.name, state, types.get(unit.name, "")) for unit in units for state in STATES]
        return [
            self._summary(everything),
            self.states.block(rows, [[int(unit.active_state == state) for unit in units for state in STATES]]),
            self._systemd(bus),
            self.rest.block(self._properties(bus, units)),
        ]

    def close(self) -> None:
        if self.memory.bus is not None:
            self.memory.bus.close()

    def _bus(self) -> Bus:
        memory = self.memory
        if memory.bus is None:
            if not self.bus and not Path(self.trees.root.root, BOOTED).is_dir():
                raise NoData(f"systemd isn't init here: there is no /{BOOTED}")
            from exporter.collectors.systemd_bus import Bus  # noqa: PLC0415 - D-Bus costs memory only where it's asked

            memory.bus = Bus(self.bus or "SYSTEM")
        return memory.bus

    def _wanted(self, unit: Unit) -> bool:
        wanted = self.unit_include.fullmatch(unit.name) and not self.unit_exclude.fullmatch(unit.name)
        return bool(wanted) and unit.load_state == "loaded"

    def _types(self, bus: Bus, units: Sequence[Unit]) -> dict[str, str]:
        """The Type= of services and mounts, which seldom changes."""
        memory = self.memory
        known = memory.types if memory.scrapes % TYPES_KEPT else {}
        memory.scrapes += 1
        from exporter.collectors.systemd_bus import Property  # noqa: PLC0415 - see _bus

        typed = [(unit, TYPED.get(_suffix(unit.name), "")) for unit in units]
        new = [(unit, interface) for unit, interface in typed if interface and unit.name not in known]
        answers = bus.properties([Property(unit.path, interface, "Type") for unit, interface in new])
        found = {unit.name: str(answer or "") for (unit, _), answer in zip(new, answers, strict=True)}
        memory.types = {unit.name: known[unit.name] for unit in units if unit.name in known} | found
        return memory.types

    def _summary(self, units: Sequence[Unit]) -> Block:
        counts = dict.fromkeys(STATES, 0)
        for unit in units:
            counts[unit.active_state] = counts.get(unit.active_state, 0) + 1
        return self.units.block([(state,) for state in counts], [list(counts.values())])

    def _systemd(self, bus: Bus) -> Block:
        """About systemd itself."""
        from exporter.collectors.systemd_bus import MANAGER, Property  # noqa: PLC0415 - see _bus

        names = ("Version", "Virtualization", "SystemState")
        version, virtualization, state = bus.properties(
            [Property(MANAGER.object_path, "Manager", name) for name in names]
        )
        number = re.search(r"[0-9]{3,}(\.[0-9]+)?", str(version))
        return self.about.block(
            [
                (VERSION, (str(version) if number else "",), float(number[0]) if number else 0),
                (VIRTUALIZATION, ("unknown" if virtualization is None else str(virtualization) or "none",), 1),
                (RUNNING, (), int(state == "running")),
            ]
        )

    def _properties(self, bus: Bus, units: Sequence[Unit]) -> Iterator[tuple[Family, tuple[str, ...], Value]]:
        """All other metrics of units, asked for at once."""
        from exporter.collectors.systemd_bus import Property  # noqa: PLC0415 - see _bus

        told = [
            *ALWAYS,
            *(RESTART_COUNTS if self.restarts else ()),
            *(START_TIMES if self.start_times else ()),
            *(TASK_COUNTS if self.tasks else ()),
        ]
        pairs = [(one, unit) for one in told for unit in units if unit.name.endswith(one.suffix)]
        answers = bus.properties([Property(unit.path, one.interface, one.property) for one, unit in pairs])
        for (one, unit), answer in zip(pairs, answers, strict=True):
            value = 0 if one.family is STARTED and unit.active_state != "active" else one.value(answer)
            if value is not None:
                yield one.family, (unit.name,), value


def _suffix(name: str) -> str:
    return f".{name.rpartition('.')[2]}"
