"""What needs no learning: a feature at its own limit for long enough, and a host that stopped reporting."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from analyzer.data import Feature, Fleet, Values
from analyzer.judge.memory import Episode, Memory
from analyzer.judge.watch import Flags

SATURATION = "saturation"
SILENT = "silent"


def saturation_kind(feature: str) -> str:
    return f"{SATURATION}:{feature}"


def saturations(
    features: Iterable[Feature], fleet: Fleet, now: float, seconds: float, before: Iterable[Episode]
) -> list[Episode]:
    """Every feature at or past `saturates_at` in all rows of the last `seconds`; it ends after as long below."""
    recent = fleet.times > now - seconds - 1e-3
    open_before = {(episode.kind, episode.host): episode for episode in before if episode.kind.startswith(SATURATION)}
    place = {host.name: row for row, host in enumerate(fleet.hosts)}
    covered = len(fleet.times) > 0 and fleet.times[0] <= now - seconds + 1e-3
    told: list[Episode] = []
    for feature in features:
        if feature.saturates_at is None or feature.name not in fleet.features:
            continue
        values = fleet.values[:, fleet.features.index(feature.name)][:, recent]
        past, seen = _past(feature, values), np.isfinite(values)
        full = np.asarray((past | ~seen).all(axis=1) & past.any(axis=1) & covered)
        still = np.asarray(past.any(axis=1) | ~seen.any(axis=1))
        kind = saturation_kind(feature.name)
        rows = {place[host] for open_kind, host in open_before if open_kind == kind and host in place}
        for row in sorted(rows.union(np.flatnonzero(full).tolist())):
            host = fleet.hosts[row].name
            episode = open_before.pop((kind, host), None)
            if episode is not None or _long_enough(feature, fleet, row, now - seconds):
                updated = _updated(episode, kind, host, feature, fleet, row)
                told.append(updated if still[row] else replace(updated, ends_at=now))
    return told + list(open_before.values())


def _past(feature: Feature, values: Values) -> Flags:
    limit = np.nan if feature.saturates_at is None else feature.saturates_at
    with np.errstate(invalid="ignore"):
        return np.asarray(values <= limit if feature.worse == "low" else values >= limit)


def _long_enough(feature: Feature, fleet: Fleet, row: int, since: float) -> bool:
    """Whether it was past the limit that early: the only reading of a host just met says nothing of how long."""
    values = fleet.values[row, fleet.features.index(feature.name)]
    return _since(_past(feature, values), np.isfinite(values), fleet) <= since + 1e-3


def _updated(episode: Episode | None, kind: str, host: str, feature: Feature, fleet: Fleet, row: int) -> Episode:
    if episode is None:
        values = fleet.values[row, fleet.features.index(feature.name)]
        episode = Episode(kind, host, _since(_past(feature, values), np.isfinite(values), fleet))
    return replace(episode, parts={feature.name: 1.0})


def _since(past: Flags, seen: Flags, fleet: Fleet) -> float:
    """When the present run of rows past the limit began, as far as the fleet's rows reach back."""
    below = np.flatnonzero(seen & ~past)
    after = past & (np.arange(len(past)) > (below[-1] if len(below) else -1))
    return float(fleet.times[after.argmax()])


def silences(memory: Memory, now: float, seconds: float, not_asked: Collection[str] = ()) -> list[Episode]:
    """Every host that had values once and has had none for `seconds`; it ends when there is one again.

    Hosts that could not be asked are neither silent nor back: what was said of them stays.
    """
    before = {episode.host: episode for episode in memory.episodes if episode.kind == SILENT}
    told = []
    for host, seen in memory.last_seen.items():
        silent = now - seen > seconds
        if host in not_asked:
            told += [before[host]] if host in before else []
        elif silent:
            told.append(before.get(host) or Episode(SILENT, host, seen))
        elif host in before:
            told.append(replace(before[host], ends_at=seen))
    gone = [replace(episode, ends_at=now) for host, episode in before.items() if host not in memory.last_seen]
    return told + gone
