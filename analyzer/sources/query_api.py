"""Prometheus's query API: one query in, typed series out, and an error that says whose fault it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

import numpy as np
import orjson

from analyzer.data import Sample, Series, Times, Window
from analyzer.errors import QueryRefused, SourceError, SourceStarting, SourceUnreachable
from analyzer.sources.http import HttpClient, NoAnswer, Reply
from analyzer.sources.matrix import Matrix, NoMatrix, read_matrix

MOST_STEPS = 11_000  # what Prometheus allows for each series of an answer
_LARGE_BYTES = 500_000  # an answer beyond this is read off the event loop
_BLAMES_THE_QUERY = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
_NOT_READY = b"Service Unavailable"  # the whole answer of a Prometheus that replays its write-ahead log
_BLAMES_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_ONLY_GET = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}


@dataclass(frozen=True, slots=True)
class QueryApi:
    """Queries of the server at `url`. QueryRefused, NoAnswer or SourceUnreachable say what went wrong."""

    url: str
    http: HttpClient
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)
    _room: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_room", asyncio.Semaphore(self.http.concurrency))

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        """The vector (or scalar) that the query gives at one time."""
        reply = await self._ask("query", promql, {"time": _epoch(at)})
        try:
            data = orjson.loads(reply.body)["data"]
            kind, result = data["resultType"], data["result"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise self._stranger(reply.body) from None
        if kind == "scalar":
            return (Sample({}, result[0], float(result[1])),)
        if kind != "vector":
            raise QueryRefused(f"{promql!r} gives a {kind} where one value a series was asked for")
        return tuple(Sample(s["metric"], s["value"][0], float(s["value"][1])) for s in result if "value" in s)

    async def sample_times(self, promql: str, at: datetime) -> tuple[Times, ...]:
        """When each series of a range selector (`metric[5m]`) was sampled, as stored: epoch seconds."""
        reply = await self._ask("query", promql, {"time": _epoch(at)})
        try:
            data = orjson.loads(reply.body)["data"]
            kind, result = data["resultType"], data["result"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise self._stranger(reply.body) from None
        if kind != "matrix":
            raise QueryRefused(f"{promql!r} gives a {kind} where stored samples were asked for")
        return tuple(np.array([time for time, _ in series["values"]], np.float64) for series in result)

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        """Every series that the query gives, on the window's grid, in as many queries as the limit asks for."""
        rows: dict[bytes, Times] = {}
        for part, first in parts(window, MOST_STEPS):
            matrix = await self.matrix(promql, part)
            for labels, columns, values in matrix.series(part.start.timestamp(), part.step.total_seconds()):
                row = rows.setdefault(labels, np.full(window.steps, np.nan))
                row[first + columns] = values
        return tuple(Series(orjson.loads(labels), window.times, row) for labels, row in rows.items())

    async def matrix(self, promql: str, window: Window) -> Matrix:
        """The answer to one range query, raw."""
        form = {"start": _epoch(window.start), "end": _epoch(window.end), "step": f"{window.step.total_seconds():.3f}"}
        # Answers come faster than they can be read: no more of them are asked for than are being waited for, and one
        # is read at a time, for several at once would take turns anyway and each its room.
        async with self._room:
            reply = await self._ask("query_range", promql, form)
            try:
                if len(reply.body) <= _LARGE_BYTES:
                    return read_matrix(reply.body)
                async with self._reading:
                    return await asyncio.to_thread(read_matrix, reply.body)
            except NoMatrix:
                raise self._stranger(reply.body) from None

    async def _ask(self, endpoint: str, promql: str, form: Mapping[str, str]) -> Reply:
        url = f"{self.url.rstrip('/')}/api/v1/{endpoint}"
        form = {"query": promql, "timeout": f"{self.http.timeout_seconds:.3f}", **form}
        reply = await self.http.post(url, form)
        if reply.status in _ONLY_GET:  # a proxy that lets no POST through
            reply = await self.http.get(f"{url}?{urlencode(form)}")
        if reply.status != HTTPStatus.OK:
            raise self._error(reply, promql)
        return reply

    def _error(self, reply: Reply, promql: str) -> SourceError:
        said = _said(reply.body)
        if reply.status == HTTPStatus.SERVICE_UNAVAILABLE and reply.body.strip() == _NOT_READY:
            return SourceStarting(
                f"Prometheus at {self.url} reads its log back and serves once it has", self.url, loading=True
            )
        if reply.status in _BLAMES_THE_QUERY:
            return QueryRefused(f"Prometheus at {self.url} refuses {promql!r}: {said}")
        if reply.status in _BLAMES_US:
            return SourceUnreachable(f"Prometheus at {self.url} refuses our credentials ({reply.status}): {said}")
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            return NoAnswer(f"Prometheus at {self.url} could not answer ({reply.status}): {said}")
        return SourceUnreachable(f"no Prometheus query API at {self.url} ({reply.status}): {said}")

    def _stranger(self, body: bytes) -> SourceUnreachable:
        said = body[:100].decode(errors="replace")
        return SourceUnreachable(f"what answers at {self.url} is no Prometheus: it said {said!r}")


def parts(window: Window, steps: int) -> list[tuple[Window, int]]:
    """The window in pieces of at most `steps` grid points, each with the index of its first point."""
    return [
        (Window(start, min(start + (steps - 1) * window.step, window.end), window.step), first)
        for first in range(0, window.steps, steps)
        for start in [window.start + first * window.step]
    ]


def _epoch(at: datetime) -> str:
    return f"{at.timestamp():.3f}"


def _said(body: bytes) -> str:
    """Prometheus's own words, else the beginning of whatever came."""
    try:
        return str(orjson.loads(body)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return body[:200].decode(errors="replace").strip() or "no reason given"
