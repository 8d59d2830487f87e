"""The life of the running analyzer: loops, signals, shutdown. No monitoring.

A loop that raises ends the process with a non-zero code. SIGTERM and SIGINT stop the loops, then the server, then
the sinks and whatever else must be closed, each within its share of five seconds.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

log = logging.getLogger(__name__)

CLOSE_SECONDS = 2.0


@dataclass(frozen=True)
class Loop:
    """Something done again and again: `work(now)`, `period_seconds` from one start to the next.

    Work that returns False had nothing to work on yet, and is tried again after `retry_seconds`.
    """

    name: str
    period_seconds: float
    work: Callable[[datetime], Awaitable[bool | None]]
    retry_seconds: float = 1.0


@dataclass(frozen=True)
class Service:
    """Starts `server`, runs `loops` until told to stop, then closes everything in `closers`, in order."""

    server: Callable[[], Awaitable[Callable[[], Awaitable[None]]]]
    loops: Sequence[Loop]
    closers: Sequence[Callable[[], Awaitable[None]]]

    async def run(self) -> None:
        """Return after a clean stop; raise what a loop raised."""
        stop = asyncio.Event()
        listen_for_signals(stop)
        try:
            stop_server = await self.server()
            try:
                await self._run_loops(stop)
            finally:
                await close("server", stop_server)
        finally:
            for number, closer in enumerate(self.closers):
                await close(f"closer {number}", closer)

    async def _run_loops(self, stop: asyncio.Event) -> None:
        tasks = [asyncio.create_task(repeat(loop), name=loop.name) for loop in self.loops]
        stopping = asyncio.create_task(stop.wait(), name="stop")
        done, pending = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done - {stopping}:
            task.result()


async def repeat(loop: Loop) -> None:
    """Run the work at its period for ever; a late run starts the next at once, and never two at a time."""
    clock = asyncio.get_running_loop().time
    due = clock()
    while True:
        early = await loop.work(datetime.now(UTC)) is False
        due = max(due + (min(loop.retry_seconds, loop.period_seconds) if early else loop.period_seconds), clock())
        await asyncio.sleep(due - clock())


def listen_for_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT set `stop`. Where the event loop can't (Windows), Ctrl-C still raises KeyboardInterrupt."""
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)


async def close(name: str, closer: Callable[[], Awaitable[None]]) -> None:
    """Close one thing within its time; a slow one is named and left, so that the rest is closed too."""
    try:
        await asyncio.wait_for(closer(), CLOSE_SECONDS)
    except TimeoutError:
        log.warning("%s did not close within %.0f s", name, CLOSE_SECONDS)
