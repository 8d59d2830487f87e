"""What hosts were called before: their history is that of all their names. Arithmetic on values; decides nothing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analyzer.data import Fleet, Opinionated, Precedent, Reach


@dataclass(frozen=True, slots=True)
class Rename:
    """What was called `before` until `at` (epoch seconds) is called `now`; both are `instance` labels."""

    before: str
    now: str
    at: float


class Names:
    """Every rename that is known, the oldest first. Shared by who learns of renames and who asks for history.

    A name can be given away: what bears it after `at` is another host, or the same one that got it back.
    """

    def __init__(self, renames: Iterable[Rename] = ()) -> None:
        self.renames: tuple[Rename, ...] = ()
        self._given_up: dict[str, list[tuple[int, Rename]]] = {}
        self.add(renames)

    def add(self, renames: Iterable[Rename]) -> None:
        """What is known already changes nothing; those of one moment stay in the order given."""
        self.renames = tuple(sorted(dict.fromkeys((*self.renames, *renames)), key=lambda one: one.at))
        self._given_up = defaultdict(list)
        for place, one in enumerate(self.renames):
            self._given_up[one.before].append((place, one))

    def now(self, host: str, at: float) -> str:
        """What is called so now that was called `host` then."""
        last = -1
        while found := [known for known in self._given_up.get(host, ()) if known[0] > last and at <= known[1].at]:
            last, one = found[0]
            host, at = one.now, one.at
        return host

    def earlier(self, host: str, since: float = -math.inf) -> tuple[str, ...]:
        """What the host was called before, also at that time or later; the latest first."""
        found = []
        name = host
        for one in reversed(self.renames):
            if one.now == name and one.at >= since:
                found.append(one.before)
                name = one.before
        return tuple(name for name in dict.fromkeys(found) if name != host)

    def changed(self, since: float) -> tuple[str, ...]:
        """Every name that was given up or taken at that time or later."""
        return tuple(dict.fromkeys(name for one in self.renames if one.at >= since for name in (one.before, one.now)))

    def merged(self, fleet: Fleet) -> Fleet:
        """The same with each host's values under the name that it has now; `fleet`'s values are written over.

        Where both names have a value the new one's counts. A name that changed and under which nothing is, is no host.
        """
        row = {host.name: place for place, host in enumerate(fleet.hosts)}
        first = fleet.times[0] if len(fleet.times) else math.inf
        left = set()
        for one in self.renames:
            if one.at >= first and one.before in row:
                until = int(np.searchsorted(fleet.times, one.at, side="right"))
                old = fleet.values[row[one.before], :, :until]
                if one.now in row:
                    own = fleet.values[row[one.now], :, :until]
                    np.copyto(own, old, where=np.isnan(own))
                    left.add(row[one.now])
                old[:] = np.nan
                left.add(row[one.before])
        gone = {place for place in left if not np.isfinite(fleet.values[place]).any()}
        if not gone:
            return fleet
        kept = [place for place in range(len(fleet.hosts)) if place not in gone]
        return Fleet(tuple(fleet.hosts[place] for place in kept), fleet.features, fleet.times, fleet.values[kept])


def opinions_now(opinions: Iterable[Opinionated], names: Names) -> tuple[Opinionated, ...]:
    """Each with the name that its host has now."""
    return tuple(
        one if one.starts_at is None else replace(one, host=names.now(one.host, one.starts_at.timestamp()))
        for one in opinions
    )


def precedents_now(past: Iterable[Precedent], names: Names) -> tuple[Precedent, ...]:
    """Each with the name that its host has now."""
    return tuple(replace(one, host=names.now(one.host, one.starts_at.timestamp())) for one in past)


def reaches_now(reaches: Mapping[str, Reach], names: Names) -> dict[str, Reach]:
    """Under the name that each host has now; what was known last is what stands."""
    oldest_first = sorted(reaches.items(), key=lambda known: known[1].at)
    return {names.now(host, reach.at.timestamp()): reach for host, reach in oldest_first}
