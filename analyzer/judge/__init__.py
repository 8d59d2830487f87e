"""Scores and limits in, findings out: the only place that knows a threshold. Its memory is a value passed in."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType

import numpy as np

from analyzer.data import Feature, Finding, Fleet, Peers, Quieting, Scores
from analyzer.identities import Identity
from analyzer.judge.anomaly import Expected, anomalies, learned
from analyzer.judge.calibration import Calibration, calibrate
from analyzer.judge.carrying import carried
from analyzer.judge.departures import departures
from analyzer.judge.findings import Scene, finding
from analyzer.judge.ladder import Budget
from analyzer.judge.memory import Episode, Memory
from analyzer.judge.quieting import SETTLING_SECONDS, Reasons, reached
from analyzer.judge.recurrence import expected_height, precedent, recalled
from analyzer.judge.renaming import Suspects, lives, renames, suspects
from analyzer.judge.saturation import SILENT, saturations, silences
from analyzer.judge.telling import ANOMALY
from analyzer.judge.upheavals import (
    REBOOT,
    RENAMED,
    RESIZED,
    another,
    became_another,
    reboots,
    remembered,
    rename_told,
    renamings,
    resizes,
)
from analyzer.judge.watch import Rule
from analyzer.machines import Machines
from analyzer.names import Rename

__all__ = [
    "ANOMALY",
    "REBOOT",
    "RENAMED",
    "RESIZED",
    "SILENT",
    "Budget",
    "Calibration",
    "Episode",
    "Judge",
    "Memory",
    "Rule",
    "Suspects",
    "Verdict",
    "became_another",
    "calibrate",
    "carried",
    "rename_told",
]

NOTHING_ASKED = Quieting()
NO_PEERS: Mapping[str, Peers] = MappingProxyType({})
NO_MACHINES: Machines = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Findings that are firing, and those that ended since the last verdict; `memory` goes into the next one.

    `confidence` is, for each host that has models, how near its bar is to where it will be once enough is known.
    """

    findings: tuple[Finding, ...]
    memory: Memory
    confidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judge:
    """`step` is the grid's, `window_seconds` the range of the rates that the fleet was asked with.

    `false_alarms_per_day` is what a host may cost; `forget_after` how long a silent host is still expected; `zone` the
    one whose hours nightly jobs may keep, None for this machine's.
    """

    features: tuple[Feature, ...]
    step: timedelta = timedelta(seconds=15)
    window_seconds: float = 60.0
    false_alarms_per_day: float = 0.2
    saturated_seconds: float = 60.0
    silent_seconds: float = 90.0
    forget_after: timedelta = timedelta(days=1)
    zone: tzinfo | None = UTC

    def judge(
        self,
        now: datetime,
        fleet: Fleet,
        scores: Mapping[str, Scores],
        calibrations: Mapping[str, Calibration],
        memory: Memory,
        not_asked: Collection[str] = (),
        quieting: Quieting = NOTHING_ASKED,
        peers: Mapping[str, Peers] = NO_PEERS,
        machines: Machines = NO_MACHINES,
        names: Sequence[Rename] = (),
    ) -> Verdict:
        """What to tell at `now`. `fleet` holds the newest rows, at least `saturated_seconds` of them.

        `scores` are the ensemble's for each host that has models; rows judged before are left alone, so that a
        restart or an overlap neither loses nor doubles a finding. Call it only when the source could be asked:
        a fleet that is empty because nobody answered would call every host silent. `not_asked` are hosts that the
        source in use can't ask. `quieting` is what people asked to hear less of, `peers` each host beside its group,
        `machines` what the hosts run on, `names` every rename that is known: the fleet is told by the new ones.
        """
        seconds, moment = self.step.total_seconds(), now.timestamp()
        memory, renamed = carried(memory.no_later_than(moment), names)
        memory = self._seen(memory, fleet, moment)
        rule = Rule(Budget(self.false_alarms_per_day))
        resized = resizes(memory.episodes, memory.machines, machines, moment, SETTLING_SECONDS)
        others = {each.host for each in resized if each.ends_at is None and another(each.host, each.parts, machines)}
        memory, over = _begun_anew(memory, others, moment)
        scores = {host: said for host, said in scores.items() if host not in others}
        memory, told = anomalies(rule, memory, scores, calibrations, seconds, self._own_hours(calibrations, memory))
        told += over
        told += saturations(self.features, fleet, moment, self.saturated_seconds, memory.episodes)
        told += silences(memory, moment, self.silent_seconds, not_asked)
        told += reboots(memory.episodes, machines, moment, SETTLING_SECONDS)
        told += resized
        told += renamings(memory.episodes, renamed, memory.machines, moment, SETTLING_SECONDS)
        told += departures(peers, memory.episodes, moment, self.false_alarms_per_day)
        scene = Scene(
            now,
            fleet,
            {feature.name: feature for feature in self.features},
            calibrations,
            self.step,
            self.window_seconds,
            machines,
        )
        memory = replace(memory, machines=remembered(memory.machines, machines, memory.last_seen))
        verdict = _verdict(told, Reasons(scene, quieting, memory.past, self.zone), memory)
        return replace(verdict, confidence=_confidence(rule, memory, calibrations, seconds))

    def suspects(self, now: datetime, fleet: Fleet, memory: Memory, not_asked: Collection[str] = ()) -> Suspects:
        """New hosts that may be ones that are gone, under other names; nobody in usual cycles."""
        return suspects(memory, fleet, now.timestamp(), self.silent_seconds, self._slack, not_asked)

    def renames(
        self,
        now: datetime,
        fleet: Fleet,
        memory: Memory,
        suspected: Suspects,
        machines: Machines,
        identities: Mapping[str, Identity],
    ) -> tuple[Rename, ...]:
        """Those of the suspects that everything says are the same machines, and nothing says are not."""
        everybody = lives(suspected, memory, fleet, machines, identities)
        return renames(suspected, everybody, self._slack, now.timestamp())

    @property
    def _slack(self) -> float:
        """A few scrapes: for no longer may a host be seen under two names."""
        return max(self.window_seconds, self.step.total_seconds())

    def _own_hours(self, calibrations: Mapping[str, Calibration], memory: Memory) -> Expected:
        """What hosts reach at hours that their jobs keep, by history and by what was found."""

        def expected(host: str, time: float) -> float:
            seen = calibrations[host].precedents if host in calibrations else ()
            past = (*seen, *memory.past.get(host, ()))
            return expected_height(past, datetime.fromtimestamp(time, UTC), self.zone) if past else -math.inf

        return expected

    def _seen(self, memory: Memory, fleet: Fleet, moment: float) -> Memory:
        """The memory with this fleet's hosts, without those silent for so long that nobody expects them."""
        last_seen, first_seen = dict(memory.last_seen), dict(memory.first_seen)
        seen = fleet.seen()
        present = np.flatnonzero(seen.any(axis=1))
        newest = fleet.times[len(fleet.times) - 1 - seen[present, ::-1].argmax(axis=1)] if len(present) else present
        for row, time in zip(present.tolist(), newest.tolist(), strict=True):
            host = fleet.hosts[row].name
            if host not in last_seen and (begun := memory.begun(fleet, fleet.values[row])) > -math.inf:
                first_seen[host] = begun
            last_seen[host] = max(time, last_seen.get(host, -np.inf))
        oldest = moment - self.forget_after.total_seconds()
        kept = {host: time for host, time in last_seen.items() if time >= oldest}
        born = {host: time for host, time in first_seen.items() if host in kept}
        return replace(memory.covering(tuple(kept)), last_seen=kept, first_seen=born)


