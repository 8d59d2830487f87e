"""Scrapes that were asked for: those that wait for the same thing share one run of the collectors.

A run begins after the last of its requests arrived, so each answer is as fresh as if it had been made for it alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from exporter.host import Host, Scrape
from exporter.itself import Traffic
from exporter.pages import Asked
from exporter.request import Response, refusal

Reply = Callable[[Response], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One request for a scrape, until when it wants its answer, and where that goes."""

    asked: Asked
    ends: float
    reply: Reply


class Scrapes:
    """The queue before the host. All methods belong to the server's loop."""

    def __init__(self, host: Host, traffic: Traffic, later: Callable[[Callable[[], None]], None], most: int) -> None:
        self.host = host
        self.traffic = traffic
        self.most = most
        self._later = later
        self._waiting: list[Waiting] = []
        self._sharing: list[Waiting] = []
        self._scrape: Scrape | None = None

    def ask(self, asked: Asked, budget_seconds: float, reply: Reply) -> None:
        """Have `reply` called with the page, or with a refusal when too many wait already."""
        if self.most and self.traffic.in_flight >= self.most:
            self.traffic.count(HTTPStatus.SERVICE_UNAVAILABLE)
            reason = f"{self.most} scrapes are under way; --web.max-requests allows no more"
            reply(refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason))
            return
        self.traffic.in_flight += 1
        self._waiting.append(Waiting(asked, time.monotonic() + budget_seconds, reply))

    def advance(self) -> float | None:
        """Begin the next run when none is under way. Gives the seconds until to look at it again."""
        if self._scrape is None and self._waiting:
            wish = self._waiting[0].asked.wish
            self._sharing = [one for one in self._waiting if one.asked.wish == wish]
            self._waiting = [one for one in self._waiting if one.asked.wish != wish]
            ends = min(one.ends for one in self._sharing)
            self._scrape = self.host.start(wish, ends, lambda body: self._later(lambda: self._done(body)))
        return None if self._scrape is None else self._scrape.watch()

    def _done(self, body: bytes) -> None:
        served, self._sharing, self._scrape = self._sharing, [], None
        for one in served:
            self.traffic.in_flight -= 1
            self.traffic.count(HTTPStatus.OK)
            one.reply(one.asked.response(body))
