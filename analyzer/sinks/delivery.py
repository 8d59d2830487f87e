"""Sends what a sink owes: at least once, in order, backing off while the receiver is down. No clock, no sleep."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from analyzer.errors import DeliveryDelayed, DeliveryRefused, StoreError
from analyzer.store import Delivery, Outbox

log = logging.getLogger(__name__)


class Receiver(Protocol):
    """Whoever takes the deliveries of one sink."""

    @property
    def name(self) -> str: ...

    async def deliver(self, delivery: Delivery) -> str | None:
        """Send it once and give the receiver's id for it. DeliveryDelayed or DeliveryRefused when it isn't taken.

        `delivery.attempts` above 1 means that an earlier attempt may have arrived: the receiver must not double it.
        """
        ...


@dataclass(frozen=True)
class Backoff:
    """How long to wait after failures in a row: doubling up to a limit, spread so that many don't return at once."""

    first_seconds: float = 2.0
    longest_seconds: float = 300.0
    spread: float = 0.25

    def seconds(self, failures: int, chance: float) -> float:
        """`chance` in [0, 1] picks a place in the spread."""
        doublings = min(failures - 1, 60)  # beyond, a float would overflow; the limit is reached long before
        wait = min(self.first_seconds * 2.0**doublings, self.longest_seconds)
        return wait * (1 + self.spread * (2 * chance - 1))


class Courier:
    """Delivers one sink's part of the outbox. Remembers only how long its receiver has been failing."""

    def __init__(
        self,
        outbox: Outbox,
        receiver: Receiver,
        backoff: Backoff = Backoff(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._receiver = receiver
        self._backoff = backoff
        self._chance = chance
        self._failures = 0
        self._held_until: datetime | None = None

    async def deliver_due(self, now: datetime) -> None:
        """Send what is due, until all is sent or the receiver fails; then leave it alone for a while.

        A store that can't be written is a failure like an unreachable receiver: nothing is sent that can't be noted.
        """
        if self._held_until is not None and now < self._held_until:
            return
        try:
            # A close becomes due only when its open is settled: so ask again until nothing is left.
            while due := await self._outbox.due(self._receiver.name, now):
                for delivery in due:
                    if not await self._deliver(delivery, now):
                        return
        except StoreError as error:
            self._hold(now, None, str(error))

    async def _deliver(self, delivery: Delivery, now: datetime) -> bool:
        begun = await self._outbox.begin(delivery, now)
        if begun is None:
            return True
        try:
            remote_id = await self._receiver.deliver(begun)
        except asyncio.CancelledError:  # told to stop in the middle: owed again at once, not when the lease is over
            await self._outbox.delayed(begun, "stopped before the receiver answered", now)
            raise
        except DeliveryDelayed as error:
            until = self._wait(now, begun.attempts, error.retry_after_seconds)
            await self._outbox.delayed(begun, str(error), until)
            self._hold(now, error.retry_after_seconds, str(error))
            return False
        except DeliveryRefused as error:
            log.warning("%s refused %s for good: %s", self._receiver.name, begun.owed.key, error)
            await self._outbox.refused(begun, str(error), now)
        else:
            await self._outbox.delivered(begun, remote_id, now)
        self._release()
        return True

    def _wait(self, now: datetime, failures: int, wish: float | None) -> datetime:
        return now + timedelta(seconds=max(self._backoff.seconds(failures, self._chance()), wish or 0.0))

    def _hold(self, now: datetime, wish: float | None, reason: str) -> None:
        self._failures += 1
        self._held_until = self._wait(now, self._failures, wish)
        if self._failures == 1:
            log.warning("%s can't deliver, will try again: %s", self._receiver.name, reason)

    def _release(self) -> None:
        if self._failures:
            log.info("%s delivers again after %d failed attempts", self._receiver.name, self._failures)
        self._failures = 0
        self._held_until = None
