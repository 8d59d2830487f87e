"""Learns each host on its long history, off the event loop, and swaps fitted models whole. Has no clock."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from analyzer.data import Fleet, Frame, HostScores, Learning, Reach, Window
from analyzer.detectors.fleet import FleetModels
from analyzer.errors import NotEnoughHistory
from analyzer.host_models import EVERYTHING, FOLDS, MOST_STEPS, Curriculum, HostModels, Inheritance, fit_host
from analyzer.interfaces import Source
from analyzer.judge.unlearned import Spans, WhenTold, nothing_told
from analyzer.names import Rename
from analyzer.pool import Pool
from analyzer.precedence import Turn, at_once
from analyzer.usual_hours import UsualHours

T = TypeVar("T")

MUCH_SHORTER = 0.5


class Trainer:
    """Keeps every host's models. Waits only in `train`, which the service calls from time to time.

    So many hosts are fitted side by side as there are `cores` for it; the history of one more is read meanwhile.
    """

    def __init__(
        self,
        source: Source,
        step: timedelta,
        *,
        history: timedelta = timedelta(days=7),
        period: timedelta = timedelta(hours=6),
        least: timedelta = timedelta(minutes=10),
        curriculum: Curriculum = EVERYTHING,
        cores: int = 1,
        pool: Pool | None = None,
    ) -> None:
        self._source = source
        self._cores = cores
        self._pool = pool or Pool()
        self._step = step
        self._history = history
        self._period = period
        self._least = least
        self._curriculum = curriculum
        self._models: dict[str, HostModels] = {}
        self._features: dict[tuple[str, ...], tuple[str, ...]] = {}  # each set of them once, for all who have it
        self._fleet = FleetModels()
        self._learning: dict[str, Learning] = {}
        self._due: dict[str, datetime] = {}
        self._since: dict[str, datetime] = {}
        self._reaches: dict[str, Reach] = {}  # of hosts that were learned in an earlier life

    @property
    def steps_needed(self) -> int:
        """A part is held out from each calibrating model, and the rest must still be enough for it.

        Nor is anything known of a host after its first moments, however fine the grid is.
        """
        most = max(detector.minimum_steps for detector in self._curriculum.detectors)
        return max(-(-most * FOLDS // (FOLDS - 1)), math.ceil(self._least / self._step))

    @property
    def hosts(self) -> frozenset[str]:
        """Every host that something is known of."""
        return frozenset(self._models) | frozenset(self._due)

    def models(self, host: str) -> HostModels | Learning:
        """The host's models, or what is missing to learn them."""
        known = self._models.get(host) or self._learning.get(host)
        return known if known is not None else Learning(0, self.steps_needed)

    def score(self, recent: Fleet) -> Mapping[str, HostScores]:
        """What is new of each host that has models. Rows are scored once: call it with one fleet after the other."""
        return self._fleet.score(recent)

    def adopt(self, models: HostModels) -> None:
        """Go by these models from the next cycle on; waits while one is being scored."""
        models = models.settled(self._features.setdefault(models.features, models.features))
        fitted = self._fleet.put(models.host, models.features, models.fitted)
        self._models[models.host] = replace(models, fitted=fitted)

    def due(self, now: datetime, hosts: Sequence[str]) -> tuple[str, ...]:
        """The hosts to be learned now: those without models first, then those longest overdue.

        A host never seen is due at once.
        """
        every = {host: self._due.get(host, now) for host in hosts}
        return tuple(sorted((h for h, at in every.items() if at <= now), key=lambda h: (h in self._models, every[h])))

    async def train(
        self,
        now: datetime,
        hosts: Sequence[str],
        most: int = 1,
        turn: Turn = at_once,
        told: WhenTold = nothing_told,
        time_left: Callable[[], bool] = lambda: True,
    ) -> tuple[str, ...]:
        """Learns at most `most` hosts that are due; which. SourceError and WorkerLost pass through, the host stays due.

        A history is read when it is its `turn`. `told` is asked when each host was told to be unusual. One host is
        begun in any case, others while there is `time_left`.
        """
        waiting, fitting = iter(self.due(now, hosts)[:most]), asyncio.Semaphore(self._cores)
        begun: list[str] = []

        async def learn() -> None:
            while (time_left() or not begun) and (host := next(waiting, None)) is not None:
                begun.append(host)
                await turn()
                since = self._since.get(host)
                history = await self._history_of(host, now)
                async with fitting:
                    models = await self._fit(history, now, len(hosts), told(host))
                if models is None:
                    self._wait(history, now)
                elif self._since.get(host) == since:  # else it became another one, and is due
                    await self._take(models, now)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._cores + 1):
                    group.create_task(learn())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return tuple(begun)

    def scored(self, hosts: Iterable[str]) -> int:
        """How many of the hosts have models."""
        return sum(host in self._models for host in hosts)

    def hours(self, host: str) -> UsualHours | None:
        """What the host's features usually are by hour of day; None until it is learned."""
        models = self._models.get(host)
        return models.hours if models else None

    def reaches(self, hosts: Iterable[str]) -> dict[str, Reach]:
        """How far the features of those hosts that have models ever went."""
        return {host: self._models[host].reach for host in hosts if host in self._models}

    def recall(self, reaches: Mapping[str, Reach]) -> None:
        """What was known in an earlier life, unless the host has become another one since."""
        for host, reach in reaches.items():
            if host not in self._since or reach.at > self._since[host]:
                self._reaches[host] = reach

    def hasten(self, host: str, at: datetime) -> None:
        """Learn it at that time, if not before."""
        if host in self._due:
            self._due[host] = min(self._due[host], at)

    def begin_anew(self, host: str, since: datetime) -> None:
        """Learn nothing of what was before: the host is another one. Its models are of no use from now on."""
        if self._since.get(host) == since:
            return
        self.forget([host])
        self._since[host] = since

    def rename(self, renames: Iterable[Rename]) -> None:
        """What was learned of hosts goes on under their new names; what was learned under those since then is less."""
        for one in renames:
            models = self._models.get(one.before)
            if models is not None:
                self.adopt(replace(models, host=one.now))
            _follow(one, self._due)
            _follow(one, self._since)
            _follow(one, self._reaches)
            self.forget([one.before])

    def forget(self, hosts: Sequence[str]) -> None:
        """Drops what was learned of hosts that are gone."""
        self._fleet.drop(hosts)
        for host in hosts:
            for known in (self._models, self._learning, self._due, self._since, self._reaches):
                known.pop(host, None)

    def _span(self, host: str, now: datetime) -> timedelta:
        """How much of the past there is to learn from."""
        longest = min(self._history, MOST_STEPS * self._step)
        since = self._since.get(host)
        return longest if since is None else min(longest, max(now - since, timedelta(0)))

    async def _history_of(self, host: str, now: datetime) -> Frame:
        """Without any step where the source knows no such host."""
        fleet = (await self._source.fetch(Window.ending(now, self._span(host, now), self._step), host)).fleet
        if host in {each.name for each in fleet.hosts}:
            return fleet.frame(host)
        return Frame(host, (), np.zeros(0), np.zeros((0, 0), np.float32))

    async def _fit(self, history: Frame, now: datetime, hosts: int, told: Spans) -> HostModels | None:
        """None where history is not enough yet."""
        try:
            self._enough(history)
            seconds, inherited = self._step.total_seconds(), self._inherited(history.host)
            return await self._pool.run(hosts, fit_host, history, now, seconds, self._curriculum, inherited, told)
        except NotEnoughHistory:
            return None

    def _inherited(self, host: str) -> Inheritance:
        models = self._models.get(host)
        return models.inheritance if models else Inheritance(reach=self._reaches.get(host))

    async def _take(self, models: HostModels, now: datetime) -> None:
        host, previous = models.host, self._models.get(models.host)
        if not previous or models.steps >= MUCH_SHORTER * previous.steps:
            await asyncio.to_thread(self.adopt, models)
        # Else a fallback gave the minutes it holds: what was learned on days is better.
        self._due[host] = now + self._until_next(host, models.steps)

    def _enough(self, history: Frame) -> None:
        seen = int(np.isfinite(history.values).any(axis=1).sum())
        if seen < self.steps_needed:
            raise NotEnoughHistory(f"{history.host} needs {self.steps_needed} steps, {seen} hold values")

    def _wait(self, history: Frame, now: datetime) -> None:
        empty = np.asarray(~np.isfinite(history.values).any(axis=0))
        missing = tuple(name for name, gone in zip(history.features, empty, strict=True) if gone)
        steps = int(np.isfinite(history.values).any(axis=1).sum())
        self._learning[history.host] = Learning(steps, self.steps_needed, missing)
        self._due[history.host] = now + max(self.steps_needed - steps, 1) * self._step

    def _until_next(self, host: str, steps: int) -> timedelta:
        """Soon while history is short, for each doubling teaches much; later on a period, spread over the hosts."""
        digest = hashlib.sha256(host.encode()).digest()
        spread = 1.0 + 0.2 * int.from_bytes(digest[:4], "big") / 2**32
        return min(steps * self._step, self._period) * spread


def _follow(rename: Rename, known: dict[str, T]) -> None:
    if rename.before in known:
        known[rename.now] = known[rename.before]
