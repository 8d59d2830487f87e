"""Keeps a ring warm: scrapes every target once a round, side by side, and notes who was silent and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import numpy as np

from analyzer.data import Host
from analyzer.errors import SourceUnreachable
from analyzer.sources.exposition import NotMetrics, Reader
from analyzer.sources.http import HttpClient
from analyzer.sources.promql.selecting import LOOKBACK_SECONDS
from analyzer.sources.ring import Labels, Ring, Scraped, Snapshot

UNAME = "node_uname_info"
UP = "up"


class Scraper:
    """Scrapes `targets` (URLs) and keeps the metrics in `wanted`, with the labels that Prometheus would give them.

    `silent` tells of each target (by its instance) that the last round got no metrics from why that is.
    """

    def __init__(
        self,
        targets: Sequence[str],
        job: str,
        wanted: frozenset[str],
        make_ring: Callable[[], Ring],
        http: HttpClient,
        clock: Callable[[], float],
    ) -> None:
        self.instances = tuple(urlsplit(target).netloc for target in targets)
        self.silent: dict[str, str] = {}
        self.last_round = 0.0
        self.wanted = wanted | {UNAME, UP}
        self._targets = tuple(targets)
        self._job = job
        self._make_ring = make_ring
        self._http = http
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._start_over()

    async def poll(self) -> None:
        """One round. A clock that was set back starts the ring over: its times would never be reached again."""
        async with self._one_at_a_time:
            now = self._clock()
            if now < self.last_round:
                self._start_over()
            self.last_round = now
            scrapes = await asyncio.gather(*(self._scrape(number) for number in range(len(self._targets))))
            generation = self.ring.generation
            self.ring.add(scrapes)
            if self.ring.generation != generation:
                self._readers = self._new_readers()

    def hosts(self, rounds: Snapshot, since: float) -> list[Host]:
        """The targets that answered since then, or so shortly before that Prometheus would still look back."""
        answered = set()
        for row in rounds.named(UP):
            recent = rounds.times[rounds.targets_of([row])[0]] > since - LOOKBACK_SECONDS
            if (rounds.values([row])[0][recent] == 1).any():
                answered.add(rounds.labels(row)["instance"])
        nodenames = _nodenames(rounds)
        return [Host(name, self._job, nodenames.get(name, "")) for name in sorted(answered)]

    async def close(self) -> None:
        await self._http.close()

    def _start_over(self) -> None:
        self.ring = self._make_ring()
        self._readers = self._new_readers()

    def _new_readers(self) -> list[Reader]:
        return [Reader(self._learner(number)) for number in range(len(self._targets))]

    def _learner(self, number: int) -> Callable[[Labels], int | None]:
        ring, own = self.ring, self._labels(number)

        def learn(labels: Labels) -> int | None:
            if labels["__name__"] not in self.wanted:
                return None
            given = {f"exported_{label}" if label in own else label: value for label, value in labels.items()}
            return ring.row(number, {**given, **own})

        return learn

    def _labels(self, number: int) -> Labels:
        return {"instance": self.instances[number], "job": self._job}

    async def _scrape(self, number: int) -> Scraped:
        at, instance = self._clock(), self.instances[number]
        up = self.ring.row(number, {"__name__": UP, **self._labels(number)})
        try:
            rows, values = await self._metrics(number)
        except (SourceUnreachable, NotMetrics) as error:
            self.silent[instance] = str(error)
            return Scraped(number, at, [up], [0.0])
        self.silent.pop(instance, None)
        return Scraped(number, at, [*rows, up], [*values, 1.0])

    async def _metrics(self, number: int) -> tuple[list[int], list[float]]:
        url = self._targets[number]
        reply = await self._http.get(url)
        if reply.status != HTTPStatus.OK:
            raise SourceUnreachable(f"{url} answers {reply.status}: {reply.body[:80].decode(errors='replace')}")
        try:
            return self._readers[number].read(reply.body)
        except NotMetrics as error:
            raise SourceUnreachable(f"{url} gives {error}") from None


def _nodenames(rounds: Snapshot) -> dict[str, str]:
    """What each instance calls itself, by its newest answer."""
    newest: dict[str, tuple[int, str]] = {}
    for row in rounds.named(UNAME):
        seen = np.flatnonzero(~np.isnan(rounds.values([row])[0]))
        labels = rounds.labels(row)
        if len(seen):
            found = (int(seen[-1]), labels.get("nodename", ""))
            newest[labels["instance"]] = max(found, newest.get(labels["instance"], found))
    return {instance: nodename for instance, (_, nodename) in newest.items()}
