"""How often hosts are scraped, read off their own samples: rates must look back over several scrapes."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np

from analyzer.data import Host
from analyzer.errors import QueryRefused
from analyzer.sources.query_api import QueryApi

# Long enough for a scrape every five minutes, as far as Prometheus lets a series live without one.
LOOK_BACK = timedelta(minutes=16)
HOSTS_ASKED = 16
RENEW = timedelta(minutes=10)
METRIC = "node_boot_time_seconds"


class Pace:
    """Remembers the answer for a while; until hosts have two samples each, `unknown_seconds` stands for it."""

    def __init__(self, api: QueryApi, unknown_seconds: float = 15.0) -> None:
        self._api = api
        self._seconds = unknown_seconds
        self._renew_at: datetime | None = None

    async def seconds(self, hosts: tuple[Host, ...], at: datetime) -> float:
        """The longest usual distance of two samples among some of the hosts."""
        if self._renew_at is None or not self._renew_at - RENEW <= at < self._renew_at:
            found = await self._ask(hosts[:: max(1, math.ceil(len(hosts) / HOSTS_ASKED))], at)
            if found is not None:
                self._seconds, self._renew_at = found, at + RENEW
        return self._seconds

    async def _ask(self, hosts: tuple[Host, ...], at: datetime) -> float | None:
        names = "|".join(_quoted(host.name) for host in hosts)
        span = round(LOOK_BACK.total_seconds())
        try:
            every = await self._api.sample_times(f'{METRIC}{{instance=~"{names}"}}[{span}s]', at)
        except QueryRefused:
            return None  # a store that gives no raw samples: rates then look back as far as the setting says
        spacings = [float(np.median(np.diff(times))) for times in every if len(times) > 1]
        return max(1.0, round(max(spacings), 1)) if spacings else None


def _quoted(name: str) -> str:
    """For a regular expression in a PromQL string; an instance is a HOST:PORT."""
    return "".join(c if c.isalnum() or c in "-_:" else "\\\\" + c for c in name if c not in '"\\\n')