def _verdict(told: Iterable[Episode], reasons: Reasons, memory: Memory) -> Verdict:
    """Findings of the episodes, each with why it is quiet; what is told stays so while it lasts."""
    findings, lasting, over = [], [], []
    for episode in map(_ended_after_it_began, told):
        found = finding(episode, reasons.scene)
        quiet = reasons.why_quiet(found, episode)
        found = replace(found, quiet=quiet)
        findings.append(found)
        worst = max(episode.worst, found.severity)
        if episode.ends_at is None:
            lasting.append(replace(episode, told=episode.told or quiet is None, worst=worst))
        elif episode.kind == ANOMALY:
            over.append(precedent(found, worst, reached(found, reasons.scene)))
    past = recalled(memory.past, over, reasons.scene.now)
    return Verdict(tuple(findings), replace(memory, episodes=tuple(lasting), past=past))


def _begun_anew(memory: Memory, others: Collection[str], moment: float) -> tuple[Memory, list[Episode]]:
    """Of hosts that are other ones by now what was unusual is over, and nothing is known of their scores."""
    over = [each for each in memory.episodes if each.kind == ANOMALY and each.host in others]
    left = tuple(each for each in memory.episodes if each not in over)
    return replace(memory.anew(others), episodes=left), [replace(each, ends_at=moment) for each in over]


def _confidence(
    rule: Rule, memory: Memory, calibrations: Mapping[str, Calibration], step_seconds: float
) -> Mapping[str, float]:
    known = learned(memory.hosts, calibrations)
    days = memory.watch.days + rule.learned_part * known.days
    sure = (1.0 / rule.budget.doubts(days, known.held_out(step_seconds).steps)).tolist()
    return {host: share for host, share in zip(memory.hosts, sure, strict=True) if host in calibrations}


def _ended_after_it_began(episode: Episode) -> Episode:
    """A clock that was set back would have it end before."""
    return episode if episode.ends_at is None else replace(episode, ends_at=max(episode.starts_at, episode.ends_at))
