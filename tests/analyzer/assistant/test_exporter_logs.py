"""Logs out of the exporter's endpoint, as it gives them, and every way in which it may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from analyzer.assistant.exporter_logs import ExporterLogs
from analyzer.data import LogLine
from analyzer.errors import QueryRefused, SourceError, SourceUnreachable

SINCE = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
PAGE = {
    "status": "success",
    "data": {
        "lines": [
            {"time": "2026-03-04T06:27:00.000Z", "source": "nginx", "severity": "error", "template": "t1", "text": "a"}
        ],
        "templates": [
            {
                "id": "t1",
                "source": "nginx",
                "severity": "error",
                "template": "upstream <*> timed out",
                "count": 42,
                "first": "2026-03-04T05:10:00.000Z",
                "last": "2026-03-04T06:27:00.000Z",
                "example": "upstream web timed out",
            }
        ],
    },
}
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def exporter(serve: Serve) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/api/v1/logs", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield str(runner.addresses[0][0]) + ":" + str(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def test_lines_and_templates_are_read_with_their_times_and_counts() -> None:
    asked: list[dict[str, str]] = []

    async def serve(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        return web.json_response(PAGE)

    async with exporter(serve) as host:
        logs = ExporterLogs()
        lines, templates = await logs.lines(host, SINCE, 5), await logs.templates(host, SINCE, 5)
    at = datetime(2026, 3, 4, 6, 27, tzinfo=UTC)
    assert lines == (LogLine(host, at, "a", "error", "nginx"),)
    assert templates == (LogLine(host, at, "upstream <*> timed out", "error", "nginx", 42, "t1"),)
    assert asked[0] == {"start": "1772600400", "severity": "warning", "limit": "5"}


async def _refused(_: web.Request) -> web.Response:
    return web.Response(status=404, text="no such page")


async def _nonsense(_: web.Request) -> web.Response:
    return web.Response(body=b"\xff{")


async def _other_shape(_: web.Request) -> web.Response:
    return web.json_response({"data": {"lines": [{"text": 1}]}})


async def _slow(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.json_response(PAGE)


@pytest.mark.parametrize(
    ("serve", "kind", "reason", "within"),
    [
        (_refused, QueryRefused, "HTTP 404", 20.0),
        (_nonsense, QueryRefused, "no page of logs", 20.0),
        (_other_shape, QueryRefused, "no page of logs", 20.0),
        (_slow, SourceUnreachable, "no answer within 0.2 s", 0.2),
    ],
)
async def test_an_exporter_without_a_page_is_told_with_the_reason(
    serve: Serve, kind: type[SourceError], reason: str, within: float
) -> None:
    async with exporter(serve) as host:
        with pytest.raises(kind, match=reason):
            await ExporterLogs(timeout_seconds=within).lines(host, SINCE, 5)


async def test_a_host_that_is_gone_is_unreachable() -> None:
    with pytest.raises(SourceUnreachable, match=r"the log of 127\.0\.0\.1:9: "):
        await ExporterLogs().lines("127.0.0.1:9", SINCE, 5)
