"""Work that may hang: a thread does the steps, and whoever waits can go on without the one that doesn't return.

A step that outlasts its deadline keeps the thread it is on; a new thread takes over. The stuck thread ends as soon as
its step returns. So a hang costs one thread in all, not one each time it is met, provided that the owner of the steps
leaves a stuck one out until it is back.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Protocol

SOON = 0.01
"""Seconds after which to look again at what is just about to begin."""


class Step(Protocol):
    """Something to do that may hang."""

    def deadline(self, began: float) -> float:
        """When it has taken too long (monotonic seconds), having begun at that time."""
        ...

    def work(self) -> None:
        """Do it. What it finds it keeps itself."""
        ...

    def give_up(self) -> bool:
        """Called when it outlasted its deadline. Whether to begin it again, on another thread."""
        ...


class Batch:
    """Steps to be done in turn by a lane; `on_done` is called by the thread that did the last one."""

    __slots__ = ("_began", "_done", "_lock", "_next", "_thread", "on_done", "steps")

    def __init__(self, steps: Sequence[Step], on_done: Callable[[], None]) -> None:
        self.steps = steps
        self.on_done = on_done
        self._lock = threading.Lock()
        self._done = False
        self._next = 0
        self._began = math.inf
        self._thread = 0

    def run(self) -> bool:
        """Do what is left. False when another thread has taken over meanwhile."""
        me = self._thread = threading.get_ident()
        while True:
            with self._lock:
                if self._thread != me:
                    return False
                self._done = self._next == len(self.steps)
                self._began = time.monotonic()
                self._next += 1
            if self._done:
                self.on_done()
                return True
            self.steps[self._next - 1].work()

    def overdue_in(self) -> float:
        """Seconds until the step under way is overdue; 0 or less when it is. What hasn't begun isn't."""
        if self._done:
            return math.inf
        now, began = time.monotonic(), self._began
        if began == math.inf:
            return SOON
        # The thread at work may be one further than `_done` told.
        return self.steps[min(self._next, len(self.steps)) - 1].deadline(began) - now

    def abandon(self) -> bool:
        """Leave the step under way to its thread, if it is overdue still."""
        with self._lock:
            if self.overdue_in() > 0:
                return False
            self._thread = 0
            self._began = math.inf
            if self.steps[self._next - 1].give_up():
                self._next -= 1
            return True


class Lane:
    """One thread that does batches in turn, replaced when it hangs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()
        self._started = False

    def start(self, batch: Batch) -> None:
        if not self._started:
            self._started = True
            self._new_thread(None)
        self._queue.put(batch)

    def watch(self, batch: Batch) -> float:
        """Seconds until to look again. Gives up the step under way when it is overdue: a new thread takes over."""
        wait = batch.overdue_in()
        if wait <= 0 and batch.abandon():
            self._new_thread(batch)
            wait = SOON
        return max(wait, 0.0)

    def stop(self) -> None:
        """End the thread after the batch it is on."""
        self._queue.put(None)

    def _new_thread(self, unfinished: Batch | None) -> None:
        # A daemon: a thread in a call that never returns must not keep the program from ending.
        threading.Thread(target=self._work, args=(unfinished,), name=self.name, daemon=True).start()

    def _work(self, batch: Batch | None) -> None:
        while True:
            if batch is not None and not batch.run():
                return
            batch = self._queue.get()
            if batch is None:
                return
