"""Who goes first: a cycle, before what is read and made between cycles. Python runs one of them at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

# Returns once it is one's turn.
Turn = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Nobody goes first."""


class Precedence:
    """What runs within `first` makes those wait who ask for their `turn` meanwhile; what runs already goes on.

    Threads that can pause go by `calm`, which is set while nothing runs first.
    """

    def __init__(self) -> None:
        self._free, self.calm = asyncio.Event(), threading.Event()
        self._free.set()
        self.calm.set()

    @contextmanager
    def first(self) -> Iterator[None]:
        self._free.clear()
        self.calm.clear()
        try:
            yield
        finally:
            self._free.set()
            self.calm.set()

    async def turn(self) -> None:
        await self._free.wait()
