"""How well a host is, as a number whose every missing point is named. Arithmetic alone: it decides no alarm.

Each thing that strains the host takes a share a of what is left: health = 100 * product of (1 - a). The points taken
are divided by -ln(1 - a), so that they add up. docs/health.md has the formula with its weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from analyzer.data import (
    Deduction,
    Feature,
    Finding,
    Fleet,
    Forecast,
    Frame,
    Headroom,
    Health,
    Host,
    Severity,
    Values,
)
from analyzer.data.series import HOSTS_AT_ONCE

Array = npt.NDArray[np.float64]
HOUR_SECONDS, DAY_SECONDS = 3600.0, 86400.0
# The share that a fully strained group takes. A group not listed, such as one of the user's own, takes OTHER_WEIGHT.
GROUP_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "cpu": 0.30,
        "memory": 0.35,
        "pressure": 0.25,
        "disk": 0.25,
        "filesystem": 0.40,
        "network": 0.20,
        "processes": 0.15,
        "system": 0.15,
        "hardware": 0.30,
        "services": 0.15,
    }
)
OTHER_WEIGHT = 0.15
FINDING_WEIGHTS: Mapping[Severity, float] = MappingProxyType(
    {Severity.INFO: 0.02, Severity.WARNING: 0.08, Severity.CRITICAL: 0.20}
)
EXHAUSTION_WEIGHT = 0.30
# Exhaustion takes its whole share when it is an hour away, none when it is a week away.
EXHAUSTION_NEAR_SECONDS, EXHAUSTION_FAR_SECONDS = HOUR_SECONDS, 7 * DAY_SECONDS
# What hurts twice as much as it takes to hurt at all is a full strain, where no limit says otherwise.
FULL_STRAIN = 2.0
EASE = 0.25
# The judge says of these what the strain already says.
SATURATION = "saturation"
# These explain trouble and are none.
EVENTS = frozenset({"reboot", "resized", "renamed"})
# What work waits for when it runs out, and the value of each at which nothing is free.
PERFORMANCE_CEILINGS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "cpu_busy_ratio": ("cpu", 1.0),
        "memory_available_ratio": ("memory", 0.0),
        "disk_busiest_utilisation_ratio": ("disk", 1.0),
        "network_busiest_utilisation_ratio": ("network", 1.0),
        "pressure_cpu_ratio": ("cpu", 1.0),
        "pressure_memory_ratio": ("memory", 1.0),
        "pressure_io_ratio": ("disk", 1.0),
    }
)
BUSY_QUANTILE = 0.9


@dataclass(frozen=True)
class Window:
    """`seconds` of history stand for now: their median, so that one noisy sample moves nothing by much."""

    seconds: float = 600.0


DEFAULT_WINDOW = Window()


def health(
    frame: Frame,
    features: Sequence[Feature],
    findings: Sequence[Finding] = (),
    forecasts: Iterable[Forecast] = (),
    window: Window = DEFAULT_WINDOW,
) -> Health:
    """A host's health from its newest history, its firing findings and its forecasts.

    Worse values, more findings and nearer exhaustion never raise it. What isn't known takes nothing and lowers the
    confidence; a host of which nothing is known has no score.
    """
    alone = Fleet((Host(frame.host),), frame.features, frame.times, frame.values.T[None])
    return health_of(frame.host, typicals(alone, window)[0], features, findings, forecasts)


def health_of(
    host: str,
    typical: Typical,
    features: Sequence[Feature],
    findings: Sequence[Finding] = (),
    forecasts: Iterable[Forecast] = (),
) -> Health:
    """The same, from what is typical of the host now."""
    usual, busy = typical.usual, typical.busy
    judged = [f for f in features if f.saturates_at is not None and (f.name in usual or not f.needs)]
    known = [feature for feature in judged if feature.name in usual]
    headroom = headrooms(busy)
    if not known:
        return Health(None, 0.0, (), performance_of(headroom), headroom)
    shares = [
        *strains(known, usual),
        *(share for finding in findings if (share := finding_share(finding, host))),
        *exhaustions(forecasts, features),
    ]
    score, deductions = deducted(shares)
    return Health(score, len(known) / len(judged), deductions, performance_of(headroom), headroom)


@dataclass(frozen=True)
class Share:
    """What part of the health that is left something takes; `deduction` has no points yet."""

    part: float
    deduction: Deduction


@dataclass(frozen=True)
class Typical:
    """Each feature's median of the newest window, and how it is in its busy moments; those without a value fail."""

    usual: Mapping[str, float]
    busy: Mapping[str, float]


