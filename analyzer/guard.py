"""The one guard of the analyzer: an exception of a stage becomes a Failure, a log line with traceback and a metric.

A crash outside it ends the process. The failures and the seconds of each stage go into the report.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from analyzer.data import Failure

log = logging.getLogger(__name__)


class Guard:
    """Watches the stages of one cycle. `clock` gives seconds for durations."""

    def __init__(self, at: datetime, clock: Callable[[], float] = time.perf_counter) -> None:
        self._at = at
        self._clock = clock
        self._failures: list[Failure] = []
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, host: str = "") -> Iterator[None]:
        """Run a stage: what it raises is kept as a Failure and goes no further."""
        begun = self._clock()
        try:
            yield
        except Exception as error:  # one stage never silences another
            log.exception("stage %s failed%s", name, f" for {host}" if host else "")
            self.note(Failure(name, f"{type(error).__name__}: {error}", self._at, host))
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + self._clock() - begun

    def note(self, *failures: Failure) -> None:
        self._failures.extend(failures)

    @property
    def failures(self) -> tuple[Failure, ...]:
        return tuple(self._failures)

    @property
    def seconds(self) -> dict[str, float]:
        return dict(self._seconds)
