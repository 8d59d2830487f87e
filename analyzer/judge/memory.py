"""What the judge must know from one cycle to the next: an explicit value that is saved and restored whole."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
from pydantic import TypeAdapter

from analyzer.data import Fleet, Values
from analyzer.judge.ladder import LEVELS
from analyzer.judge.recurrence import Precedents
from analyzer.judge.watch import Watch
from analyzer.machines import Machine, Machines


@dataclass(frozen=True, slots=True)
class Episode:
    """One finding in the making. Times are epoch seconds; `ends_at` None while it lasts.

    `peak` and `bar` are heights; `parts[feature]` is the most that a feature contributed. `told` once people were to
    hear of it; `worst` is the worst severity that it had. `before` is what the host was called, of one renamed.
    `out_until` is the newest row that was unusual by itself, not by what is remembered of those before; None where
    nobody can tell.
    """

    kind: str
    host: str
    starts_at: float
    ends_at: float | None = None
    peak: float = 0.0
    bar: float = 1.0
    parts: Mapping[str, float] = field(default_factory=dict)
    told: bool = False
    worst: int = 0
    before: str = ""
    out_until: float | None = None

    def lasted(self, now: float) -> float:
        """For how many seconds so far: not for as long as it is only remembered."""
        until = self.out_until if self.ends_at is None else self.ends_at
        return (now if until is None else until) - self.starts_at


@dataclass(frozen=True, slots=True)
class Memory:
    """`hosts` name the rows of `watch`; `last_seen` is when each of them last had any value (epoch seconds).

    `first_seen` is when each first had one, of those that came while somebody looked.

    `machines` are what hosts were last known to run on; `past` each host's anomalies of the last weeks, which are not
    dumped, for the store keeps findings anyway.
    """

    hosts: tuple[str, ...] = ()
    watch: Watch = field(default_factory=lambda: Watch.of(0))
    last_seen: Mapping[str, float] = field(default_factory=dict)
    episodes: tuple[Episode, ...] = ()
    machines: Machines = field(default_factory=dict)
    past: Precedents = field(default_factory=dict)
    first_seen: Mapping[str, float] = field(default_factory=dict)

    def covering(self, hosts: tuple[str, ...]) -> Memory:
        """The same with one row for each of `hosts`, in their order; others are forgotten."""
        if hosts == self.hosts:
            return self
        rows = {name: row for row, name in enumerate(self.hosts)}
        watch = self.watch.rearranged([rows.get(name) for name in hosts])
        last_seen = {name: self.last_seen[name] for name in hosts if name in self.last_seen}
        first_seen = {name: self.first_seen[name] for name in hosts if name in self.first_seen}
        return replace(self, hosts=hosts, watch=watch, last_seen=last_seen, first_seen=first_seen)

    def begun(self, fleet: Fleet, values: Values) -> float:
        """Since when a host that is not known has its `values` in the fleet's rows, at the earliest.

        What came before those rows while nobody looked is not known, nor is anything at the first look.
        """
        last_look = max(self.last_seen.values(), default=-math.inf)
        first = np.isfinite(values).any(axis=0).argmax()
        return float(fleet.times[first]) if fleet.times[0] <= last_look else last_look

    def anew(self, hosts: Collection[str]) -> Memory:
        """The same as if nothing of these hosts' scores had ever been seen."""
        if not hosts:
            return self
        rows = [None if name in hosts else row for row, name in enumerate(self.hosts)]
        return replace(self, watch=self.watch.rearranged(rows))

    def no_later_than(self, moment: float) -> Memory:
        """The same as if nothing had been seen after `moment`: where the clock was set back, rows come again.

        Without this the judge would be deaf until the clock is where it was.
        """
        if not (self.watch.until > moment).any() and max(self.last_seen.values(), default=moment) <= moment:
            return self
        last_seen = {host: min(seen, moment) for host, seen in self.last_seen.items()}
        return replace(self, watch=self.watch.no_later_than(moment), last_seen=last_seen)

    def dump(self) -> bytes:
        """A compressed archive of the watch's arrays and, as JSON, the rest."""
        known = _Rest(self.hosts, dict(self.last_seen), self.episodes, dict(self.machines), dict(self.first_seen))
        rest = _REST.dump_json(known)
        arrays = {part.name: getattr(self.watch, part.name) for part in fields(Watch)}
        archive = io.BytesIO()
        np.savez_compressed(archive, allow_pickle=False, rest=np.frombuffer(rest, np.uint8), levels=LEVELS, **arrays)
        return archive.getvalue()

    @classmethod
    def load(cls, saved: bytes) -> Memory:
        """What `dump` gave. Another version's watch (other levels, other parts) is left out; open episodes stay."""
        with np.load(io.BytesIO(saved), allow_pickle=False) as archive:
            rest = _REST.validate_json(archive["rest"].tobytes())
            known = np.array_equal(archive["levels"], LEVELS) and all(part.name in archive for part in fields(Watch))
            watch = Watch.of(len(rest.hosts))
            if known:
                watch = Watch(**{part.name: archive[part.name] for part in fields(Watch)})
        return cls(rest.hosts, watch, rest.last_seen, rest.episodes, rest.machines, first_seen=rest.first_seen)


@dataclass(frozen=True, slots=True)
class _Rest:
    hosts: tuple[str, ...]
    last_seen: dict[str, float]
    episodes: tuple[Episode, ...]
    machines: dict[str, Machine] = field(default_factory=dict)
    first_seen: dict[str, float] = field(default_factory=dict)


_REST = TypeAdapter(_Rest)
