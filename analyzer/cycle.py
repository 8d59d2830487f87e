"""One cycle: fetch, score, judge, publish. No clock, no loop, no sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from analyzer.companions import Accompanist, failures
from analyzer.data import (
    Failure,
    Fetched,
    Finding,
    Fleet,
    Health,
    Host,
    HostReport,
    Incident,
    Quieting,
    Report,
    Starting,
    Window,
)
from analyzer.errors import SourceStarting
from analyzer.guard import Guard
from analyzer.health import fleet_health
from analyzer.host_models import HostModels
from analyzer.incidents import Grouping
from analyzer.interfaces import Forecaster, Sink, Source
from analyzer.judge import RESIZED, Judge, Suspects
from analyzer.judge import Memory as JudgeMemory
from analyzer.looking import Looked, Lookout
from analyzer.machines import Inventory, Machines
from analyzer.names import Names, opinions_now
from analyzer.prospects import Prospects
from analyzer.recent import extend
from analyzer.renaming import Renaming
from analyzer.training import Trainer
from analyzer.wording import say_starting

# A scrape may arrive late and a rate needs its neighbours: the newest steps are asked for again.
OVERLAP_STEPS = 4
UNKNOWN = Health(None, 0.0)
SOON = timedelta(minutes=10)
FORGOTTEN = "the judge no longer knew of it: what it remembered was lost, or the host is gone"
CALLED = "the host is called {} now"


@dataclass(frozen=True, slots=True)
class Memory:
    """What one cycle hands to the next: the newest history, what the judge remembers, what was firing.

    `firing` was so at `judged_at`, the time of the last verdict, and `confidence` the judge's in each host; `incidents`
    are open. `quieting` is what people asked to hear less of, as it is now. `failed` are the last report's failures;
    `late` came too late for it: of its sinks, and of work between cycles. `suspected` of being the same under other
    names were the hosts that were asked about last.
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
    suspected: Suspects = field(default_factory=Suspects)


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
    renaming: Renaming = field(default_factory=Renaming)

    async def run(self, now: datetime, memory: Memory) -> tuple[Report, Memory]:
        """Look at every host once. A stage that fails is in the report's failures, and the others still run."""
        guard = Guard(now, memory.failed)
        guard.note(*memory.late)
        if self.accompanist is not None:
            self.accompanist.remember(memory.firing)
        given = await self._fetch(guard, now, memory)
        fetched = given if isinstance(given, Fetched) else None
        if fetched is not None and not fetched.stale:
            span = self.recent.total_seconds()
            memory = replace(memory, recent=extend(memory.recent, fetched.fleet, span))
        machines = await self._machines(guard, now, fetched)
        memory = await self._named(guard, now, fetched, memory, machines)
        looked: tuple[Looked, ...] = ()
        if memory.recent is not None:
            looked = await asyncio.to_thread(self.lookout.look, guard, now, memory.recent)
        findings, incidents = memory.firing, memory.incidents
        with guard.stage("judge"):
            findings, memory = await asyncio.to_thread(self._judge, now, fetched, looked, memory, machines)
        with guard.stage("companions"):
            findings, memory = await self._accompany(guard, now, fetched, findings, memory)
        with guard.stage("group"):
            findings, incidents, memory = self._group(now, findings, memory)
        hosts: tuple[HostReport, ...] = ()
        if memory.recent is not None:
            burdens, sure = _firing(findings), memory.confidence
            hosts = await asyncio.to_thread(self.lookout.weigh, guard, memory.recent, looked, burdens, sure)
        report = replace(_report(now, given, hosts, findings, guard), incidents=incidents)
        late = Guard(now, memory.late)
        for sink in self.sinks:
            with late.stage(f"sink {sink.name}"):
                await sink.publish(report)
        return report, replace(memory, late=late.failures, failed=guard.failures)

    @property
    def lookout(self) -> Lookout:
        return Lookout(self.trainer, self.prospects, self.forecasters, self.judge.features, self.step)

    async def _fetch(self, guard: Guard, now: datetime, memory: Memory) -> Fetched | Starting | None:
        with guard.stage("fetch"):
            try:
                fetched = await self.source.fetch(self._window(now, memory.recent))
            except SourceStarting as error:
                return Starting(error.url, error.loading, error.first_scrape_seconds)
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

    async def _named(
        self, guard: Guard, now: datetime, fetched: Fetched | None, memory: Memory, machines: Machines
    ) -> Memory:
        """Hosts under the names that they have by now. Where nobody can be asked who they are, they are new ones."""
        recent = memory.recent
        if fetched is None or recent is None or self.renaming.registry is None:
            return memory
        judge, names = replace(self.judge, window_seconds=fetched.range_seconds), self.renaming.names
        with guard.stage("machines"):
            renamed, suspected = await self.renaming.look(
                now, fetched, recent, judge, memory.judged, machines, memory.suspected
            )
            memory = replace(memory, suspected=suspected)
            if renamed:
                names.add(renamed)
                opinions = opinions_now(memory.quieting.opinions, Names(renamed))
                memory = replace(
                    memory,
                    recent=await asyncio.to_thread(names.merged, recent),
                    quieting=replace(memory.quieting, opinions=opinions),
                )
                await asyncio.to_thread(self.trainer.rename, renamed)
        return memory

    def _window(self, now: datetime, recent: Fleet | None) -> Window:
        """All of `recent` at first, then only what is new, with a little overlap."""
        whole = Window.ending(now, self.recent, self.step)
        if recent is None or not len(recent.times):
            return whole
        newest = datetime.fromtimestamp(float(recent.times[-1]), UTC)
        start = min(max(newest - OVERLAP_STEPS * self.step, whole.start), whole.end)
        return Window(start, whole.end, self.step)

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
            now,
            memory.recent,
            scores,
            calibrations,
            memory.judged,
            fetched.not_asked,
            memory.quieting,
            peers,
            machines,
            self.renaming.names.renames,
        )
        for finding in verdict.findings:
            if finding.kind == RESIZED and finding.firing:
                # What is usual is another matter now; a while of the new size must be there to learn from.
                self.trainer.hasten(finding.host, finding.starts_at + SOON)
        findings = (*verdict.findings, *_forgotten(verdict.findings, memory, now, self.renaming.names))
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


