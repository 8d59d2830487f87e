"""Which process groups grew with a finding, and what part of the rise is theirs."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.companions.resources import Resource
from analyzer.companions.scene import BEFORE_SECONDS, Scene
from analyzer.data import Companion, Sample
from analyzer.features import matcher
from analyzer.interfaces import Queries

MOST = 2
# A group that explains less of the rise is not what moved.
LEAST_SHARE = 0.2
LEAST_GROWTH = 1.2


@dataclass(frozen=True, slots=True)
class Use:
    """What each process group uses, and the host; NaN where the host's own metric is not there."""

    groups: Mapping[str, float]
    host: float


async def growth(queries: Queries, scene: Scene, resource: Resource) -> tuple[Companion, ...]:
    """The groups that explain most of what the host uses more of than before."""
    now, before = await asyncio.gather(
        _use(queries, scene, resource, of_now=True), _use(queries, scene, resource, of_now=False)
    )
    rises = {name: used - before.groups.get(name, 0.0) for name, used in now.groups.items()}
    # What no group can be seen to use still counts: what is left of the host's rise is nobody's.
    total = max(sum(rise for rise in rises.values() if rise > 0), _known(now.host - before.host))
    ranked = sorted(rises, key=lambda name: (-rises[name], name))
    told = [name for name in ranked if _worth(name, now, before, total, resource)]
    return tuple(_grown(scene, resource, name, now, before, rises[name] / total) for name in told[:MOST])


async def _use(queries: Queries, scene: Scene, resource: Resource, *, of_now: bool) -> Use:
    at, seconds = (scene.now, scene.lasted_seconds) if of_now else (scene.before, BEFORE_SECONDS)
    groups, host = await asyncio.gather(
        queries.instant(scene.query(resource.groups, seconds), at),
        queries.instant(scene.query(resource.host, seconds), at),
    )
    return Use(_by_group(groups), host[0].value if host else math.nan)


def _by_group(samples: Iterable[Sample]) -> dict[str, float]:
    return {s.labels.get("groupname", ""): s.value for s in samples if math.isfinite(s.value)}


def _known(rise: float) -> float:
    return rise if math.isfinite(rise) else 0.0


def _worth(name: str, now: Use, before: Use, total: float, resource: Resource) -> bool:
    used, was = now.groups[name], before.groups.get(name, 0.0)
    rise = used - was
    return rise >= resource.least and used >= LEAST_GROWTH * was and rise >= LEAST_SHARE * total


def _grown(scene: Scene, resource: Resource, name: str, now: Use, before: Use, share: float) -> Companion:
    promql = scene.query(resource.groups, scene.lasted_seconds, matcher("groupname", name))
    evidence = scene.evidence(promql, resource.name, resource.unit, now.groups[name], name)
    was = before.groups.get(name, 0.0)
    return Companion("process group", name, "grew", now.groups[name], was, evidence, resource.name, share)
