"""Episodes become findings: causes ranked and proven by a query anyone can run again, severity computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.data import Cause, Evidence, Feature, Finding, Fleet, Severity, Window
from analyzer.features import matcher, query
from analyzer.judge.calibration import Calibration
from analyzer.judge.memory import Episode
from analyzer.judge.saturation import SILENT
from analyzer.judge.telling import ANOMALY
from analyzer.judge.upheavals import BEFORE, BOOT, CORES, MEMORY, RENAMED, RESIZED, UPHEAVALS
from analyzer.machines import BOOTED, Machine, Machines
from analyzer.machines import CORES as CORES_QUERY
from analyzer.machines import MEMORY as MEMORY_QUERY

CAUSES_TOLD = 5
# A cause is as good as another that has at least this part of what it contributed.
NEARLY = 0.6
# Several that tell one story share its blame: each of them counts from here on, and together they are as good as one.
SHARED = 1 / 3
# An anomaly this many times over its bar, or lasting this long, is more than a note.
CLEARLY_OVER = 1.5
LONG_SECONDS = 600.0
# Beyond a limit by half of what was left to it, or silent this long, someone should get up.
CRITICAL_PART = 0.5
CRITICAL_SILENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What a finding is told from: the newest rows, the catalogue, and what is usual for each host."""

    now: datetime
    fleet: Fleet
    features: Mapping[str, Feature]
    calibrations: Mapping[str, Calibration]
    step: timedelta
    window_seconds: float
    machines: Machines = field(default_factory=dict)
    rows: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", {host.name: row for row, host in enumerate(self.fleet.hosts)})

    def value(self, host: str, feature: str) -> float:
        """The newest known value; NaN when there is none in the fleet's rows."""
        if host not in self.rows or feature not in self.fleet.features:
            return math.nan
        values = self.fleet.values[self.rows[host], self.fleet.features.index(feature)]
        known = values[np.isfinite(values)]
        return float(known[-1]) if len(known) else math.nan


def finding(episode: Episode, scene: Scene) -> Finding:
    causes = _causes(episode, scene)
    ends_at = None if episode.ends_at is None else _time(episode.ends_at)
    score = -math.expm1(-episode.peak) if episode.kind == ANOMALY else 1.0
    severity = _severity(episode, causes, scene)
    return Finding(episode.kind, episode.host, severity, _time(episode.starts_at), ends_at, score, causes)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _causes(episode: Episode, scene: Scene) -> tuple[Cause, ...]:
    if episode.kind in UPHEAVALS:
        return _upheaval(episode, scene)
    if episode.kind == SILENT:
        promql = f"up{{{matcher('instance', episode.host)}}}"
        return (Cause("up", 1.0, Evidence(promql, _window(episode, scene), episode.host, "up", "", 0.0)),)
    total = sum(episode.parts.values()) or 1.0
    told = ranked(episode.parts, scene.features)[:CAUSES_TOLD]
    return tuple(Cause(name, episode.parts[name] / total, _evidence(episode, name, scene)) for name in told)


def ranked(parts: Mapping[str, float], features: Mapping[str, Feature]) -> list[str]:
    """The greatest part first; but what merely follows from another comes right after it where that is nearly as great.

    A leak of memory shows in page faults as much as in memory, and only one of them says what to do. Nor do page faults
    come first because memory tells of it thrice, as less available, more held and more promised.
    """

    def place(name: str) -> tuple[float, bool, float, str]:
        part = parts[name]
        behind = _origin(part, [parts.get(one, 0.0) for one in features[name].follows]) if name in features else None
        return -part if behind is None else -min(part, behind), behind is not None, -part, name

    return sorted(parts, key=place)


def _origin(part: float, origins: Sequence[float]) -> float | None:
    """The part that one of this size comes after, for it follows from that; None where it stands for itself."""
    nearly = [one for one in origins if one >= NEARLY * part]
    if nearly:
        return min(nearly)
    sharing = [one for one in origins if one >= SHARED * part]
    return max(sharing) if sharing and sum(sharing) >= part else None


