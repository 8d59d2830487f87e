"""Hosts' features out of Prometheus, or any store that speaks its query API."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import numpy as np
import orjson

from analyzer.data import Failure, Feature, Fetched, Fleet, Host, Sample, Series, Values, Window
from analyzer.errors import QueryRefused, SourceEmpty
from analyzer.features import any_matcher, matcher, query, rate_window_seconds
from analyzer.names import Names
from analyzer.sources.http import HttpClient, NoAnswer
from analyzer.sources.newborn import newborn
from analyzer.sources.pace import Pace
from analyzer.sources.query_api import MOST_STEPS, QueryApi, parts

LOOKBACK_SECONDS = 300  # for so long Prometheus holds a series for alive after its last sample
# Who left longer ago is not of this fleet; to find them, weeks of every host's samples would have to be read.
SEEN_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class PrometheusSource:
    """Asks each feature of the catalogue as a range query over all hosts that `selector` picks.

    `compress` pays where the line to Prometheus is slow; `most_points` of one answer bounds memory and the time it
    takes to read. Of hosts that had other `names` those are asked for too, and told under the one that they have now.
    """

    catalogue: tuple[Feature, ...]
    url: str = "http://127.0.0.1:9090"
    selector: str = ""
    timeout_seconds: float = 10.0
    concurrency: int = 8
    retries: int = 2
    scrape_interval_seconds: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    username: str = ""
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)
    compress: bool = False
    most_points: int = 150_000
    name: str = "prometheus"
    names: Names = field(default_factory=Names, repr=False)
    _api: QueryApi = field(init=False, repr=False)
    _pace: Pace = field(init=False, repr=False)

    def __post_init__(self) -> None:
        client = HttpClient(
            who=f"Prometheus at {self.url}",
            timeout_seconds=self.timeout_seconds,
            concurrency=self.concurrency,
            retries=self.retries,
            headers={"Accept-Encoding": "gzip" if self.compress else "identity", **self._credentials(), **self.headers},
            final=b'"errorType":"timeout"',  # Prometheus gave up on the query itself
        )
        object.__setattr__(self, "_api", QueryApi(self.url, client))
        object.__setattr__(self, "_pace", Pace(self._api))

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        """Every feature (or those named) of all hosts (or one) on the window's grid; what is absent stays NaN.

        SourceUnreachable when Prometheus can't be asked, SourceEmpty when it knows no such host, SourceStarting
        while that is because it has only just begun. A single feature that it refuses, or does not give in time, is a
        Failure.
        """
        start = window.start.timestamp()
        names = self.names.changed(start) if host is None else (host, *self.names.earlier(host, start))
        selector = self._picking(() if host is None else names)
        hosts = await self._hosts(selector, window, one=host is not None)
        pace = self.scrape_interval_seconds or await self._pace.seconds(hosts, window.end)
        # A name that nobody bears any more, or none did yet, is told by no target.
        told = {known.name for known in hosts}
        hosts = (*hosts, *(Host(name) for name in names if name not in told))
        range_seconds = rate_window_seconds(pace, window.step.total_seconds())
        wanted = [feature for feature in self.catalogue if features is None or feature.name in features]
        values = np.full((len(hosts), len(wanted), window.steps), np.nan, dtype=np.float32)
        rows = _Rows(hosts)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(
                        self._feature(feature.name, query(feature, selector, range_seconds), window, rows, values[:, n])
                    )
                    for n, feature in enumerate(wanted)
                ]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        fleet = self.names.merged(Fleet(hosts, tuple(feature.name for feature in wanted), window.times, values))
        fleet = fleet if host is None or len(names) == 1 else fleet.only(host)
        failures = tuple(failure for task in tasks for failure in task.result())
        return Fetched(fleet, self.name, failures, range_seconds=range_seconds)

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        return await self._api.instant(promql, at)

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        return await self._api.range(promql, window)

    async def close(self) -> None:
        await self._api.http.close()

    def _picking(self, hosts: tuple[str, ...]) -> str:
        """Matchers for these hosts; for all that `selector` picks where none is named."""
        own = (matcher("instance", hosts[0]) if len(hosts) == 1 else any_matcher("instance", hosts),) if hosts else ()
        return ",".join(part for part in (self.selector.strip(" ,"), *own) if part)

    def _credentials(self) -> dict[str, str]:
        if self.bearer_token:
            return {"Authorization": f"Bearer {self.bearer_token}"}
        if self.username:
            return {"Authorization": aiohttp.encode_basic_auth(self.username, self.password, encoding="utf-8")}
        return {}

    async def _hosts(self, selector: str, window: Window, *, one: bool) -> tuple[Host, ...]:
        """Who was seen within the last day of the window; of several descriptions of one host the living one counts."""
        span = min(math.ceil((window.end - window.start).total_seconds()) + LOOKBACK_SECONDS, SEEN_SECONDS)
        known = f"node_uname_info{{{selector}}}"
        samples = await self.instant(
            f"max by (instance, job, nodename) ({known}) + 1"
            f" or max by (instance, job, nodename) (last_over_time({known}[{span}s]))",
            window.end,
        )
        if not samples:
            if not one and (starting := await newborn(self.url, self._api.http, datetime.now(UTC))):
                raise starting
            raise SourceEmpty(f"Prometheus at {self.url} knows no {known}: does it scrape an exporter?")
        by_name = {s.labels.get("instance", ""): s.labels for s in sorted(samples, key=lambda s: s.value)}
        return tuple(
            Host(name, by_name[name].get("job", ""), by_name[name].get("nodename", "")) for name in sorted(by_name)
        )

    async def _feature(self, name: str, promql: str, window: Window, rows: _Rows, out: Values) -> list[Failure]:
        """Fill one feature's values (hosts × steps), in as many queries as the limits ask for."""
        steps = min(MOST_STEPS, max(1, self.most_points // len(out)))
        try:
            warnings = [
                warning
                for part, first in parts(window, steps)
                for warning in await self._fill(promql, part, rows, out[:, first : first + part.steps])
            ]
        except (NoAnswer, QueryRefused) as error:
            warnings = [str(error)]
        return [Failure("fetch", f"{name}: {reason}", window.end) for reason in dict.fromkeys(warnings)]

    async def _fill(self, promql: str, window: Window, rows: _Rows, out: Values) -> Sequence[str]:
        """One query's answer into `out`; halves the window where Prometheus finds it too much to hold."""
        try:
            matrix = await self._api.matrix(promql, window)
        except QueryRefused as error:
            if "too many samples" not in str(error) or window.steps == 1:
                raise
            return [
                warning
                for part, first in parts(window, math.ceil(window.steps / 2))
                for warning in await self._fill(promql, part, rows, out[:, first : first + part.steps])
            ]
        matrix.place(rows.of(promql, matrix.labels), window.start.timestamp(), window.step.total_seconds(), out)
        return matrix.warnings


class _Rows(dict[bytes, int]):
    """The row of each series' host by the series' raw labels, which are read once for each spelling; -1 for others."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        super().__init__()
        self._row_of = {host.name: row for row, host in enumerate(hosts)}

    def __missing__(self, labels: bytes) -> int:
        row = self[labels] = self._row_of.get(orjson.loads(labels).get("instance", ""), -1)
        return row

    def of(self, promql: str, labels: Sequence[bytes]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """Rows of all series of an answer; QueryRefused when two of them speak of one host."""
        rows = np.array([self[spelling] for spelling in labels], dtype=np.intp)
        known = rows[rows >= 0]
        if len(np.unique(known)) < len(known):
            raise QueryRefused(f"{promql!r} gives several series for one instance: aggregate by (instance)")
        return rows
