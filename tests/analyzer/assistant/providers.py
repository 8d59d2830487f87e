"""A fake provider over real HTTP that behaves as it is told to, request by request, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from analyzer.assistant.models.providers import LADDER, Provider, Rung

Behaviour = Callable[[web.Request, dict[str, Any]], Any]


@dataclass
class FakeProvider:
    """`behaviour` makes each response; `asked` are the bodies of the requests so far."""

    behaviour: Behaviour
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def provider(self, name: str = "fake", timeout: float = 2.0, ladder: tuple[Rung, ...] = LADDER) -> Provider:
        return Provider(name, self.url, "small", "strong", "a-key", timeout, 1.0, 2.0, ladder)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        response: web.StreamResponse = await self.behaviour(request, body)
        return response


@asynccontextmanager
async def fake_provider(behaviour: Behaviour) -> AsyncIterator[FakeProvider]:
    fake = FakeProvider(behaviour)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    fake.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()


def saying(*sentences: tuple[str, list[str]]) -> Behaviour:
    """Streams these sentences in the wanted shape."""
    text = json.dumps({"sentences": [{"text": text, "cites": cites} for text, cites in sentences]}, ensure_ascii=False)
    return streaming(text)


def streaming(text: str, finish: str = "stop") -> Behaviour:
    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return await stream(request, [{"content": text[i : i + 40]} for i in range(0, len(text), 40)], finish)

    return behave


async def stream(request: web.Request, deltas: list[dict[str, Any]], finish: str | None = "stop") -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for delta in [*deltas, {}]:
        choice = {"index": 0, "delta": delta, "finish_reason": None if delta else finish}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


def answering(status: int, body: bytes = b"{}", kind: str = "application/json", **headers: str) -> Behaviour:
    async def behave(request: web.Request, asked: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=kind, headers=headers)

    return behave


async def hanging(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """Starts to answer and stalls."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n')
    await asyncio.sleep(30)
    return response


async def cutting(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """Hangs up in the middle."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"{\\"sent')
    assert request.transport is not None
    request.transport.close()
    return response


async def broken_utf8(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """Korean text with its bytes torn apart."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    torn = "정상입니다".encode()[:-1]
    await response.write(b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"' + torn + b'"}}]}\n\n')
    return response


def leaking() -> Behaviour:
    """Repeats its instructions to the user."""

    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        leak = body["messages"][0]["content"]
        text = json.dumps({"sentences": [{"text": leak, "cites": ["E1"]}]})
        return await stream(request, [{"content": text}])

    return behave