def _upheaval(episode: Episode, scene: Scene) -> tuple[Cause, ...]:
    """What a host runs on now; the usual is what it had before."""
    selector, window = matcher("instance", episode.host), _window(episode, scene)
    machine = scene.machines.get(episode.host, Machine())
    if episode.kind == RENAMED:
        return _same_start(episode, scene)
    told: list[tuple[str, str, str, float | None]] = [(BOOT, BOOTED, "", episode.starts_at)]
    if episode.kind == RESIZED:
        told = [(CORES, CORES_QUERY, "", machine.cores), (MEMORY, MEMORY_QUERY, "bytes", machine.memory_bytes)]
    causes = []
    for name, promql, unit, value in told:
        before, now = episode.parts.get(name), math.nan if value is None else value
        proof = promql.replace("$selector", selector)
        causes.append(
            Cause(name, 1 / len(told), Evidence(proof, window, episode.host, name, unit, now, before, before))
        )
    return tuple(causes)


def _same_start(episode: Episode, scene: Scene) -> tuple[Cause, ...]:
    """When the machine started, as its new name tells and, in the hour before, its old one did."""
    machine, window = scene.machines.get(episode.host, Machine()), _window(episode, scene)
    now = math.nan if machine.booted_at is None else machine.booted_at
    earlier = Window.ending(_time(episode.starts_at), timedelta(hours=1), scene.step)
    told = [
        (BOOT, episode.host, window, now),
        (BEFORE, episode.before, earlier, episode.parts.get(BEFORE, math.nan)),
    ]
    return tuple(
        Cause(
            name,
            1 / len(told),
            Evidence(BOOTED.replace("$selector", matcher("instance", host)), when, host, name, "", at),
        )
        for name, host, when, at in told
    )


def _evidence(episode: Episode, name: str, scene: Scene) -> Evidence:
    feature = scene.features.get(name)
    calibration = scene.calibrations.get(episode.host)
    low, high = calibration.usual.get(name, (None, None)) if calibration else (None, None)
    promql = query(feature, matcher("instance", episode.host), scene.window_seconds) if feature else name
    unit = feature.unit if feature else ""
    value = scene.value(episode.host, name)
    return Evidence(promql, _window(episode, scene), episode.host, name, unit, value, low, high)


def _window(episode: Episode, scene: Scene) -> Window:
    end = scene.now if episode.ends_at is None else _time(episode.ends_at)
    start = min(_time(episode.starts_at), end)
    return Window.ending(end, end - start, scene.step)


def _severity(episode: Episode, causes: tuple[Cause, ...], scene: Scene) -> Severity:
    lasted = episode.lasted(scene.now.timestamp())
    if episode.kind in UPHEAVALS:
        return Severity.INFO
    if episode.kind == SILENT:
        return Severity.CRITICAL if lasted >= CRITICAL_SILENCE_SECONDS else Severity.WARNING
    worst = max((_past_limit(cause, scene) for cause in causes), default=0.0)
    if episode.kind != ANOMALY:
        return Severity.CRITICAL if worst >= CRITICAL_PART else Severity.WARNING
    if worst > 0:
        return Severity.CRITICAL
    clear = episode.peak >= CLEARLY_OVER * episode.bar or lasted >= LONG_SECONDS
    return Severity.WARNING if clear else Severity.INFO


def _past_limit(cause: Cause, scene: Scene) -> float:
    """How much of the way from where it hurts to where it is exhausted: 0 below, 1 at the limit."""
    feature, value = scene.features.get(cause.feature), cause.evidence.value
    if feature is None or feature.saturates_at is None or not math.isfinite(value):
        return 0.0
    past = value - feature.saturates_at if feature.worse != "low" else feature.saturates_at - value
    if past < 0:
        return 0.0
    way = abs(feature.limit - feature.saturates_at) if feature.limit is not None else 0.0
    return min(1.0, past / way) if way > 0 else 1e-9
