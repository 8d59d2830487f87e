"""The analyzer's rounds: a cycle, a refit, a look ahead. Keeps the last report and what the next cycle must know.

What the judge remembers is also in the store. A refit that fails, or a store that can't be written, is a failure of
the next report and stops nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from zipfile import BadZipFile

from analyzer.cycle import Cycle, Memory
from analyzer.data import Failure, Finding, FindingFilter, Quieting, Report, UsualState
from analyzer.errors import StoreError
from analyzer.guard import Guard
from analyzer.host_models import HostModels
from analyzer.judge import ANOMALY, RENAMED, RESIZED, became_another, rename_told
from analyzer.judge import Memory as JudgeMemory
from analyzer.judge.recurrence import KEPT, recalled
from analyzer.judge.unlearned import Spans, told_spans
from analyzer.lean import give_back
from analyzer.names import opinions_now, precedents_now, reaches_now
from analyzer.precedence import Precedence
from analyzer.progress import Progress
from analyzer.store import Store
from analyzer.usual_states import usual_states
from analyzer.wording import say_starting

log = logging.getLogger(__name__)

MEMORY, JUDGED_AT = "judge", "judged at"
ALL = 1_000_000

# Of each call, so long hosts are begun to be learned, one after the other.
BUSY_SECONDS = 4.0


class Rounds:
    """`report` is None until the first cycle is through."""

    def __init__(
        self,
        cycle: Cycle,
        store: Store,
        keep: timedelta,
        busy_seconds: float = BUSY_SECONDS,
        precedence: Precedence | None = None,
    ) -> None:
        self._cycle = cycle
        self._trainer = cycle.trainer
        self._prospects = cycle.prospects
        self._names = cycle.renaming.names
        self._store = store
        self._keep = keep
        self._memory = Memory()
        self._late: tuple[Failure, ...] = ()
        self._restored = False
        self._served = False
        self._busy_seconds = busy_seconds
        self._progress = Progress()
        self._precedence = precedence or Precedence()
        self.report: Report | None = None

    def states(self, host: str) -> tuple[UsualState, ...]:
        """A host's usual states; none while it has shown none."""
        models = self._trainer.models(host)
        known = models.states if isinstance(models, HostModels) else None
        return usual_states(known, self._cycle.judge.features) if known else ()

    async def look(self, now: datetime) -> bool:
        """One cycle, then everything worth remembering is written down. False until a source has served once."""
        with self._precedence.first():
            served = await self._look(now)
        await asyncio.to_thread(give_back)
        return served

    async def _look(self, now: datetime) -> bool:
        if not self._restored:
            await self._restore(now)
        await self._hear(now)
        self._memory, self._late = replace(self._memory, late=self._memory.late + self._late), ()
        report, self._memory = await self._cycle.run(now, self._memory)
        self._begin_anew(report.findings)
        guard = Guard(now)
        with guard.stage("store"):
            await self._store.findings.record(report.findings, now)
            await self._store.incidents.record(report.incidents, now)
            if self._restored:  # else what is there is still worth reading
                await self._remember()
        self._add(guard)
        if report.starting is not None and (self.report is None or self.report.starting != report.starting):
            log.info("%s", say_starting(report.starting))
        self.report = report
        self._served = self._served or bool(report.source)
        return self._served

    async def train(self, now: datetime) -> None:
        """Fit hosts that are due, for a while on one processor; hosts that are gone are forgotten."""
        guard = Guard(now)
        learned: tuple[str, ...] = ()
        with guard.stage("train"):
            hosts = [host.host.name for host in self.report.hosts] if self.report else []
            self._trainer.forget(tuple(self._trainer.hosts.difference(hosts)))
            until = time.monotonic() + self._busy_seconds
            turn, time_left = self._precedence.turn, lambda: time.monotonic() < until
            learned = await self._trainer.train(now, hosts, len(hosts), turn, self._told, time_left)
        if learned:
            with guard.stage("store"):
                if self._restored:  # else what is there is still worth reading
                    await self._store.reaches.record(self._trainer.reaches(learned))
            self._progress.tell(self._trainer.scored(hosts), len(hosts), now)
            give_back()
        self._add(guard)

    async def foresee(self, now: datetime) -> bool:
        """Renew the forecasts and who behaves like whom. False until there is a report to add them to."""
        guard = Guard(now)
        with guard.stage("foresee"):
            if self._served:
                await self._prospects.renew(now, lambda: self._memory.recent, self._precedence.turn)
                give_back()
        self._add(guard)
        return self._served

    async def tidy(self, now: datetime) -> None:
        """Delete from the store what is settled and old."""
        guard = Guard(now)
        with guard.stage("store"):
            await self._store.forget(now - self._keep)
        self._add(guard)

    async def _hear(self, now: datetime) -> None:
        """What people asked to hear less of; what was known of it stays where the store can't be read."""
        guard = Guard(now)
        with guard.stage("store"):
            silences, opinions = await self._store.silences.newest(now), await self._store.feedback.opinions()
            self._memory = replace(self._memory, quieting=Quieting(silences, opinions_now(opinions, self._names)))
        self._add(guard)

    def _told(self, host: str) -> Spans:
        """When people were told that the host was unusual, and did not say that it was not."""
        return told_spans(host, self._memory.judged, self._memory.quieting.opinions)

    def _begin_anew(self, findings: Iterable[Finding]) -> None:
        """Of a host that became another one, only what came since is learned."""
        since: dict[str, datetime] = {}
        for finding in filter(became_another, findings):
            host = self._names.now(finding.host, finding.starts_at.timestamp())
            since[host] = max(finding.starts_at, since.get(host, finding.starts_at))
        for host, at in since.items():
            self._trainer.begin_anew(host, at)

    async def _remember(self) -> None:
        judged_at = self._memory.judged_at
        if judged_at is not None:
            saved = {MEMORY: self._memory.judged.dump(), JUDGED_AT: judged_at.isoformat().encode()}
            await self._store.memory.save_all(saved)

    async def _restore(self, now: datetime) -> None:
        """What fired and was open before a restart; what of it the judge no longer knows ends with its verdict."""
        guard = Guard(now)
        with guard.stage("store"):
            saved, judged_at = await self._store.memory.load(MEMORY), await self._store.memory.load(JUDGED_AT)
            self._memory = replace(
                self._memory,
                firing=await self._store.findings.find(FindingFilter(firing=True, limit=ALL)),
                incidents=await self._store.incidents.open(),
                judged_at=datetime.fromisoformat(judged_at.decode()) if judged_at else None,
            )
            renamed = await self._store.findings.find(FindingFilter(kind=RENAMED, limit=ALL))
            self._names.add(one for one in map(rename_told, renamed) if one is not None)
            self._begin_anew(await self._store.findings.find(FindingFilter(kind=RESIZED, limit=ALL)))
            over = await self._store.findings.over(ANOMALY, now - KEPT)
            past = recalled({}, precedents_now(over, self._names), now)
            self._memory = replace(self._memory, judged=JudgeMemory(past=past))
            self._restored = True
            self._trainer.recall(reaches_now(await self._store.reaches.all(), self._names))
            if saved is not None:
                self._memory = replace(self._memory, judged=replace(_judge_memory(saved), past=past))
        self._add(guard)

    def _add(self, guard: Guard) -> None:
        """What failed after a report was published, or while a cycle runs, stands in the next one."""
        self._late += guard.failures


def _judge_memory(saved: bytes) -> JudgeMemory:
    """StoreError when it is damaged or another version's: to begin anew is better than not to begin."""
    try:
        return JudgeMemory.load(saved)
    except (ValueError, LookupError, TypeError, EOFError, OSError, BadZipFile, zlib.error) as error:
        raise StoreError(f"what the judge remembered can't be read, so it begins anew: {error}") from error
