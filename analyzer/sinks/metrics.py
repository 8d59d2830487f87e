"""Derived metrics for Prometheus to scrape: built from the last report at each scrape, so what is gone disappears."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from analyzer.data import Report
from analyzer.errors import StoreError
from analyzer.sinks.exposition import expose
from analyzer.sinks.families import FAMILIES, Scrape
from analyzer.store import Outbox, OutboxStatus


@dataclass(frozen=True, slots=True)
class Exposition:
    """The body of a scrape's answer and what it is written in."""

    body: bytes
    content_type: str


class MetricsSink:
    """Keeps the last report and counts what must never fall back: cycles, and failures of each stage.

    `also` tell of parts of the analyzer that are in no report.
    """

    name = "metrics"

    def __init__(self, outbox: Outbox, version: str, also: Iterable[Collector] = ()) -> None:
        self._outbox = outbox
        self._version = version
        self._report: Report | None = None
        self._cycles = 0
        self._failures: Counter[str] = Counter()
        self._others = CollectorRegistry()
        ProcessCollector(registry=self._others)
        for collector in also:
            self._others.register(collector)

    async def publish(self, report: Report) -> None:
        self._report = report
        self._cycles += 1
        self._failures.update(failure.stage for failure in report.failures)

    async def render(self, accept: str, now: datetime) -> Exposition:
        """In the format that `accept` asks for: Prometheus's text, or OpenMetrics."""
        failures = dict.fromkeys(self._report.stage_seconds, 0) if self._report else {}
        scrape = Scrape(now, self._report, self._cycles, failures | self._failures, await self._status(), self._version)
        # A fleet's exposition takes a while to write: the loop goes on meanwhile.
        return await asyncio.to_thread(self._written, scrape, accept)

    def _written(self, scrape: Scrape, accept: str) -> Exposition:
        encode, content_type = choose_encoder(accept)
        own = expose(FAMILIES, scrape, openmetrics=content_type.startswith("application/openmetrics-text"))
        return Exposition(own.encode() + encode(self._others), content_type)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _status(self) -> Sequence[OutboxStatus] | None:
        try:
            return await self._outbox.status()
        except StoreError:
            return None