def typicals(fleet: Fleet, window: Window = DEFAULT_WINDOW) -> list[Typical]:
    """Of each host, in the fleet's order."""
    if not len(fleet.times):
        return [Typical({}, {}) for _ in fleet.hosts]
    newest = fleet.values[:, :, int(np.searchsorted(fleet.times, fleet.times[-1] - window.seconds, side="right")) :]
    parts = range(0, len(newest), HOSTS_AT_ONCE)
    return [one for begin in parts for one in _typicals(newest[begin : begin + HOSTS_AT_ONCE], fleet.features)]


def _typicals(newest: Values, features: tuple[str, ...]) -> Iterator[Typical]:
    """Of some hosts, from their newest values."""
    ordered = np.sort(newest, axis=2)  # NaN goes last
    count = np.isfinite(ordered).sum(axis=2)
    shares = np.array([busy_share(name) for name in features])
    usual, busy = (quantile(ordered, count, share).tolist() for share in (0.5, shares))
    for here, *row in zip((count > 0).tolist(), usual, busy, strict=True):
        yield Typical(*(dict(compress(zip(features, each, strict=True), here)) for each in row))


def busy_share(feature: str) -> float:
    """The quantile that stands for a feature's busy moments: low where what is free is counted."""
    free = feature in PERFORMANCE_CEILINGS and PERFORMANCE_CEILINGS[feature][1] == 0
    return 1 - BUSY_QUANTILE if free else BUSY_QUANTILE


def quantile(ordered: Values, count: npt.NDArray[np.intp], share: Array | float) -> Array:
    """The quantile of the first `count[h, f]` values of each `ordered[h, f]`, straight between neighbours."""
    place = np.asarray(share) * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.intp)
    lower = np.take_along_axis(ordered, low[..., None], axis=2)[..., 0].astype(np.float64)
    upper = np.take_along_axis(ordered, np.minimum(low + 1, np.maximum(count - 1, 0))[..., None], axis=2)[..., 0]
    return np.asarray(lower + (upper - lower) * (place - low))


def strain(feature: Feature, value: float) -> float:
    """0 while at ease, a half where it begins to hurt, 1 where it is exhausted; straight lines between.

    It begins a quarter of the way from hurting to exhaustion before it hurts.
    """
    hurts = feature.saturates_at
    if hurts is None:
        return 0.0
    end = feature.limit
    if end is None:
        end = 0.0 if feature.worse == "low" else hurts * FULL_STRAIN
    way = end - hurts
    if way == 0:
        return float(value <= hurts if feature.worse == "low" else value >= hurts)
    gone = (value - hurts) / way
    return clipped(0.5 + 0.5 * gone if gone >= 0 else 0.5 + gone / (2 * EASE))


def clipped(part: float) -> float:
    return min(max(part, 0.0), 1.0)


def strains(known: Sequence[Feature], usual: Mapping[str, float]) -> list[Share]:
    """One share for each group: that of its most strained feature, for the others say the same thing again."""
    worst: dict[str, tuple[float, Feature]] = {}
    for feature in known:
        found = strain(feature, usual[feature.name])
        if found > worst.get(feature.group, (0.0, feature))[0]:
            worst[feature.group] = (found, feature)
    return [
        Share(
            GROUP_WEIGHTS.get(group, OTHER_WEIGHT) * found,
            Deduction("strain", feature.name, group, 0.0, usual[feature.name]),
        )
        for group, (found, feature) in worst.items()
    ]


