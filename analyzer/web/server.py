"""Listens with the HTTP door on one address until told to stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from analyzer.errors import SettingsError

SHUTDOWN_SECONDS = 1.0


async def start(app: web.Application, host: str, port: int) -> Callable[[], Awaitable[None]]:
    """Listen on `host` (empty: every address) and give what stops it. SettingsError when the address can't be had."""
    # Bodies are read as they are: a small packed body could unpack into a huge one.
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host or None, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingsError([f"can't listen on {host}:{port}: {error.strerror or error}"]) from error
    return runner.cleanup