def _forgotten(told: Iterable[Finding], memory: Memory, now: datetime, names: Names) -> list[Finding]:
    """What fired and is told of no more ended when it was last known to fire: nothing may stay open for ever."""
    known = {finding.fingerprint for finding in told}
    last = memory.judged_at or now
    return [
        replace(finding, ends_at=max(finding.starts_at, last), end_reason=_why_forgotten(finding, names))
        for finding in memory.firing
        if finding.fingerprint not in known
    ]


def _why_forgotten(finding: Finding, names: Names) -> str:
    name = names.now(finding.host, finding.starts_at.timestamp())
    return FORGOTTEN if name == finding.host else CALLED.format(name)


def _report(
    now: datetime,
    given: Fetched | Starting | None,
    hosts: tuple[HostReport, ...],
    findings: tuple[Finding, ...],
    guard: Guard,
) -> Report:
    fetched = given if isinstance(given, Fetched) else None
    starting = given if isinstance(given, Starting) else None
    served = fetched is not None and not fetched.stale
    return Report(
        at=now,
        source=fetched.source if fetched is not None and served else "",
        fallback_reason=fetched.fallback_reason if fetched is not None else _reason(starting, guard.failures),
        hosts=hosts,
        findings=findings,
        failures=guard.failures,
        stage_seconds=guard.seconds,
        starting=starting,
        fleet_health=fleet_health({each.host.name: each.health or UNKNOWN for each in hosts}),
    )


def _reason(starting: Starting | None, failures: Sequence[Failure]) -> str:
    if starting is not None:
        return say_starting(starting)
    return failures[0].reason if failures else ""


def hosts_of(memory: Memory) -> tuple[Host, ...]:
    return memory.recent.hosts if memory.recent is not None else ()
