"""Who goes first: a cycle, before what is read and made between cycles. Python runs one of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

# Returns once it is one's turn.
Turn = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Nobody goes first."""


class Precedence:
    """What runs within `first` makes those wait who ask for their `turn` meanwhile; what runs already goes on."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()

    @contextmanager
    def first(self) -> Iterator[None]:
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    async def turn(self) -> None:
        await self._free.wait()
