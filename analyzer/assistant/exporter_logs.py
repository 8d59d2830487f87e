"""Reads hosts' recent logs from their exporters' log endpoint. Lines are data: quoted here, never obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from analyzer.data import LogLine
from analyzer.errors import QueryRefused, SourceUnreachable

LARGEST_BYTES = 2_000_000
LONGEST = 500  # characters of a line that are kept
MOST = 1000


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")
    time: datetime
    source: str = ""
    severity: str = ""
    text: str


class _Template(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str = ""
    last: datetime
    source: str = ""
    severity: str = ""
    template: str
    count: int


class _Data(BaseModel):
    lines: list[_Line] = []
    templates: list[_Template] = []


class _Page(BaseModel):
    data: _Data


@dataclass(frozen=True, slots=True)
class ExporterLogs:
    """Asks the exporter at each host's instance label. `address` says where that is, with {host} for the label."""

    address: str = "http://{host}"
    severity: str = "warning"
    timeout_seconds: float = 3.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def lines(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        page = await self._page(host, since, limit)
        return tuple(
            LogLine(host, line.time, line.text[:LONGEST], line.severity, line.source) for line in page.data.lines
        )

    async def templates(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        page = await self._page(host, since, limit)
        return tuple(
            LogLine(host, found.last, found.template[:LONGEST], found.severity, found.source, found.count, found.id)
            for found in page.data.templates
        )

    async def _page(self, host: str, since: datetime, limit: int) -> _Page:
        """SourceUnreachable or QueryRefused, with why, when the exporter gives none."""
        url = f"{self.address.format(host=host).rstrip('/')}/api/v1/logs"
        if urlsplit(url).scheme not in {"http", "https"}:
            raise QueryRefused(f"{url} is no address of an exporter")
        asked = {"start": f"{since.timestamp():.0f}", "severity": self.severity, "limit": str(min(limit, MOST))}
        timeout = aiohttp.ClientTimeout(total=self.timeout_seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=self.headers) as session,
                session.get(url, params=asked, allow_redirects=False) as response,
            ):
                body = await response.content.read(LARGEST_BYTES)
                status = response.status
        except TimeoutError:
            raise SourceUnreachable(f"the log of {host}: no answer within {self.timeout_seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise SourceUnreachable(f"the log of {host}: {error}") from None
        if status != 200:  # noqa: PLR2004 the only status with a page
            raise QueryRefused(f"the log of {host}: its exporter answered HTTP {status} to {url}")
        try:
            return _Page.model_validate(orjson.loads(body))
        except (orjson.JSONDecodeError, ValidationError):
            raise QueryRefused(f"the log of {host}: its exporter's answer is no page of logs") from None
