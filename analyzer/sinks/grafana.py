"""Grafana's annotation API: what to call, and what each way of failing means for trying again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from analyzer.errors import DeliveryDelayed, DeliveryRefused

# A token or a right can be mended without restarting anything, so these wait instead of being given up.
MENDABLE = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
LARGEST_ANSWER = 1_000_000
LONGEST_WISH_SECONDS = 3600.0


@dataclass(frozen=True)
class Grafana:
    """`url` has no slash at its end. Redirects are not followed: the token is for this address alone."""

    url: str
    token: str = field(default="", repr=False)
    timeout_seconds: float = 10.0
    mending_seconds: float = 900.0

    async def add_annotation(self, annotation: Mapping[str, Any]) -> str:
        """Give the new annotation's id."""
        answer = await self._call("POST", "/api/annotations", json=annotation)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
            raise DeliveryDelayed(f"Grafana at {self.url} took the annotation but gave no id for it")
        return str(answer["id"])

    async def patch_annotation(self, remote_id: str, change: Mapping[str, Any]) -> None:
        await self._call("PATCH", f"/api/annotations/{remote_id}", json=change)

    async def find_annotation(self, tags: tuple[str, ...]) -> str | None:
        """The first made of those that have all these tags."""
        query = [("type", "annotation"), ("limit", "100"), *(("tags", tag) for tag in tags)]
        answer = await self._call("GET", "/api/annotations", params=query)
        if not isinstance(answer, list):
            raise DeliveryDelayed(f"Grafana at {self.url} gave no list of annotations")
        ids = [one["id"] for one in answer if isinstance(one, dict) and isinstance(one.get("id"), int)]
        return str(min(ids)) if ids else None

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        timeout = aiohttp.ClientTimeout(total=self.timeout_seconds)
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.request(method, self.url + path, allow_redirects=False, **request) as response,
            ):
                body = await response.content.read(LARGEST_ANSWER)
                self._check(response, body, f"{method} {path}")
        except TimeoutError:
            raise DeliveryDelayed(f"Grafana at {self.url} did not answer within {self.timeout_seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise DeliveryDelayed(f"can't reach Grafana at {self.url}: {error or type(error).__name__}") from error
        return self._json(body)

    def _check(self, response: aiohttp.ClientResponse, body: bytes, call: str) -> None:
        status = response.status
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return
        reason = f"Grafana at {self.url} answered {status} to {call}: {_message(response, body)}"
        if status in MENDABLE:
            raise DeliveryDelayed(reason, self.mending_seconds)
        if status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise DeliveryDelayed(reason, _retry_after(response.headers))
        raise DeliveryRefused(reason)

    def _json(self, body: bytes) -> Any:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise DeliveryDelayed(f"Grafana at {self.url} answered no JSON: {body[:80]!r}") from None


def _message(response: aiohttp.ClientResponse, body: bytes) -> str:
    if "Location" in response.headers:
        return f"it moved to {response.headers['Location']}"
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    said = answer.get("message") if isinstance(answer, dict) else None
    return str(said or response.reason or "no reason given")[:200]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date against the answer's own date (RFC 9110, 10.2.3); None when it says nothing of use."""
    wish = headers.get("Retry-After", "")
    if wish.isdigit():
        return min(float(wish), LONGEST_WISH_SECONDS)
    try:
        seconds = (parsedate_to_datetime(wish) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WISH_SECONDS)
