"""Derived metrics for Prometheus to scrape: built from the last report at each scrape, so what is gone disappears."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from analyzer.data import Report
from analyzer.errors import StoreError
from analyzer.sinks.exposition import expose, packed
from analyzer.sinks.families import FAMILIES, OfHosts, Scrape
from analyzer.store import Outbox, OutboxStatus

ABOUT_HOSTS = tuple(family for family in FAMILIES if isinstance(family.samples, OfHosts))
# A scrape may take ten seconds, unless Prometheus is told otherwise.
PATIENCE_SECONDS = 3.0
LARGE_BYTES = 100_000
REST = tuple(family for family in FAMILIES if not isinstance(family.samples, OfHosts))


@dataclass(frozen=True, slots=True)
class Exposition:
    """The body of a scrape's answer and what it is written in; `encoding` as HTTP names it, empty for plain text."""

    body: bytes
    content_type: str
    encoding: str = ""


class MetricsSink:
    """Keeps the last report and counts what must never fall back: cycles, and failures of each stage.

    `also` tell of parts of the analyzer that are in no report. A fleet's metrics are written while it is `calm`.
    """

    name = "metrics"

    def __init__(
        self, outbox: Outbox, version: str, also: Iterable[Collector] = (), calm: threading.Event | None = None
    ) -> None:
        self._outbox = outbox
        self._version = version
        self._calm = calm
        self._report: Report | None = None
        self._cycles = 0
        self._failures: Counter[str] = Counter()
        self._written: dict[bool, bytes] = {}  # of the report's hosts, by whether it is compressed
        self._writing = asyncio.Lock()
        self._others = CollectorRegistry()
        ProcessCollector(registry=self._others)
        for collector in also:
            self._others.register(collector)

    async def publish(self, report: Report) -> None:
        self._report, self._written = report, {}
        self._cycles += 1
        self._failures.update(failure.stage for failure in report.failures)

    async def render(self, accept: str, now: datetime, *, gzip: bool = False) -> Exposition:
        """In the format that `accept` asks for: Prometheus's text, or OpenMetrics. Compressed where that is asked."""
        async with self._writing:
            report, written = self._report, self._written
            failures = dict.fromkeys(report.stage_seconds, 0) if report else {}
            failures |= self._failures
            scrape = Scrape(now, report, self._cycles, failures, await self._status(), self._version)
            # A fleet's exposition takes a while to write: the loop goes on meanwhile.
            if gzip not in written:
                written[gzip] = await asyncio.to_thread(_of_hosts, scrape, self._calm, gzip=gzip)
            return self._whole(written[gzip], scrape, accept, gzip=gzip)

    def _whole(self, hosts: bytes, scrape: Scrape, accept: str, *, gzip: bool) -> Exposition:
        encode, content_type = choose_encoder(accept)
        openmetrics = content_type.startswith("application/openmetrics-text")
        rest = packed([*expose(REST, scrape, openmetrics=openmetrics), encode(self._others)], gzip=gzip)
        return Exposition(hosts + rest, content_type, "gzip" if gzip else "")

    async def close(self) -> None:
        """Nothing is held open."""

    async def _status(self) -> Sequence[OutboxStatus] | None:
        try:
            return await self._outbox.status()
        except StoreError:
            return None


def _of_hosts(scrape: Scrape, calm: threading.Event | None, *, gzip: bool) -> bytes:
    """These are gauges all, which both formats write alike."""
    pieces = expose(ABOUT_HOSTS, scrape, openmetrics=False)
    return packed(pieces if calm is None else patiently(pieces, calm), gzip=gzip)


def patiently(
    pieces: Iterable[bytes], calm: threading.Event, most_seconds: float = PATIENCE_SECONDS
) -> Iterator[bytes]:
    """The pieces, after each large one only once it is calm; who waited so long altogether waits no more."""
    end = None
    for piece in pieces:
        yield piece
        if len(piece) >= LARGE_BYTES and not calm.is_set():
            end = end or time.monotonic() + most_seconds
            calm.wait(max(0.0, end - time.monotonic()))
