"""Derived metrics for Prometheus to scrape: built from the last report at each scrape, so what is gone disappears."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from analyzer.data import Report
from analyzer.errors import StoreError
from analyzer.sinks.families import FAMILIES, Family, Scrape, finite
from analyzer.store import Outbox, OutboxStatus


@dataclass(frozen=True, slots=True)
class Exposition:
    """The body of a scrape's answer and what it is written in."""

    body: bytes
    content_type: str


class MetricsSink:
    """Keeps the last report and counts what must never fall back: cycles, and failures of each stage."""

    name = "metrics"

    def __init__(self, outbox: Outbox, version: str) -> None:
        self._outbox = outbox
        self._version = version
        self._report: Report | None = None
        self._cycles = 0
        self._failures: Counter[str] = Counter()
        self._process = ProcessCollector(registry=None)

    async def publish(self, report: Report) -> None:
        self._report = report
        self._cycles += 1
        self._failures.update(failure.stage for failure in report.failures)

    async def render(self, accept: str, now: datetime) -> Exposition:
        """In the format that `accept` asks for: Prometheus's text, or OpenMetrics."""
        failures = dict.fromkeys(self._report.stage_seconds, 0) if self._report else {}
        scrape = Scrape(now, self._report, self._cycles, failures | self._failures, await self._status(), self._version)
        encode, content_type = choose_encoder(accept)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(scrape))
        registry.register(self._process)
        # A fleet's exposition takes seconds to write: the loop goes on meanwhile.
        return Exposition(await asyncio.to_thread(encode, registry), content_type)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _status(self) -> Sequence[OutboxStatus] | None:
        try:
            return await self._outbox.status()
        except StoreError:
            return None


@dataclass(frozen=True, eq=False)  # a registry keeps collectors by identity
class _Families(Collector):
    scrape: Scrape

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            metric = _metric(family)
            for labels, value in finite(family.samples(self.scrape)):
                metric.add_metric(labels, value)
            if metric.samples:
                yield metric


def _metric(family: Family) -> CounterMetricFamily | GaugeMetricFamily:
    make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    return make(family.name, family.help, labels=family.labels)
