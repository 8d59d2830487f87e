"""Prometheus's query API when it answers otherwise than with success: whose fault it is, and what is tried again."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from analyzer.errors import QueryRefused, SourceUnreachable
from analyzer.sources.http import HttpClient, NoAnswer
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.query_api import QueryApi
from tests.analyzer.sources.servers import Handler, in_turn, serving

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ONE = (200, '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[12.5,"1"]}]}}')


@asynccontextmanager
async def api_of(handler: Handler, timeout_seconds: float = 5.0) -> AsyncIterator[QueryApi]:
    async with serving(handler) as url:
        http = HttpClient(
            who=f"Prometheus at {url}",
            timeout_seconds=timeout_seconds,
            backoff_seconds=0.001,
            final=b'"errorType":"timeout"',
        )
        try:
            yield QueryApi(url, http)
        finally:
            await http.close()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_passing_trouble_of_the_server_is_tried_again(status: int) -> None:
    handler, asked = in_turn((status, "later"), (status, "later"), ONE)
    async with api_of(handler) as api:
        (sample,) = await api.instant("up", NOW)
    assert (sample.labels, sample.at, sample.value) == ({"a": "b"}, 12.5, 1.0)
    assert len(asked) == 3


async def test_a_trouble_that_stays_is_told_after_three_tries() -> None:
    handler, asked = in_turn((503, "backend is down"))
    async with api_of(handler) as api:
        with pytest.raises(NoAnswer, match=r"Prometheus at http://127.* could not answer \(503\): backend is down"):
            await api.instant("up", NOW)
    assert len(asked) == 3


async def test_a_query_that_prometheus_itself_gave_up_is_not_tried_again() -> None:
    handler, asked = in_turn((503, '{"status":"error","errorType":"timeout","error":"query timed out"}'))
    async with api_of(handler) as api:
        with pytest.raises(NoAnswer, match="query timed out"):
            await api.instant("up", NOW)
    assert len(asked) == 1


@pytest.mark.parametrize("status", [400, 422])
async def test_a_wrong_query_is_refused_in_the_servers_words_and_not_tried_again(status: int) -> None:
    handler, asked = in_turn((status, '{"status":"error","errorType":"bad_data","error":"unknown function"}'))
    async with api_of(handler) as api:
        with pytest.raises(QueryRefused, match=r"refuses 'nope\(up\)': unknown function"):
            await api.instant("nope(up)", NOW)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((401, "who are you"), r"refuses our credentials \(401\): who are you"),
        ((403, ""), r"refuses our credentials \(403\): no reason given"),
        ((404, "404 page not found"), r"no Prometheus query API at http.* \(404\): 404 page not found"),
        ((200, "<html>log in</html>"), "no Prometheus: it said '<html>log in</html>'"),
        ((200, '{"status":"success"}'), "no Prometheus"),
    ],
)
async def test_a_server_that_does_not_serve_us_is_unreachable_and_not_tried_again(
    reply: tuple[int, str], said: str
) -> None:
    handler, asked = in_turn(reply)
    async with api_of(handler) as api:
        with pytest.raises(SourceUnreachable, match=said):
            await api.instant("up", NOW)
    assert len(asked) == 1


async def test_a_server_that_stays_silent_is_not_asked_a_second_time() -> None:
    asked = []

    async def silent(request: web.Request) -> web.Response:
        asked.append(request)
        await asyncio.sleep(60)
        return web.Response()

    async with api_of(silent, timeout_seconds=0.2) as api:
        with pytest.raises(NoAnswer, match=r"Prometheus at http.* did not answer within 0\.2 s"):
            await api.instant("up", NOW)
    assert len(asked) == 1


async def test_nobody_there_is_told_with_the_systems_reason(free_port: int) -> None:
    http = HttpClient(who=f"Prometheus at http://127.0.0.1:{free_port}", backoff_seconds=0.001)
    api = QueryApi(f"http://127.0.0.1:{free_port}", http)
    with pytest.raises(
        SourceUnreachable, match=rf"can't reach Prometheus at http://127\.0\.0\.1:{free_port}: Connection refused"
    ):
        await api.instant("up", NOW)
    await http.close()


async def test_a_connection_cut_in_the_middle_is_tried_again() -> None:
    asked = []

    async def cut_first(request: web.Request) -> web.Response:
        asked.append(request)
        if len(asked) == 1 and request.transport is not None:
            request.transport.abort()
        return web.Response(text=ONE[1])

    async with api_of(cut_first) as api:
        assert len(await api.instant("up", NOW)) == 1
    assert len(asked) == 2


async def test_a_proxy_that_lets_no_post_through_is_asked_by_get() -> None:
    asked = []

    async def only_get(request: web.Request) -> web.Response:
        asked.append((request.method, request.query.get("query")))
        return web.Response(status=405) if request.method == "POST" else web.Response(text=ONE[1])

    async with api_of(only_get) as api:
        assert len(await api.instant("rate(up[5m]) + 1", NOW)) == 1
    assert asked == [("POST", None), ("GET", "rate(up[5m]) + 1")]


@pytest.mark.parametrize("kind", ["matrix", "string"])
async def test_a_query_without_one_value_a_series_is_refused(kind: str) -> None:
    handler, _ = in_turn((200, f'{{"status":"success","data":{{"resultType":"{kind}","result":[]}}}}'))
    async with api_of(handler) as api:
        with pytest.raises(QueryRefused, match=f"gives a {kind} where one value a series was asked for"):
            await api.instant("up[5m]", NOW)


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"bearer_token": "s3cret"}, "Bearer s3cret"),
        ({"username": "op", "password": "päss"}, "Basic " + base64.b64encode("op:päss".encode()).decode()),
        ({"headers": {"X-Scope-OrgID": "team"}}, None),
    ],
)
async def test_credentials_and_headers_go_with_each_query(settings: dict[str, object], sent: str | None) -> None:
    handler, asked = in_turn(ONE)
    async with serving(handler) as url:
        source = PrometheusSource((), url=url, **settings)  # type: ignore[arg-type] # each case has its own fields
        await source.instant("up", NOW)
        await source.close()
    assert asked[0].headers.get("Authorization") == sent
    assert asked[0].headers.get("X-Scope-OrgID") == (None if sent else "team")


def test_secrets_are_not_shown_with_the_source() -> None:
    shown = repr(PrometheusSource((), username="op", password="hidden", bearer_token="token"))
    assert "hidden" not in shown
    assert "token" not in shown
