"""Hosts' features straight from the exporters: their newest scrapes in a ring, and the catalogue's PromQL on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from analyzer.data import Failure, Feature, Fetched, Fleet, Host, Sample, Series, Times, Values, Window
from analyzer.errors import QueryRefused, QueryUnsupported, SourceEmpty, SourceUnreachable
from analyzer.features import matcher, metric_names, metrics_of, query, rate_window_seconds
from analyzer.sources.http import HttpClient
from analyzer.sources.promql import Scalar, Vector, evaluate, parse
from analyzer.sources.ring import Ring, Snapshot
from analyzer.sources.scraper import Scraper

# What answers about causes read beside the catalogue.
PROCESS_METRICS = tuple(
    f"namedprocess_namegroup_{name}"
    for name in ("num_procs", "cpu_seconds_total", "memory_bytes", "read_bytes_total", "write_bytes_total")
)


@dataclass(frozen=True, slots=True)
class ScrapeSource:
    """Scrapes `targets` (URLs of /metrics) at each `poll` and keeps `retention_seconds` of what the queries read.

    A target's `instance` is its HOST:PORT and its `job` is the given one, as Prometheus names them by default.
    """

    catalogue: tuple[Feature, ...]
    targets: tuple[str, ...] = ("http://127.0.0.1:9100/metrics",)
    job: str = "node"
    interval_seconds: float = 15.0
    retention_seconds: float = 3600.0
    timeout_seconds: float = 5.0
    concurrency: int = 32
    most_samples: int = 20_000_000
    also_keep: tuple[str, ...] = PROCESS_METRICS
    headers: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    name: str = "direct scrape"
    _scraper: Scraper = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rounds = max(2, round(self.retention_seconds / self.interval_seconds))
        scraper = Scraper(
            self.targets,
            self.job,
            metric_names(self.catalogue) | frozenset(self.also_keep),
            lambda: Ring(len(self.targets), rounds, self.most_samples),
            HttpClient(
                timeout_seconds=self.timeout_seconds,
                concurrency=self.concurrency,
                retries=0,
                headers={"Accept": "text/plain;version=0.0.4", "Accept-Encoding": "identity", **self.headers},
            ),
            self.clock,
        )
        object.__setattr__(self, "_scraper", scraper)

    async def poll(self) -> None:
        """One scrape of every target, side by side: called every `interval_seconds`, it keeps rates at hand."""
        await self._scraper.poll()

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        """Every feature (or those named) of all targets (or one) on the window's grid; NaN where the ring has none.

        SourceUnreachable when no target answers or none did within the window, SourceEmpty when none is called `host`.
        One target of several that does not answer and a feature that can't be computed here are Failures.
        """
        scraper = self._scraper
        if host is not None and host not in scraper.instances:
            raise SourceEmpty(f"no target of the direct scrape is called {host}: {', '.join(scraper.instances)}")
        rounds = await self._rounds()
        self._require_an_answer()
        hosts = [known for known in scraper.hosts(rounds, window.times[0]) if host in {None, known.name}]
        if not hosts:
            asked = ", ".join(self.targets) if host is None else host
            raise SourceUnreachable(f"no answer from {asked} since {window.start:%Y-%m-%d %H:%M:%S} UTC")
        selector = "" if host is None else matcher("instance", host)
        range_seconds = rate_window_seconds(self.interval_seconds, window.step.total_seconds())
        queries = {
            feature.name: query(feature, selector, range_seconds)
            for feature in self.catalogue
            if features is None or feature.name in features
        }
        values, failures = await asyncio.to_thread(_computed, queries, window, rounds, hosts)
        fleet = Fleet(tuple(hosts), tuple(queries), window.times, values)
        silent = [Failure("scrape", why, window.end, who) for who, why in scraper.silent.items() if host in {None, who}]
        return Fetched(fleet, self.name, (*silent, *failures), range_seconds=range_seconds)

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        """The vector (or scalar) that the query gives at one time. QueryUnsupported when it can't be computed here."""
        series = await self._series(promql, np.array([at.timestamp()]))
        return tuple(Sample(one.labels, float(one.times[0]), float(one.values[0])) for one in series)

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        """Every series that the query gives, on the window's grid. QueryUnsupported as for `instant`."""
        return await self._series(promql, window.times)

    async def close(self) -> None:
        await self._scraper.close()

    async def _rounds(self) -> Snapshot:
        """The ring as it is now; scrapes first when nobody has kept it warm."""
        if abs(self.clock() - self._scraper.last_round) >= 2 * self.interval_seconds:
            await self.poll()
        return self._scraper.ring.snapshot()

    def _require_an_answer(self) -> None:
        """SourceUnreachable when no target answered in the last round: what the ring holds is the past."""
        if len(self._scraper.silent) == len(self.targets):
            raise SourceUnreachable("; ".join(self._scraper.silent.values()))

    async def _series(self, promql: str, times: Times) -> tuple[Series, ...]:
        parse(promql)
        if unknown := metrics_of(promql) - self._scraper.wanted:
            raise QueryUnsupported(f"the direct scrape does not keep {', '.join(sorted(unknown))}")
        rounds = await self._rounds()
        self._require_an_answer()
        found = await asyncio.to_thread(evaluate, promql, rounds, times)
        if isinstance(found, Scalar):
            return (Series({}, times, found.values),)
        values = np.where(found.present, found.values, np.nan)
        here = np.flatnonzero(found.present.any(axis=1))
        return tuple(Series(found.labels[row], times, values[row]) for row in here)


def _computed(
    queries: Mapping[str, str], window: Window, rounds: Snapshot, hosts: Sequence[Host]
) -> tuple[Values, list[Failure]]:
    """Each feature's values, and what can't be computed here."""
    values = np.full((len(hosts), len(queries), window.steps), np.nan, dtype=np.float32)
    # Most of a long history lies before the first scrape: nothing is computed there.
    first = min(int(np.searchsorted(window.times, np.nanmin(rounds.times))), window.steps - 1)
    failures = []
    for number, (name, promql) in enumerate(queries.items()):
        try:
            _place(evaluate(promql, rounds, window.times[first:]), hosts, promql, values[:, number, first:])
        except (QueryUnsupported, QueryRefused) as error:
            failures.append(Failure("fetch", f"{name}: {error}", window.end))
    return values, failures


def _place(found: Scalar | Vector, hosts: Sequence[Host], promql: str, out: Values) -> None:
    """Put each series into the row of its host (hosts × steps)."""
    if isinstance(found, Scalar):
        raise QueryRefused(f"{promql!r} gives one number where one series for each instance was asked for")
    rows = {host.name: row for row, host in enumerate(hosts)}
    found_rows = [rows.get(labels.get("instance", ""), -1) for labels in found.labels]
    known = [row for row in found_rows if row >= 0]
    if len(set(known)) < len(known):
        raise QueryRefused(f"{promql!r} gives several series for one instance: aggregate by (instance)")
    good = found.present & np.isfinite(found.values)
    for row, values, here in zip(found_rows, found.values, good, strict=True):
        if row >= 0:
            out[row, here] = values[here]
