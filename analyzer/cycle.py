"""One cycle: fetch, score, judge, publish. No clock, no loop, no sleep."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from analyzer.companions import Accompanist, failures
from analyzer.data import (
    Experience,
    Failure,
    Fetched,
    Finding,
    Fleet,
    Forecast,
    Health,
    Host,
    HostReport,
    HostScores,
    Incident,
    Learning,
    Peers,
    Quieting,
    Report,
    Scores,
    State,
    Trends,
    Window,
)
from analyzer.experience import experience
from analyzer.guard import Guard
from analyzer.health import Typical, fleet_health, health_of, typicals
from analyzer.incidents import Grouping
from analyzer.interfaces import Forecaster, Sink, Source
from analyzer.judge import RESIZED, Judge
from analyzer.judge import Memory as JudgeMemory
from analyzer.machines import Inventory, Machines
from analyzer.newest import newest
from analyzer.prospects import Prospects
from analyzer.recent import extend
from analyzer.training import HostModels, Trainer

# A scrape may arrive late and a rate needs its neighbours: the newest steps are asked for again.
OVERLAP_STEPS = 4
UNKNOWN = Health(None, 0.0)
SOON = timedelta(minutes=10)
FORGOTTEN = "the judge no longer knew of it: what it remembered was lost, or the host is gone"


@dataclass(frozen=True, slots=True)
class Memory:
    """What one cycle hands to the next: the newest history, what the judge remembers, what was firing.

    `firing` was so at `judged_at`, the time of the last verdict, and `confidence` the judge's in each host; `incidents`
    are open. `quieting` is what people asked to hear less of, as it is now. `failed` are the last report's failures;
    `late` came too late for it: of its sinks, and of work between cycles.
    """

    recent: Fleet | None = None
    judged: JudgeMemory = field(default_factory=JudgeMemory)
    judged_at: datetime | None = None
    firing: tuple[Finding, ...] = ()
    incidents: tuple[Incident, ...] = ()
    quieting: Quieting = field(default_factory=Quieting)
    confidence: Mapping[str, float] = field(default_factory=dict)
    late: tuple[Failure, ...] = ()
    failed: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What the models said of one host."""

    report: HostReport
    ensemble: Scores | None


