"""A host that left its group: away from its peers, and for longer, as members of that group hardly ever were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from analyzer.data import Peers
from analyzer.judge.memory import Episode

DEPARTURE = "departure"
# Of a host's budget of false alarms, this part is for departures: they are rarer than anomalies, and last.
BUDGET_PART = 0.1
# It is back once members are so far away this many times as often as it takes to have left.
BACK = 4.0


def departures(
    peers: Mapping[str, Peers], before: Iterable[Episode], now: float, false_alarms_per_day: float
) -> list[Episode]:
    """One for each host that left or is still away. What was found stays while nobody can be compared."""
    open_before = {episode.host: episode for episode in before if episode.kind == DEPARTURE}
    if not peers:
        return list(open_before.values())
    allowed = BUDGET_PART * false_alarms_per_day
    told = []
    for host, found in peers.items():
        episode = open_before.pop(host, None)
        seldom = found.seldom if found.seldom is not None and found.lasting else float("inf")
        if seldom <= (allowed if episode is None else BACK * allowed):
            told.append(_away(episode or Episode(DEPARTURE, host, now), found))
        elif episode is not None:
            told.append(replace(episode, ends_at=now))
    return told + [replace(episode, ends_at=now) for episode in open_before.values()]


def _away(episode: Episode, found: Peers) -> Episode:
    """Only what is itself as far away as members hardly ever are explains it; at least the farthest does."""
    parts = {feature: abs(size) for feature, size in found.lasting.items()}
    farthest = max(parts.values())
    return replace(episode, parts={name: size for name, size in parts.items() if size >= min(1.0, farthest)})
