"""The life cycle: what ends it, in which order, and what a crash does."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from analyzer.service import Loop, Service


class Diary:
    """Writes down what happened, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def serve(self) -> Callable[[], Awaitable[None]]:
        self.lines.append("server started")

        async def stop() -> None:
            self.lines.append("server stopped")

        return stop

    async def close(self) -> None:
        self.lines.append("sinks closed")


async def test_sigterm_stops_the_loops_then_the_server_then_the_sinks() -> None:
    diary = Diary()

    async def work(now: datetime) -> None:
        assert now.tzinfo is UTC
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            diary.lines.append("loop stopped")
            raise

    await Service(diary.serve, [Loop("cycle", 60, work)], [diary.close]).run()
    assert diary.lines == ["server started", "loop stopped", "server stopped", "sinks closed"]


async def test_a_loop_that_raises_ends_the_service_with_its_error_after_closing_everything() -> None:
    diary = Diary()

    async def crash(_now: datetime) -> None:
        raise ZeroDivisionError("a bug")

    async def wait(_now: datetime) -> None:
        await asyncio.sleep(60)

    with pytest.raises(ZeroDivisionError, match="a bug"):
        await Service(diary.serve, [Loop("crash", 1, crash), Loop("wait", 1, wait)], [diary.close]).run()
    assert diary.lines == ["server started", "server stopped", "sinks closed"]


async def test_a_closer_that_hangs_does_not_keep_the_others_from_closing(caplog: pytest.LogCaptureFixture) -> None:
    diary = Diary()

    async def hang() -> None:
        await asyncio.sleep(60)

    async def stop(_now: datetime) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)

    await Service(diary.serve, [Loop("stop", 60, stop)], [hang, diary.close]).run()
    assert diary.lines[-1] == "sinks closed"
    assert "closer 0 did not close" in caplog.text


async def test_a_loop_repeats_at_its_period_and_never_runs_twice_at_once() -> None:
    diary = Diary()
    running = 0

    async def work(_now: datetime) -> None:
        nonlocal running
        running += 1
        assert running == 1
        diary.lines.append("tick")
        await asyncio.sleep(0.02)
        running -= 1
        if len(diary.lines) > 4:
            os.kill(os.getpid(), signal.SIGTERM)

    await Service(diary.serve, [Loop("tick", 0.01, work)], []).run()
    assert diary.lines.count("tick") >= 4


async def test_work_that_had_nothing_to_work_on_is_tried_again_soon() -> None:
    diary = Diary()

    async def work(_now: datetime) -> bool:
        diary.lines.append("tried")
        if len(diary.lines) < 4:
            return False
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    await Service(diary.serve, [Loop("look", 3600, work, retry_seconds=0.01)], []).run()
    assert diary.lines == ["server started", "tried", "tried", "tried", "server stopped"]
