"""Leaves a provider alone for a while after it failed, and tries it once before trusting it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

FAILURES = 3
REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 3600.0


@dataclass(slots=True)
class Breaker:
    """Opens after FAILURES in a row, or for as long as the provider itself asks (Retry-After)."""

    clock: Callable[[], float] = monotonic
    failures: int = 0
    rests_until: float = 0.0

    @property
    def resting_seconds(self) -> float:
        """How long it is still left alone; 0 when it may be asked."""
        return max(0.0, self.rests_until - self.clock())

    def succeeded(self) -> None:
        self.failures, self.rests_until = 0, 0.0

    def failed(self, retry_after_seconds: float | None = None) -> None:
        self.failures += 1
        if retry_after_seconds is not None:
            self._rest(retry_after_seconds)
        elif self.failures >= FAILURES:
            self._rest(REST_SECONDS * 2 ** min(self.failures - FAILURES, 6))

    def _rest(self, seconds: float) -> None:
        self.rests_until = self.clock() + min(max(seconds, 0.0), LONGEST_REST_SECONDS)
