"""Episodes become findings: causes ranked and proven by a query anyone can run again, severity computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.data import Cause, Evidence, Feature, Finding, Fleet, Severity, Window
from analyzer.features import matcher, query
from analyzer.judge.anomaly import ANOMALY
from analyzer.judge.calibration import Calibration
from analyzer.judge.memory import Episode
from analyzer.judge.saturation import SILENT

CAUSES_TOLD = 5
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

    def value(self, host: str, feature: str) -> float:
        """The newest known value; NaN when there is none in the fleet's rows."""
        names = [known.name for known in self.fleet.hosts]
        if host not in names or feature not in self.fleet.features:
            return math.nan
        values = self.fleet.values[names.index(host), self.fleet.features.index(feature)]
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
    if episode.kind == SILENT:
        promql = f"up{{{matcher('instance', episode.host)}}}"
        return (Cause("up", 1.0, Evidence(promql, _window(episode, scene), episode.host, "up", "", 0.0)),)
    ranked = sorted(episode.parts.items(), key=lambda part: (-part[1], part[0]))
    total = sum(part for _, part in ranked) or 1.0
    told = ranked[:CAUSES_TOLD]
    return tuple(Cause(name, part / total, _evidence(episode, name, scene)) for name, part in told)


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
    lasted = (episode.ends_at or scene.now.timestamp()) - episode.starts_at
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
