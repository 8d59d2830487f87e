"""Where long arithmetic runs: in threads for a few hosts; for a fleet in processes of their own, that give way.

A fleet's cycle takes a second of Python, which a thread that learns beside it would make three. Processes cost memory:
they begin with the first work of a fleet and end when there was none for a while, or when who began them ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, TypeVar, TypeVarTuple

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from analyzer.errors import WorkerLost
from analyzer.lean import ONE_THREAD, give_back, hold_little, import_lean

log = logging.getLogger(__name__)

T = TypeVar("T")
Given = TypeVarTuple("Given")

# A fleet of fewer hosts is looked at in a tenth of a second: it needs nobody to give way.
MANY_HOSTS = 200
IDLE_SECONDS = 900.0
NICENESS = 10
WATCHED_SECONDS, TAKEN_SECONDS = 2.0, 0.1


class Pool:
    """At most `cores` processes, for fleets of `many_hosts` and more; without that, threads alone.

    What the work needs is in `modules`, which are imported where it is done, before the first of it.
    """

    def __init__(self, cores: int = 1, many_hosts: int | None = None, modules: tuple[str, ...] = ()) -> None:
        self._cores = cores
        self._many_hosts = many_hosts
        self._modules = modules
        self._imported = False
        self._processes: ProcessPoolExecutor | None = None

    async def run(self, hosts: int, work: Callable[[*Given], T], *given: *Given) -> T:
        """What the work gives, for a fleet of so many hosts. WorkerLost where its process ended before it was done.

        Arguments and result of a fleet's work go from one process to another: it must not change what it is given.
        """
        processes = self._begun() if self._many_hosts is not None and hosts >= self._many_hosts else None
        if processes is None:
            await self._import()
            return await asyncio.to_thread(work, *given)
        try:
            asked = asyncio.wrap_future(processes.submit(_worked, work, given))
            asked.add_done_callback(_heard)
            # Shielded: work whose future was cancelled would keep loky from ending its processes.
            done: T = await asyncio.shield(asked)
        except BrokenProcessPool as error:
            if self._processes is processes:  # the next work begins new ones
                self._processes = None
            if isinstance(error, TerminatedWorkerError):
                raise WorkerLost(f"a process that learns and forecasts ended before it was done{_why(error)}") from None
            raise
        return done

    async def close(self) -> None:
        """End every process, whatever it does."""
        processes, self._processes = self._processes, None
        if processes is not None:
            await asyncio.sleep(TAKEN_SECONDS)  # loky trips over work that was asked for just now
            await asyncio.to_thread(processes.shutdown, wait=True, kill_workers=True)

    async def _import(self) -> None:
        if not self._imported:
            await asyncio.to_thread(import_lean, self._modules)
            self._imported = True

    def _begun(self) -> ProcessPoolExecutor | None:
        """None where the system has nothing to share with processes, such as semaphores."""
        if self._processes is None:
            begin = {"initializer": _begin, "initargs": (os.getpid(), self._modules), "env": ONE_THREAD}
            try:
                self._processes = ProcessPoolExecutor(self._cores, timeout=IDLE_SECONDS, **begin)
            except (ImportError, NotImplementedError, OSError) as error:
                log.warning("no processes can be begun here, so fleets too are learned in threads: %s", error)
                self._many_hosts = None
        return self._processes


def _heard(asked: asyncio.Future[Any]) -> None:
    """Who was told to stop waits for no result, nor for what became of it."""
    if not asked.cancelled():
        asked.exception()


def _worked(work: Callable[..., T], given: tuple[Any, ...]) -> T:
    """Runs in a worker; what it needed meanwhile goes back to the system."""
    try:
        return work(*given)
    finally:
        give_back()


def _begin(parent: int, modules: tuple[str, ...]) -> None:
    """What a worker does first. Ctrl-C is its parent's to hear, who ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hold_little()
    with suppress(AttributeError, OSError):  # Windows has no such thing, and a sandbox may forbid it
        os.nice(NICENESS)
    import_lean(modules)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """A parent that was killed can't end its workers."""
    while os.getppid() == parent:
        time.sleep(WATCHED_SECONDS)
    os._exit(0)


def _why(error: TerminatedWorkerError) -> str:
    """Of loky's words the one that matters, such as SIGKILL(-9)."""
    said = re.search(r"exit codes of the workers are \{(.+)\}", str(error))
    return f": {said[1]}" if said else ""