def finding_share(finding: Finding, host: str) -> Share | None:
    """What a firing finding of this host takes; None for what the strain says already."""
    if finding.host != host or not finding.firing or finding.kind.startswith(SATURATION):
        return None
    if finding.kind in EVENTS or (finding.quiet and finding.quiet.reason != "silence"):
        return None  # nothing is wrong; a silence that was planned changes what is told, not how the host is
    return Share(FINDING_WEIGHTS[finding.severity], Deduction("finding", finding.kind, "", 0.0, finding.score))


def exhaustions(forecasts: Iterable[Forecast], features: Sequence[Feature]) -> list[Share]:
    """One share for each group that runs out within a week: that of what is soonest."""
    groups = {feature.name: feature.group for feature in features}
    soonest: dict[str, Forecast] = {}
    for forecast in forecasts:
        group = groups.get(forecast.feature, "")
        if forecast.exhausted_in and (
            group not in soonest or forecast.exhausted_in < (soonest[group].exhausted_in or ())
        ):
            soonest[group] = forecast
    return [
        Share(EXHAUSTION_WEIGHT * urgency(until), Deduction("exhaustion", forecast.feature, group, 0.0, until))
        for group, forecast in soonest.items()
        if forecast.exhausted_in and urgency(until := forecast.exhausted_in[0])
    ]


def urgency(seconds: float) -> float:
    """1 an hour before and later, 0 a week before; even steps of the logarithm of time between."""
    span = math.log(EXHAUSTION_FAR_SECONDS / EXHAUSTION_NEAR_SECONDS)
    return clipped(math.log(EXHAUSTION_FAR_SECONDS / max(seconds, 1.0)) / span)


def deducted(shares: Sequence[Share]) -> tuple[float, tuple[Deduction, ...]]:
    """The score and the points each share took, largest first; with the score they add up to 100."""
    weights = [-math.log1p(-share.part) for share in shares]
    total = sum(weights)
    score = 100.0 * math.exp(-total)
    found = [
        Deduction(d.reason, d.subject, d.group, (100.0 - score) * weight / total, d.value)
        for d, weight in zip((share.deduction for share in shares), weights, strict=True)
        if weight > 0
    ]
    return score, tuple(sorted(found, key=lambda deduction: -deduction.points))


def headrooms(busy: Mapping[str, float]) -> tuple[Headroom, ...]:
    """What is free of each resource in its busy moments, the scarcest first; the least of a resource's features."""
    least: dict[str, Headroom] = {}
    for feature, (resource, ceiling) in PERFORMANCE_CEILINGS.items():
        if feature in busy:
            free = clipped(busy[feature] if ceiling == 0 else 1 - busy[feature] / ceiling)
            if resource not in least or free < least[resource].share:
                least[resource] = Headroom(resource, feature, free)
    return tuple(sorted(least.values(), key=lambda room: room.share))


def performance_of(headroom: Sequence[Headroom]) -> float | None:
    """The scarcest resource's headroom in points: work can grow by no more than that."""
    return 100.0 * headroom[0].share if headroom else None


def fleet_health(hosts: Mapping[str, Health]) -> Health:
    """Half the mean of the hosts, half the mean of their worst tenth: a fleet is no better for its many idle hosts.

    Its deductions name hosts. Hosts without a score lower the confidence alone.
    """
    known = {name: found.score for name, found in hosts.items() if found.score is not None}
    if not known:
        return Health(None, 0.0)
    worst = sorted(known, key=lambda name: (known[name], name))[: max(1, len(known) // 10)]
    points = {
        name: (100.0 - score) * (0.5 / len(known) + (0.5 / len(worst) if name in worst else 0.0))
        for name, score in known.items()
    }
    deductions = [Deduction("host", name, "", taken, known[name]) for name, taken in points.items() if taken > 0]
    rooms = [found.performance for found in hosts.values() if found.performance is not None]
    return Health(
        100.0 - sum(points.values()),
        sum(found.confidence for found in hosts.values()) / len(hosts),
        tuple(sorted(deductions, key=lambda deduction: -deduction.points)),
        float(np.mean(rooms)) if rooms else None,
    )
