"""The one guard of the analyzer: an exception of a stage becomes a Failure, a log line with traceback and a metric.

A crash outside it ends the process. The failures and the seconds of each stage go into the report.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from analyzer.data import Failure
from analyzer.errors import AnalyzerError

log = logging.getLogger(__name__)


class Guard:
    """Watches the stages of one cycle. `known` are earlier failures: one that only goes on is not logged again.

    `clock` gives seconds for durations.
    """

    def __init__(
        self, at: datetime, known: Iterable[Failure] = (), clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._at = at
        self._known = {_what(failure) for failure in known}
        self._clock = clock
        self._failures: list[Failure] = []
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, host: str = "") -> Iterator[None]:
        """Run a stage: what it raises is kept as a Failure and goes no further."""
        begun = self._clock()
        try:
            yield
        except AnalyzerError as error:
            self._fail(Failure(name, str(error), self._at, host), None)
        except Exception as error:  # noqa: BLE001 - the one place: a stage never silences another
            self._fail(Failure(name, f"{type(error).__name__}: {error}", self._at, host), error)
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + self._clock() - begun

    def note(self, *failures: Failure) -> None:
        self._failures.extend(failures)

    def _fail(self, failure: Failure, unexpected: Exception | None) -> None:
        """What was raised on purpose says enough by itself; anything else is a bug and shows its traceback."""
        if _what(failure) not in self._known:
            where = f" for {failure.host}" if failure.host else ""
            log.warning("%s failed%s: %s", failure.stage, where, failure.reason, exc_info=unexpected)
        self.note(failure)

    @property
    def failures(self) -> tuple[Failure, ...]:
        return tuple(self._failures)

    @property
    def seconds(self) -> dict[str, float]:
        return dict(self._seconds)


def _what(failure: Failure) -> tuple[str, str, str]:
    return failure.stage, failure.host, failure.reason
