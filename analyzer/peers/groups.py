"""Groups of hosts that behave alike, and each host beside its peers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from analyzer.data import Feature, Fleet, Host, Peers, Times
from analyzer.errors import NotEnoughHistory
from analyzer.lean import unimported
from analyzer.peers.middle import middle
from analyzer.peers.seldom import Looks, Seldom

Array = npt.NDArray[np.float64]
FEWEST_ALIKE = 3
DIMENSIONS = 8
SHOWN = 5
# Hosts whose history is sorted together: copies of a whole fleet's would not fit the memory.
AT_ONCE = 50
CLIP = 6.0
# Of a normal distribution, the median absolute deviation is this part of the standard deviation.
MAD_PART = 0.6745


@dataclass(frozen=True)
class Groups:
    """Hosts that behave alike, each group named for its most typical member.

    `usual[h, f]` is what each of `hosts` usually is; `members[h]` its group as an index of `names`, -1 for a host that
    is like no other. `least[f]` is the smallest difference that a person would care about. `seldom` says of each
    grouped host how often a member was as far away, for as long, as it was at the end of the history.
    """

    hosts: tuple[str, ...]
    features: tuple[str, ...]
    names: tuple[str, ...]
    members: npt.NDArray[np.intp]
    usual: Array
    least: Array
    seldom: Mapping[str, Seldom] = field(default_factory=dict)

    def alike(self) -> Mapping[str, tuple[str, ...]]:
        """Each group's hosts by the group's name."""
        return {
            name: tuple(host for host, member in zip(self.hosts, self.members, strict=True) if member == group)
            for group, name in enumerate(self.names)
        }

    def compare(self, recent: Fleet) -> Mapping[str, Peers]:
        """Each grouped host beside its peers over the medians of `recent`; hosts without peers there are left out."""
        now = medians(recent, self.hosts, self.features)
        found: dict[str, Peers] = {}
        seen = np.isfinite(now).any(axis=1)
        for group, name in enumerate(self.names):
            rows = np.flatnonzero((self.members == group) & seen)
            if len(rows) >= FEWEST_ALIKE:
                away = departures(now[rows], self.usual[rows], self.least)
                first = np.argsort(-np.abs(away), axis=1)[:, :SHOWN]
                shown = np.take_along_axis(away, first, 1)
                for row, which, far in zip(rows.tolist(), first.tolist(), shown.tolist(), strict=True):
                    host = self.hosts[row]
                    by = {self.features[f]: distance for f, distance in zip(which, far, strict=True) if distance}
                    found[host] = told(name, len(rows) - 1, by, self.seldom.get(host))
        return found


def group_hosts(history: Fleet, features: Sequence[Feature]) -> Groups:
    """Find groups of three hosts and more in some days of history; NotEnoughHistory for fewer hosts than that.

    Hosts are alike when their medians are, each feature counted in its spread over the fleet.
    """
    search = GroupSearch(features)
    search.see(history)
    found = search.groups()
    looks = GroupLooks(found, history.times)
    looks.at(history)
    return looks.groups()


class GroupSearch:
    """Finds who is alike in a history that is seen a few features at a time: a large fleet's would not fit at once."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._catalogue = {feature.name: feature for feature in features}
        self._hosts: tuple[str, ...] = ()
        self._names: list[str] = []
        self._usual: list[Array] = []

    def see(self, history: Fleet) -> None:
        """Some features of all hosts; the hosts that the first part has are those that are grouped."""
        names = tuple(name for name in history.features if name in self._catalogue)
        self._hosts = self._hosts or tuple(host.name for host in history.hosts)
        self._names += names
        self._usual.append(medians(history, self._hosts, names))

    def groups(self) -> Groups:
        """Without how seldom members were far away. NotEnoughHistory for fewer than three hosts."""
        hosts, names = self._hosts, tuple(self._names)
        if len(hosts) < FEWEST_ALIKE:
            raise NotEnoughHistory(f"peers need at least {FEWEST_ALIKE} hosts, there are {len(hosts)}")
        usual = np.concatenate(self._usual, axis=1)
        least = np.array([self._catalogue[name].minimum_effect for name in names])
        members = clusters(places(usual, least))
        typical = [most_typical(usual, least, np.flatnonzero(members == group)) for group in range(members.max() + 1)]
        return Groups(hosts, names, tuple(hosts[row] for row in typical), members, usual, least)


class GroupLooks:
    """Looks at each group's history, again a few features at a time, for how seldom its members were far away."""

    def __init__(self, groups: Groups, times: Times) -> None:
        self._groups = groups
        every = [np.flatnonzero(groups.members == group) for group in range(len(groups.names))]
        self._looks = [Looks(rows, times, len(groups.features)) for rows in every]

    def at(self, history: Fleet) -> GroupLooks:
        """The looks with these features too: who lets another process look gets others back."""
        history = of_hosts(history, self._groups.hosts)
        for column, name in enumerate(history.features):
            if name in self._groups.features:
                place = self._groups.features.index(name)
                for look in self._looks:
                    look.at(history, column, place, float(self._groups.least[place]))
        return self

    def groups(self) -> Groups:
        every = [look.found(self._groups.features) for look in self._looks]
        left = {self._groups.hosts[row]: found for each in every for row, found in each.items()}
        return replace(self._groups, seldom=left)


