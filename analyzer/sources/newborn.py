"""Whether a Prometheus that knows no host has only just begun: its own word on its targets and its age.

Stores that speak the query API alone are asked too, and their not knowing says nothing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import orjson

from analyzer.errors import SourceStarting, SourceUnreachable
from analyzer.sources.http import HttpClient

# Targets are known some seconds after the start, scraped within their interval, and asked for on the next grid point.
YOUNG = timedelta(minutes=1)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


async def newborn(url: str, http: HttpClient, now: datetime) -> SourceStarting | None:
    """What to tell while the first scrape is still to come; None where that is no reason to have no data."""
    targets = await _data(http, f"{url.rstrip('/')}/api/v1/targets?state=active")
    known = targets.get("activeTargets") or []
    waiting = [target for target in known if target.get("health") == "unknown"]
    if not waiting and not await _is_young(url, http, now):
        return None
    told = [_seconds(target.get("scrapeInterval", "")) for target in waiting or known]
    soon = max(told, default=0.0)
    when = f" (first scrape in about {soon:g} s)" if soon else ""
    return SourceStarting(f"Prometheus at {url} has no data yet{when}", url, first_scrape_seconds=soon or None)


async def _is_young(url: str, http: HttpClient, now: datetime) -> bool:
    runtime = await _data(http, f"{url.rstrip('/')}/api/v1/status/runtimeinfo")
    try:
        return now - datetime.fromisoformat(runtime["startTime"]) < YOUNG
    except (KeyError, TypeError, ValueError):
        return False


async def _data(http: HttpClient, address: str) -> dict[str, Any]:
    """The answer's data; nothing where there is no such endpoint."""
    try:
        reply = await http.get(address)
        data = orjson.loads(reply.body)["data"] if reply.status == HTTPStatus.OK else {}
    except (SourceUnreachable, orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _seconds(duration: str) -> float:
    """Of Go's durations, such as 1m30s."""
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", duration))
