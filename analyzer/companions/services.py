"""Which of systemd's units and probed services fell while a finding began."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import numpy as np

from analyzer.companions.scene import BEFORE_SECONDS, Scene
from analyzer.data import Change, Companion, CompanionKind, Sample, Series, Window
from analyzer.features import matcher
from analyzer.interfaces import Queries

MOST = 2
UNIT = "node_systemd_unit_state"
PROBE = "probe_success"
FAILED = f'({UNIT}{{state="failed",$s}} == 1) and (min_over_time({UNIT}{{state="failed",$s}}[$w]) == 0)'
STOPPED = f'({UNIT}{{state="active",$s}} == 0) and (max_over_time({UNIT}{{state="active",$s}}[$w]) == 1)'
FELL = f"({FAILED}) or ({STOPPED})"
REFUSED = f"({PROBE}{{$s}} == 0) and (max_over_time({PROBE}{{$s}}[$w]) == 1)"
# A service may fall before anything else is seen of it.
EARLIER_SECONDS = 120


async def fallen_units(queries: Queries, scene: Scene) -> tuple[Companion, ...]:
    """Units that failed, else those that stopped, though they ran before."""
    samples = await queries.instant(scene.query(FELL, _looked_back(scene)), scene.now)
    states = {name: _state(name, samples) for name in sorted({s.labels.get("name", "") for s in samples})}
    ranked = sorted(states, key=lambda name: (states[name] != "failed", name))[:MOST]
    return tuple(await asyncio.gather(*(_unit(queries, scene, name, states[name]) for name in ranked)))


async def failed_probes(queries: Queries, scene: Scene) -> tuple[Companion, ...]:
    """Probed targets that answered before, and don't any more."""
    samples = await queries.instant(scene.query(REFUSED, _looked_back(scene)), scene.now)
    targets = sorted({s.labels.get("target", "") for s in samples})[:MOST]
    return tuple(await asyncio.gather(*(_probe(queries, scene, target) for target in targets)))


def _looked_back(scene: Scene) -> float:
    return min((scene.now - scene.began).total_seconds() + EARLIER_SECONDS, BEFORE_SECONDS)


def _state(name: str, samples: tuple[Sample, ...]) -> Change:
    own = {s.labels.get("state") for s in samples if s.labels.get("name") == name}
    return "failed" if "failed" in own else "stopped"


async def _unit(queries: Queries, scene: Scene, name: str, change: Change) -> Companion:
    state, after = ("failed", 1.0) if change == "failed" else ("active", 0.0)
    promql = scene.query(f'{UNIT}{{state="{state}",$s}}', 0, matcher("name", name))
    return await _fallen(queries, scene, "service", name, change, promql, after)


async def _probe(queries: Queries, scene: Scene, target: str) -> Companion:
    promql = scene.query(f"{PROBE}{{$s}}", 0, matcher("target", target))
    return await _fallen(queries, scene, "probe", target, "failed", promql, 0.0)


async def _fallen(
    queries: Queries, scene: Scene, kind: CompanionKind, name: str, change: Change, promql: str, after: float
) -> Companion:
    """`after` is the metric's value since it fell."""
    back = scene.window
    window = Window(
        back.end - max(1, round(_looked_back(scene) / back.step.total_seconds())) * back.step, back.end, back.step
    )
    found = await queries.range(promql, window)
    feature = "systemd_unit_state" if kind == "service" else "probe_success"
    evidence = scene.evidence(promql, feature, "", after, name)
    at = fell_at(found[0], after) if found else None
    return Companion(kind, name, change, after, 1.0 - after, evidence, at=at)


def fell_at(series: Series, after: float) -> datetime | None:
    """The first step of the last run at that value; None where the series never had another."""
    other = np.flatnonzero(np.isfinite(series.values) & (series.values != after))
    if not len(other) or other[-1] + 1 >= len(series.times):
        return None
    later = np.flatnonzero(series.values[other[-1] + 1 :] == after)
    return datetime.fromtimestamp(float(series.times[other[-1] + 1 + later[0]]), UTC) if len(later) else None
