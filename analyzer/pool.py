"""Where long arithmetic runs: in threads for a few hosts; for a fleet in processes of their own, that give way.

A fleet's cycle takes a second of Python, which a thread that learns beside it would make three. Processes cost memory:
they begin with the first work of a fleet and end when there was none for a while, or when who began them ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple

from analyzer.errors import WorkerLost
from analyzer.lean import import_lean
from analyzer.worker import Worker

log = logging.getLogger(__name__)

T = TypeVar("T")
Given = TypeVarTuple("Given")

# A fleet of fewer hosts is looked at in a tenth of a second: it needs nobody to give way.
MANY_HOSTS = 200
IDLE_SECONDS = 900.0


class Pool:
    """At most `cores` processes, for fleets of `many_hosts` and more; without that, threads alone.

    What the work needs is in `modules`, which are imported where it is done, before the first of it.
    """

    def __init__(
        self,
        cores: int = 1,
        many_hosts: int | None = None,
        modules: tuple[str, ...] = (),
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._many_hosts = many_hosts
        self._modules = modules
        self._idle_seconds = idle_seconds
        self._imported = False
        self._room = asyncio.Semaphore(cores)
        self._free: list[Worker] = []
        self._busy: set[Worker] = set()
        self._ending: asyncio.TimerHandle | None = None

    async def run(self, hosts: int, work: Callable[[*Given], T], *given: *Given) -> T:
        """What the work gives, for a fleet of so many hosts. WorkerLost where its process ended before it was done.

        Arguments and result of a fleet's work go from one process to another: it must not change what it is given.
        Work that nobody waits for any more ends with its process.
        """
        return await self._run(hosts, work, given)

    async def run_last(self, hosts: int, work: Callable[[*Given], T], *given: *Given) -> T:
        """The same, and its process ends then: what this work alone imports is held no longer than it takes."""
        return await self._run(hosts, work, given, last=True)

    async def close(self) -> None:
        """End every process, whatever it does."""
        if self._ending is not None:
            self._ending.cancel()
        every, self._free, self._busy = [*self._free, *self._busy], [], set()
        for worker in every:
            await asyncio.to_thread(worker.end)

    async def _run(self, hosts: int, work: Callable[..., T], given: tuple[Any, ...], *, last: bool = False) -> T:
        if self._many_hosts is None or hosts < self._many_hosts:
            return await self._here(work, given)
        async with self._room:
            worker = self._begun()
            if worker is None:
                return await self._here(work, given)
            return await self._there(worker, work, given, last=last)

    async def _here(self, work: Callable[..., T], given: tuple[Any, ...]) -> T:
        if not self._imported:
            await asyncio.to_thread(import_lean, self._modules)
            self._imported = True
        return await asyncio.to_thread(work, *given)

    async def _there(self, worker: Worker, work: Callable[..., T], given: tuple[Any, ...], *, last: bool) -> T:
        self._busy.add(worker)
        asked = asyncio.ensure_future(asyncio.to_thread(worker.ask, work, given))
        asked.add_done_callback(_heard)
        try:
            done: T = await asyncio.shield(asked)
        except (WorkerLost, asyncio.CancelledError):
            last = True
            raise
        finally:
            if worker in self._busy:  # else the pool was closed meanwhile
                self._busy.discard(worker)
                if last:
                    worker.end()
                else:
                    self._rest(worker)
        return done

    def _begun(self) -> Worker | None:
        """One that is free, else another; None where the system gives none."""
        if self._free:
            return self._free.pop()
        try:
            return Worker(self._modules)
        except OSError as error:
            log.warning("no processes can be begun here, so fleets too are learned in threads: %s", error)
            self._many_hosts = None
            return None

    def _rest(self, worker: Worker) -> None:
        """Ends after a while, with all that are free by then."""
        self._free.append(worker)
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_free)

    def _end_free(self) -> None:
        free, self._free = self._free, []
        for worker in free:
            worker.end()


def _heard(asked: asyncio.Future[Any]) -> None:
    """Who was told to stop waits for no result, nor for what became of it."""
    if not asked.cancelled():
        asked.exception()
