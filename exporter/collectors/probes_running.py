"""Probes in the background: one thread for all targets, each target probed once at a time."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from exporter.collectors.probes_target import Outcome, Target, probe

RESOLVERS = 4
"""Threads that look up names; a resolver that hangs keeps one until it returns, and never more than these."""
STOP_SECONDS = 2.0


@dataclass(slots=True)
class Standing:
    """What is known of a target."""

    target: Target
    last: Outcome | None = None
    failures: dict[str, int] = field(default_factory=dict)
    failed_at: dict[str, float] = field(default_factory=dict)

    def take(self, outcome: Outcome) -> None:
        if outcome.reason:
            self.failures[outcome.reason] = self.failures.get(outcome.reason, 0) + 1
            self.failed_at[outcome.reason] = outcome.at_seconds
        self.last = outcome


class Prober:
    """Probes all targets from `start()` to `stop()`."""

    def __init__(
        self, targets: Sequence[Target], interval_seconds: float, timeout_seconds: float, trust: ssl.SSLContext | None
    ) -> None:
        self.standings = [Standing(target) for target in targets]
        self._interval = interval_seconds
        self._timeout = timeout_seconds
        self._trust = trust
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if that isn't so already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="probes", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        if self._thread is None:
            self._loop.close()
        elif self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        self._loop.set_default_executor(ThreadPoolExecutor(RESOLVERS, "resolve"))
        try:
            self._loop.run_until_complete(self._probe_all())
        finally:
            self._loop.close()

    async def _probe_all(self) -> None:
        tasks = [asyncio.create_task(self._keep_probing(standing)) for standing in self.standings]
        stop = asyncio.create_task(self._stop.wait())
        # A probe that raises is a bug: it ends all of them, and the scrape says so.
        done, _ = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in (stop, *tasks):
            task.cancel()
        await asyncio.wait([stop, *tasks])
        for task in done - {stop}:
            task.result()

    async def _keep_probing(self, standing: Standing) -> None:
        while True:
            outcome = await probe(standing.target, self._timeout, self._trust)
            standing.take(outcome)
            await asyncio.sleep(max(self._interval - outcome.duration_seconds, 0.0))

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()
