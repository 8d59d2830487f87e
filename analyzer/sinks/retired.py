"""What is owed to receivers that are no longer in the settings: kept a while, for they may come back, then given up."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzer.errors import StoreError
from analyzer.store import Outbox

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retired:
    """`sinks` are those that deliver; whatever else is in the outbox has nobody who would."""

    outbox: Outbox
    sinks: frozenset[str]
    patience: timedelta = timedelta(days=1)

    async def settle(self, now: datetime) -> None:
        """Give up what has waited longer than `patience`. A store that can't be asked is asked again next time."""
        try:
            for owing in await self.outbox.status():
                if owing.pending and owing.sink not in self.sinks:
                    await self._give_up(owing.sink, now)
        except StoreError as error:
            log.warning("deliveries to receivers of before can't be settled: %s", error)

    async def _give_up(self, sink: str, now: datetime) -> None:
        reason = f"{sink} is no longer in the settings"
        while late := [one for one in await self.outbox.due(sink, now) if one.created_at <= now - self.patience]:
            log.warning("%d deliveries given up: %s", len(late), reason)
            for delivery in late:
                await self.outbox.refused(delivery, reason, now)
