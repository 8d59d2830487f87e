"""HTTP with patience: one pool of connections, bounded concurrency, retries with backoff. Knows nothing of metrics."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from analyzer.errors import SourceUnreachable

_PASSING = frozenset({429, 500, 502, 503, 504})
_LONGEST_PAUSE_SECONDS = 10.0


class NoAnswer(SourceUnreachable):
    """This request got no answer in time; another one may still."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Whatever the server said, of any status."""

    status: int
    body: bytes
    retry_after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HttpClient:
    """Asks servers. `who` stands for the address in messages; `final` marks a 5xx body that no retry can mend."""

    who: str = ""
    timeout_seconds: float = 10.0
    concurrency: int = 8
    retries: int = 2
    backoff_seconds: float = 0.1
    headers: Mapping[str, str] = field(default_factory=dict)
    final: bytes = b""
    _pool: list[aiohttp.ClientSession] = field(default_factory=list, init=False, repr=False)

    async def get(self, url: str) -> Reply:
        return await self._ask("GET", url, None)

    async def post(self, url: str, form: Mapping[str, str]) -> Reply:
        return await self._ask("POST", url, form)

    async def close(self) -> None:
        while self._pool:
            await self._pool.pop().close()

    async def _ask(self, method: str, url: str, form: Mapping[str, str] | None) -> Reply:
        """The reply; SourceUnreachable when no connection could be had, NoAnswer when it took too long."""
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            pause = self.backoff_seconds * 2**attempt
            try:
                reply = await self._once(method, url, form)
            except aiohttp.ConnectionTimeoutError:
                raise SourceUnreachable(f"can't reach {self.who or url}: no connection in time") from None
            except TimeoutError:
                raise NoAnswer(f"{self.who or url} did not answer within {self.timeout_seconds:g} s") from None
            except (aiohttp.ClientError, OSError) as error:
                if last:
                    raise SourceUnreachable(f"can't reach {self.who or url}: {_reason(error)}") from error
            else:
                if last or not self._passing(reply):
                    return reply
                pause = max(pause, min(reply.retry_after_seconds, _LONGEST_PAUSE_SECONDS))
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, method: str, url: str, form: Mapping[str, str] | None) -> Reply:
        async with self._session().request(method, url, data=form, allow_redirects=True) as response:
            return Reply(response.status, await response.read(), _seconds(response.headers.get("Retry-After", "")))

    def _passing(self, reply: Reply) -> bool:
        return reply.status in _PASSING and not (self.final and self.final in reply.body)

    def _session(self) -> aiohttp.ClientSession:
        """Made at the first request: it belongs to the event loop that runs then."""
        if not self._pool:
            connector = aiohttp.TCPConnector(limit=self.concurrency)
            limit = self.timeout_seconds  # of each wait: the total would count the time spent queueing for a connection
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=limit, sock_read=limit)
            self._pool.append(aiohttp.ClientSession(connector=connector, timeout=timeout, headers=self.headers))
        return self._pool[0]


def _seconds(retry_after: str) -> float:
    """Retry-After in seconds; its other form, a date, is taken as no wish."""
    return float(retry_after) if retry_after.isdigit() else 0.0


def _reason(error: Exception) -> str:
    """The system's own words where there are any: "Connection refused" rather than a retelling of it."""
    number = None if isinstance(error, aiohttp.ClientSSLError) else getattr(error, "errno", None)
    return os.strerror(number) if number and number > 0 else str(error) or type(error).__name__