@dataclass(frozen=True)
class Cycle:
    """Its parts and its grid; `run` is called with the time and what the last run remembered."""

    source: Source
    trainer: Trainer
    prospects: Prospects
    judge: Judge
    forecasters: Sequence[Forecaster]
    sinks: Sequence[Sink]
    step: timedelta
    recent: timedelta
    grouping: Grouping = field(default_factory=Grouping)
    accompanist: Accompanist | None = None
    inventory: Inventory | None = None

    async def run(self, now: datetime, memory: Memory) -> tuple[Report, Memory]:
        """Look at every host once. A stage that fails is in the report's failures, and the others still run."""
        guard = Guard(now, memory.failed)
        guard.note(*memory.late)
        if self.accompanist is not None:
            self.accompanist.remember(memory.firing)
        fetched = await self._fetch(guard, now, memory)
        if fetched is not None and not fetched.stale:
            memory = replace(memory, recent=extend(memory.recent, fetched.fleet, self.recent.total_seconds()))
        machines = await self._machines(guard, now, fetched)
        looked: tuple[Looked, ...] = ()
        if memory.recent is not None:
            looked = await asyncio.to_thread(self._look, guard, now, memory.recent)
        findings, incidents = memory.firing, memory.incidents
        with guard.stage("judge"):
            findings, memory = self._judge(now, fetched, looked, memory, machines)
        with guard.stage("companions"):
            findings, memory = await self._accompany(guard, now, fetched, findings, memory)
        with guard.stage("group"):
            findings, incidents, memory = self._group(now, findings, memory)
        hosts: tuple[HostReport, ...] = ()
        if memory.recent is not None:
            hosts = await asyncio.to_thread(self._weigh, guard, memory, looked, findings)
        report = replace(_report(now, fetched, hosts, findings, guard), incidents=incidents)
        late = Guard(now, memory.late)
        for sink in self.sinks:
            with late.stage(f"sink {sink.name}"):
                await sink.publish(report)
        return report, replace(memory, late=late.failures, failed=guard.failures)

    async def _fetch(self, guard: Guard, now: datetime, memory: Memory) -> Fetched | None:
        with guard.stage("fetch"):
            fetched = await self.source.fetch(self._window(now, memory.recent))
            guard.note(*fetched.failures)
            if fetched.stale:
                guard.note(Failure("fetch", f"nobody could be asked: {fetched.fallback_reason}", now))
            return fetched
        return None

    async def _machines(self, guard: Guard, now: datetime, fetched: Fetched | None) -> Machines:
        """What hosts run on. Without it nothing is told of reboots, and all else goes on."""
        if self.inventory is not None and fetched is not None and not fetched.stale:
            with guard.stage("machines"):
                return await self.inventory.machines(now)
        return {}

    def _window(self, now: datetime, recent: Fleet | None) -> Window:
        """All of `recent` at first, then only what is new, with a little overlap."""
        whole = Window.ending(now, self.recent, self.step)
        if recent is None or not len(recent.times):
            return whole
        newest = datetime.fromtimestamp(float(recent.times[-1]), UTC)
        start = min(max(newest - OVERLAP_STEPS * self.step, whole.start), whole.end)
        return Window(start, whole.end, self.step)

    def _look(self, guard: Guard, now: datetime, recent: Fleet) -> tuple[Looked, ...]:
        looked = []
        peers: Mapping[str, Peers] = {}
        with guard.stage("compare"):
            peers = self.prospects.peers(recent)
        scores: Mapping[str, HostScores] = {}
        with guard.stage("score"):
            scores = self.trainer.score(recent)
        trends: Sequence[Trends] = [Trends()] * len(recent.hosts)
        with guard.stage("forecast"):
            trends = self._trends(recent)
        rows = zip(recent.hosts, recent.frames(), newest(recent), trends, strict=True)
        for host, frame, last, heading in rows:
            models, said = self.trainer.models(host.name), scores.get(host.name)
            state: State | None = None
            with guard.stage("states", host.name):
                state = models.state(frame) if isinstance(models, HostModels) else None
            forecasts: tuple[Forecast, ...] = ()
            with guard.stage("forecast", host.name):
                forecasts = self.prospects.forecasts(host.name, now)
            report = HostReport(
                host,
                last.at,
                last.values,
                learning=_learning(models, last.steps),
                scores=said.newest if said else {},
                shares=said.shares if said else {},
                state=state,
                trends=heading,
                forecasts=forecasts,
                peers=peers.get(host.name),
            )
            looked.append(Looked(report, said.ensemble if said else None))
        return tuple(looked)

    def _trends(self, recent: Fleet) -> Sequence[Trends]:
        every = [forecaster.fleet_trends(recent) for forecaster in self.forecasters]
        if len(every) == 1:
            return every[0]
        return [Trends.of(*chain.from_iterable(told[row] for told in every)) for row in range(len(recent.hosts))]

    def _weigh(
        self, guard: Guard, memory: Memory, looked: Sequence[Looked], findings: Sequence[Finding]
    ) -> tuple[HostReport, ...]:
        """Each host's health and what it is judged by, from all that is known of it by now."""
        firing: dict[str, list[Finding]] = defaultdict(list)
        for finding in _firing(findings):
            firing[finding.host].append(finding)
        usual: Iterable[Typical] = [Typical({}, {})] * len(looked)
        with guard.stage("health"):
            usual = typicals(memory.recent) if memory.recent is not None else usual
        weighed = []
        for each, typical in zip(looked, usual, strict=True):
            report, name = each.report, each.report.host.name
            found: Health | None = None
            with guard.stage("health", name):
                found = health_of(name, typical, self.judge.features, firing[name], report.forecasts)
            weighed.append(replace(report, experience=self._experience(name, memory), health=found))
        return tuple(weighed)

    def _experience(self, host: str, memory: Memory) -> Experience | None:
        models = self.trainer.models(host)
        if isinstance(models, Learning):
            return None
        return experience(models.steps * self.step.total_seconds(), memory.confidence.get(host, 0.0))

    def _judge(
        self, now: datetime, fetched: Fetched | None, looked: Sequence[Looked], memory: Memory, machines: Machines
    ) -> tuple[tuple[Finding, ...], Memory]:
        if fetched is None or fetched.stale or memory.recent is None:
            # Nobody could be asked: what was firing stays so, and no host is called silent for it.
            return memory.firing, memory
        scores = {each.report.host.name: each.ensemble for each in looked if each.ensemble is not None}
        calibrations = {
            name: models.calibration for name in scores if isinstance(models := self.trainer.models(name), HostModels)
        }
        judge = replace(self.judge, window_seconds=fetched.range_seconds)
        peers = {each.report.host.name: each.report.peers for each in looked if each.report.peers is not None}
        verdict = judge.judge(
            now, memory.recent, scores, calibrations, memory.judged, fetched.not_asked, memory.quieting, peers, machines
        )
        for finding in verdict.findings:
            if finding.kind == RESIZED and finding.firing:
                # What is usual is another matter now; a while of the new size must be there to learn from.
                self.trainer.hasten(finding.host, finding.starts_at + SOON)
        findings = (*verdict.findings, *_forgotten(verdict.findings, memory, now))
        memory = replace(memory, judged=verdict.memory, judged_at=now, confidence=verdict.confidence)
        return findings, replace(memory, firing=_firing(findings))

    async def _accompany(
        self, guard: Guard, now: datetime, fetched: Fetched | None, findings: tuple[Finding, ...], memory: Memory
    ) -> tuple[tuple[Finding, ...], Memory]:
        """What moved with the findings. Where nobody could be asked, they keep what is known of them."""
        if self.accompanist is None or fetched is None or fetched.stale or memory.recent is None:
            return findings, memory
        rate_seconds = fetched.range_seconds
        findings = await self.accompanist.accompany(findings, memory.recent, self.trainer.hours, now, rate_seconds)
        guard.note(*failures(findings, now))
        return findings, replace(memory, firing=_firing(findings))

    def _group(
        self, now: datetime, findings: tuple[Finding, ...], memory: Memory
    ) -> tuple[tuple[Finding, ...], tuple[Incident, ...], Memory]:
        if memory.judged_at != now or memory.recent is None:
            return findings, memory.incidents, memory
        jobs = {host.name: host.job for host in memory.recent.hosts}
        grouped = self.grouping.group(now, findings, memory.incidents, jobs)
        open_ = tuple(incident for incident in grouped.incidents if incident.open)
        return grouped.findings, grouped.incidents, replace(memory, firing=_firing(grouped.findings), incidents=open_)


