"""Why a finding is not told: a silence, what people said of its like, a change too small, a reboot, its own hour.

Nothing here hides a finding: it is recorded and shown with the reason, and told once the reason is gone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo

import numpy as np

from analyzer.data import Finding, Host, Opinionated, Quiet, Quieting, Values
from analyzer.judge.findings import Scene
from analyzer.judge.ladder import GAP_STEPS
from analyzer.judge.likeness import clearly_stronger, cosine, shares_of
from analyzer.judge.memory import Episode
from analyzer.judge.recurrence import Precedents, Reached, recurrence
from analyzer.judge.telling import ANOMALY
from analyzer.silencing import silenced_by

# Two findings are alike when the angle between their causes is small.
ALIKE_COSINE = 0.8
# A host that has just started is busy with that.
SETTLING_SECONDS = 600.0
BOOT_UNCERTAIN_SECONDS = 60.0
BEFORE_STEPS = 40
# Of the days on which the like came, the last so many are told.
DAYS_TOLD = 3
# So much of what a finding is put down to must have moved, unless its first cause did.
MATTERS = 0.5


@dataclass(frozen=True, slots=True)
class Reasons:
    """All that can quiet a finding."""

    scene: Scene
    quieting: Quieting = field(default_factory=Quieting)
    past: Precedents = field(default_factory=dict)
    zone: tzinfo | None = UTC

    def why_quiet(self, finding: Finding, episode: Episode) -> Quiet | None:
        """None for what is to be told. What was told once goes on being told, unless people ask otherwise."""
        silence = silenced_by(finding, self._host(finding.host), self.quieting.silences, self.scene.now)
        if silence is not None:
            return Quiet("silence", silence.id, silence.comment)
        own = next((one for one in self.quieting.opinions if one.fingerprint == finding.fingerprint), None)
        if own is not None or episode.told:
            return Quiet("feedback") if own and own.opinion == "not_an_anomaly" else None
        said = last_word(finding, self.quieting.opinions)
        if said is not None and said.opinion == "not_an_anomaly":
            return Quiet("feedback", said.fingerprint)
        if finding.kind != ANOMALY:
            return None
        if self._just_booted(finding):
            return Quiet("reboot")
        # Who calls the like of it useful wants to hear it, at whatever hour.
        recurring = None if said is not None else self._recurring(finding, episode)
        # Last, for of one that began before the newest rows only what is left of it can be seen.
        return recurring or (Quiet("small") if too_small(finding, self.scene) else None)

    def _recurring(self, finding: Finding, episode: Episode) -> Quiet | None:
        """Found before, or seen in the history that was learned."""
        calibration = self.scene.calibrations.get(finding.host)
        seen = calibration.precedents if calibration else ()
        past = (*seen, *self.past.get(finding.host, ()))
        if not past:
            return None
        until = finding.starts_at + timedelta(seconds=episode.lasted(self.scene.now.timestamp()))
        known = recurrence(finding, past, until, reached(finding, self.scene), self.zone)
        if not known:
            return None
        days = ", ".join(one.starts_at.astimezone(self.zone).strftime("%Y-%m-%d") for one in known[-DAYS_TOLD:])
        return Quiet("recurring", known[-1].fingerprint, days)

    def _host(self, name: str) -> Host:
        row = self.scene.rows.get(name)
        return Host(name) if row is None else self.scene.fleet.hosts[row]

    def _just_booted(self, finding: Finding) -> bool:
        machine = self.scene.machines.get(finding.host)
        if machine is None or machine.booted_at is None:
            return False
        settling = 0 <= self.scene.now.timestamp() - machine.booted_at < SETTLING_SECONDS
        return settling and finding.starts_at.timestamp() >= machine.booted_at - BOOT_UNCERTAIN_SECONDS


def last_word(finding: Finding, opinions: Iterable[Opinionated]) -> Opinionated | None:
    """What was said last of an earlier finding like this one: that it was useful, or of none weaker, no anomaly.

    `opinions` are the newest first. Those on other hosts, or of other kinds, say nothing of this finding.
    """
    shares = shares_of(finding)
    for opinion in opinions:
        if (opinion.host, opinion.kind) != (finding.host, finding.kind):
            continue
        if cosine(shares, opinion.shares) < ALIKE_COSINE:
            continue
        if opinion.opinion == "useful" or not clearly_stronger(finding, opinion):
            return opinion
    return None


def reached(finding: Finding, scene: Scene) -> Reached:
    """The lowest and highest value of each cause while the finding lasted; nothing once its beginning is too old."""
    times = scene.fleet.times
    if not len(times) or times[0] > finding.starts_at.timestamp() - GAP_STEPS * scene.step.total_seconds():
        return {}
    during = {cause.feature: _around(finding, cause.feature, scene)[1] for cause in finding.causes}
    return {name: (float(values.min()), float(values.max())) for name, values in during.items() if len(values)}


def too_small(finding: Finding, scene: Scene) -> bool:
    """Whether what it is mostly put down to did not move by as much as a person would care about."""
    moves = [moved >= least for moved, least in _moves(finding, scene)]
    if not moves or moves[0]:
        return False
    shares = [cause.share for cause in finding.causes]
    return sum(share for share, matters in zip(shares, moves, strict=True) if matters) < MATTERS * sum(shares)


def _moves(finding: Finding, scene: Scene) -> Iterator[tuple[float, float]]:
    """How far each cause moved, and how far it must to matter; as far as can be where that is not known."""
    for cause in finding.causes:
        feature = scene.features.get(cause.feature)
        least = feature.minimum_effect if feature else 0.0
        before, during = _around(finding, cause.feature, scene)
        low, high = cause.evidence.usual_low, cause.evidence.usual_high
        moved = [float(np.abs(during - np.median(before)).max())] if len(before) and len(during) else []
        if low is not None and high is not None and len(during):
            moved.append(max(float(during.max()) - high, low - float(during.min())))
        yield (max(moved) if moved else math.inf, least)


def _around(finding: Finding, feature: str, scene: Scene) -> tuple[Values, Values]:
    """A feature's known values before a finding and while it lasted; it began some steps before it was noticed."""
    fleet = scene.fleet
    if finding.host not in scene.rows or feature not in fleet.features:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    values = fleet.values[scene.rows[finding.host], fleet.features.index(feature)]
    step = scene.step.total_seconds()
    begins = finding.starts_at.timestamp() - GAP_STEPS * step
    ends = math.inf if finding.ends_at is None else finding.ends_at.timestamp()
    known = np.isfinite(values)
    before = known & (fleet.times < begins) & (fleet.times >= begins - BEFORE_STEPS * step)
    during = known & (fleet.times >= begins) & (fleet.times <= ends)
    return values[before], values[during]
