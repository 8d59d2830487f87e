"""How far a fleet's first fits are: a line in the log at each tenth, for they may take half an hour."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

log = logging.getLogger(__name__)

# A fleet of fewer is learned before anybody asks.
FEWEST_HOSTS = 20
PARTS = 10


class Progress:
    """Tells each part once, and nothing more after the last until there are hosts that are not scored again."""

    def __init__(self) -> None:
        self._part = 0
        self._begun: tuple[datetime, int] | None = None

    def tell(self, scored: int, hosts: int, now: datetime) -> None:
        if hosts < FEWEST_HOSTS:
            return
        since, before = self._begun = self._begun or (now, scored)
        part = PARTS * scored // hosts
        if part > self._part:
            rate = (scored - before) / max((now - since).total_seconds(), 1.0)
            left = f", about {_minutes((hosts - scored) / rate)} to go" if rate and scored < hosts else ""
            log.info("learned the history of %d of %d hosts%s", scored, hosts, left)
        self._part = part


def _minutes(seconds: float) -> str:
    return f"{max(1, round(timedelta(seconds=seconds) / timedelta(minutes=1)))} min"