def _firing(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.firing)


def _forgotten(told: Iterable[Finding], memory: Memory, now: datetime) -> list[Finding]:
    """What fired and is told of no more ended when it was last known to fire: nothing may stay open for ever."""
    known = {finding.fingerprint for finding in told}
    last = memory.judged_at or now
    return [
        replace(finding, ends_at=max(finding.starts_at, last), end_reason=FORGOTTEN)
        for finding in memory.firing
        if finding.fingerprint not in known
    ]


def _learning(models: HostModels | Learning, steps: int) -> Learning | None:
    return replace(models, steps_seen=max(models.steps_seen, steps)) if isinstance(models, Learning) else None


def _report(
    now: datetime, fetched: Fetched | None, hosts: tuple[HostReport, ...], findings: tuple[Finding, ...], guard: Guard
) -> Report:
    served = fetched is not None and not fetched.stale
    return Report(
        at=now,
        source=fetched.source if fetched is not None and served else "",
        fallback_reason=fetched.fallback_reason if fetched is not None else _first_reason(guard.failures),
        hosts=hosts,
        findings=findings,
        failures=guard.failures,
        stage_seconds=guard.seconds,
        fleet_health=fleet_health({each.host.name: each.health or UNKNOWN for each in hosts}),
    )


def _first_reason(failures: Sequence[Failure]) -> str:
    return failures[0].reason if failures else ""


def hosts_of(memory: Memory) -> tuple[Host, ...]:
    return memory.recent.hosts if memory.recent is not None else ()