def of_hosts(fleet: Fleet, hosts: tuple[str, ...]) -> Fleet:
    """The fleet with these hosts in this order; NaN for who is not in it."""
    if tuple(host.name for host in fleet.hosts) == hosts:
        return fleet
    rows = {host.name: row for row, host in enumerate(fleet.hosts)}
    values = np.full((len(hosts), *fleet.values.shape[1:]), np.nan, np.float32)
    for place, host in enumerate(hosts):
        if host in rows:
            values[place] = fleet.values[rows[host]]
    return Fleet(tuple(Host(host) for host in hosts), fleet.features, fleet.times, values)


def medians(fleet: Fleet, hosts: Sequence[str], features: Sequence[str]) -> Array:
    """The median over time of each host's features: shape (hosts, features), NaN where there is no value."""
    rows = {host.name: row for row, host in enumerate(fleet.hosts)}
    columns = {feature: column for column, feature in enumerate(fleet.features)}
    found = np.full((len(hosts), len(features)), np.nan)
    ours = [h for h, host in enumerate(hosts) if host in rows]
    known = [f for f, feature in enumerate(features) if feature in columns]
    for first in range(0, len(ours) if known and len(fleet.times) else 0, AT_ONCE):
        part = ours[first : first + AT_ONCE]
        values = fleet.values[[rows[hosts[h]] for h in part]][:, [columns[features[f]] for f in known]]
        found[np.ix_(part, known)] = middle(values, 2)
    return found


def places(usual: Array, least: Array) -> Array:
    """Hosts as points: sizes on a logarithmic scale, each feature in its spread over the fleet; unknown is average.

    What differs by less than a person would care about tells no hosts apart.
    """
    sizes = np.sign(usual) * np.log1p(np.abs(usual))
    known = np.isfinite(sizes).any(axis=0)
    sizes = sizes[:, known]
    center = np.nanmedian(sizes, axis=0)
    spread = np.nanstd(sizes, axis=0)
    differs = np.nanmax(usual[:, known], axis=0) - np.nanmin(usual[:, known], axis=0) >= least[known]
    moving = (spread > 1e-6 * (1 + np.abs(center))) & differs
    points = (sizes[:, moving] - center[moving]) / spread[moving]
    return np.asarray(np.clip(np.nan_to_num(points), -CLIP, CLIP))


def clusters(points: Array) -> npt.NDArray[np.intp]:
    """Each host's group, -1 for none; all in one where nothing tells them apart."""
    if not points.shape[1]:
        return np.zeros(len(points), dtype=np.intp)
    with unimported("pandas"):
        from sklearn.cluster import HDBSCAN  # noqa: PLC0415 - 70 MB that who has no groups to find does without
    across, sizes, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    flat = across[:, :DIMENSIONS] * sizes[:DIMENSIONS]
    found = HDBSCAN(min_cluster_size=FEWEST_ALIKE, allow_single_cluster=True, copy=True).fit(flat).labels_
    return np.asarray(found, dtype=np.intp)


def most_typical(usual: Array, least: Array, rows: npt.NDArray[np.intp]) -> int:
    """The member nearest to its group's median."""
    points = places(usual[rows], least)
    return int(rows[np.abs(points - np.median(points, axis=0)).sum(axis=1).argmin()])


def departures(now: Array, usual: Array, least: Array) -> Array:
    """How far each member is from its group, less how far it usually is, in the group's spreads: (members, features).

    A feature that all members share moves the group's median with them, and counts for nobody. NaN is 0: unknown.
    """
    known = np.isfinite(now).any(axis=0) & np.isfinite(usual).any(axis=0)
    away = np.zeros_like(now)
    here, before = now[:, known], usual[:, known]
    level = middle(before, 0)
    moved = (here - middle(here, 0)) - (before - level)
    spread = middle(np.abs(moved), 0) / MAD_PART
    floor = np.maximum(least[known], 1e-3 * np.abs(level))
    away[:, known] = np.nan_to_num(moved / np.maximum(np.maximum(spread, floor), 1e-9))
    return away


def told(group: str, others: int, by: Mapping[str, float], left: Seldom | None) -> Peers:
    """`by` says which features the departure rests on, the greatest first."""
    distance = max((abs(far) for far in by.values()), default=0.0)
    if left is None:
        return Peers(group, others, distance, by)
    return Peers(group, others, distance, by, left.per_day, left.by)
