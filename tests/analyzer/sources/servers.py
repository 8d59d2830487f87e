"""Small servers of the tests' own over real HTTP, for answers that real peers give too seldom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, port: int = 0) -> AsyncIterator[str]:
    """The address of a server that answers every request with the handler."""

    async def respond(request: web.Request) -> web.StreamResponse:  # the router takes no callable object
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", respond)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def in_turn(*replies: tuple[int, str]) -> tuple[Handler, list[web.Request]]:
    """A handler that gives the replies one after another, the last for ever; and what it was asked."""
    asked: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        status, text = replies[min(len(asked), len(replies) - 1)]
        asked.append(request)
        return web.Response(status=status, text=text)

    return handler, asked
