"""Which of systemd's units and probed services fell while a finding began. No query holds a name that a host gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.companions.scene import BEFORE_SECONDS, Scene
from analyzer.data import Change, Companion, CompanionKind, Series, Window
from analyzer.features import matcher
from analyzer.interfaces import Queries

MOST = 2
STEPS = 30
# A service may fall before anything else is seen of it.
EARLIER_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Fall:
    """A metric that is `after` where something has fallen, and was `before`; `label` names what fell."""

    kind: CompanionKind
    feature: str
    metric: str
    labels: str
    label: str
    change: Change
    after: float

    @property
    def now(self) -> str:
        return f"{self.metric}{{{self.labels}$s}}"

    @property
    def fell(self) -> str:
        """What is `after` now and was not always so."""
        other = "min" if self.after else "max"
        return f"({self.now} == {self.after:g}) and ({other}_over_time({self.now}[$w]) == {1 - self.after:g})"


UNIT = "node_systemd_unit_state"
FAILED = Fall("service", "systemd_unit_state", UNIT, 'state="failed",', "name", "failed", 1.0)
STOPPED = Fall("service", "systemd_unit_state", UNIT, 'state="active",', "name", "stopped", 0.0)
REFUSED = Fall("probe", "probe_success", "probe_success", "", "target", "failed", 0.0)


async def fallen_units(queries: Queries, scene: Scene) -> tuple[Companion, ...]:
    """Units that failed, then those that only stopped, though they ran before."""
    failed = await _fallen(queries, scene, FAILED)
    stopped = await _fallen(queries, scene, STOPPED)
    names = {companion.name for companion in failed}
    return (*failed, *(each for each in stopped if each.name not in names))[:MOST]


async def failed_probes(queries: Queries, scene: Scene) -> tuple[Companion, ...]:
    """Probed targets that answered before, and don't any more."""
    return (await _fallen(queries, scene, REFUSED))[:MOST]


async def _fallen(queries: Queries, scene: Scene, fall: Fall) -> tuple[Companion, ...]:
    seconds = min((scene.now - scene.began).total_seconds() + EARLIER_SECONDS, BEFORE_SECONDS)
    promql = scene.query(fall.fell, seconds)
    names = sorted({sample.labels.get(fall.label, "") for sample in await queries.instant(promql, scene.now)})
    if not names:
        return ()
    step = timedelta(seconds=max(1, round(seconds / STEPS)))
    series = await queries.range(promql, Window.ending(scene.now, STEPS * step, step))
    return tuple(_companion(scene, fall, name, fell_at(_of(series, fall.label, name))) for name in names)


def _of(series: Iterable[Series], label: str, name: str) -> Series | None:
    return next((each for each in series if each.labels.get(label) == name), None)


def fell_at(series: Series | None) -> datetime | None:
    """The first step of the last run in which it had fallen; None where that is as old as the series."""
    if series is None or not len(series.values):
        return None
    standing = np.flatnonzero(~np.isfinite(series.values))
    after = standing[-1] + 1 if len(standing) else 0
    known = 0 < after < len(series.times)
    return datetime.fromtimestamp(float(series.times[after]), UTC) if known else None


def _companion(scene: Scene, fall: Fall, name: str, at: datetime | None) -> Companion:
    promql = scene.query(fall.now, 0, matcher(fall.label, name))
    evidence = scene.evidence(promql, fall.feature, "", fall.after, name)
    return Companion(fall.kind, name, fall.change, fall.after, 1.0 - fall.after, evidence, at=at)
