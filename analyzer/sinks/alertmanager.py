"""Findings as alerts in Alertmanager: told when they open, kept alive while they fire, resolved once.

Opening and resolving are owed through the outbox. Keeping alive is not: Alertmanager forgets its alerts when it
restarts and takes one that nobody repeats for resolved, so `keep_alive` says again what fires now; the next one makes
up for one that failed. An analyzer that dies lets its alerts end. Alerts of one incident have the same label
`incident`, so that a route may group by it; what nobody is to be told of is no alert.
https://prometheus.io/docs/alerting/latest/alerts_api/
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from analyzer.data import Feature, Finding, Report
from analyzer.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from analyzer.store import Delivery, Outbox, Owed
from analyzer.wording import say_finding

log = logging.getLogger(__name__)

# Two repeats may be lost before Alertmanager takes a firing alert for resolved.
REPEATS = 3
ALERTNAME = "OpenManagerFinding"
# A password can be mended without restarting anything, so these wait instead of being given up.
WAITS = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
)


@dataclass(frozen=True)
class AlertmanagerSink:
    """Posts to every address in `urls`, for members of a cluster don't pass alerts on; one that takes it is enough."""

    outbox: Outbox
    features: Mapping[str, Feature] = field(default_factory=dict)
    urls: tuple[str, ...] = ()
    username: str = ""
    password: str = field(default="", repr=False)
    page_url: str = ""
    repeat_seconds: float = 60.0
    timeout_seconds: float = 10.0
    name: str = "alertmanager"

    async def publish(self, report: Report) -> None:
        """Owe an alert for each finding, and its end for each closed one; saying it again owes nothing more."""
        if not self.urls:
            return
        owed = [one for finding in report.findings if finding.told for one in self._owed(finding)]
        hushed = [finding for finding in report.findings if not finding.told and not finding.firing]
        owed += [self._one(each, "resolved", each.ends_at) for each in hushed if await self._opened(each)]
        await self.outbox.enqueue(owed, report.at)

    async def deliver(self, delivery: Delivery) -> str | None:
        """Saying it twice does no harm: Alertmanager knows an alert by its labels."""
        if not self.urls:
            raise DeliveryRefused("no Alertmanager is configured")
        await self._post(delivery.owed.payload)
        return None

    async def keep_alive(self, report: Report | None, now: datetime) -> None:
        """Say again what fires, good for `REPEATS` repeats from now. Called every `repeat_seconds`."""
        until = now + timedelta(seconds=REPEATS * self.repeat_seconds)
        known = report.findings if report else ()
        firing = [self._alert(finding, until) for finding in known if finding.firing and finding.told]
        if not self.urls or not firing:
            return
        try:
            await self._post(orjson.dumps(firing).decode())
        except DeliveryError as error:
            log.warning("%d firing alerts were not repeated: %s", len(firing), error)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _opened(self, finding: Finding) -> bool:
        """Whether it was told before it became quiet."""
        return bool(await self.outbox.of_subject(self.name, finding.fingerprint))

    def _owed(self, finding: Finding) -> list[Owed]:
        """An open alert has no end: from when it arrives on, Alertmanager's resolve_timeout counts."""
        owed = [self._one(finding, f"open:{finding.severity.label}", None)]
        if finding.ends_at is not None:
            owed.append(self._one(finding, "resolved", finding.ends_at))
        return owed

    def _one(self, finding: Finding, step: str, ends_at: datetime | None) -> Owed:
        payload = orjson.dumps([self._alert(finding, ends_at)]).decode()
        return Owed(self.name, f"{finding.fingerprint}:{step}", finding.fingerprint, payload)

    def _alert(self, finding: Finding, ends_at: datetime | None) -> dict[str, Any]:
        """Labels are what it is known by: with a new severity it is another alert, and the one before runs out."""
        alert: dict[str, Any] = {
            "labels": {
                "alertname": ALERTNAME,
                "kind": finding.kind,
                "host": finding.host,
                "severity": finding.severity.label,
                "fingerprint": finding.fingerprint,
            },
            "annotations": {
                "summary": say_finding(finding, self.features, "en"),
                "summary_ko": say_finding(finding, self.features, "ko"),
            },
            "startsAt": finding.starts_at.isoformat(),
        }
        if finding.incident:
            alert["labels"]["incident"] = finding.incident
        if ends_at is not None:
            alert["endsAt"] = ends_at.isoformat()
        if self.page_url:
            alert["generatorURL"] = f"{self.page_url}/#/incident/{finding.incident or finding.fingerprint}"
        return alert

    async def _post(self, payload: str) -> None:
        """DeliveryDelayed or DeliveryRefused when no address took it."""
        troubles = [await self._post_to(url, payload) for url in self.urls]
        failed = [trouble for trouble in troubles if trouble is not None]
        if len(failed) == len(self.urls):
            later = [trouble for trouble in failed if isinstance(trouble, DeliveryDelayed)]
            raise (later or failed)[0]
        for trouble in failed:
            log.warning("another Alertmanager took it: %s", trouble)

    async def _post_to(self, url: str, payload: str) -> DeliveryError | None:
        timeout = aiohttp.ClientTimeout(total=self.timeout_seconds)
        auth = aiohttp.BasicAuth(self.username, self.password) if self.username else None
        headers = {"Content-Type": "application/json"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, auth=auth, headers=headers) as session,
                session.post(f"{url}/api/v2/alerts", data=payload, allow_redirects=False) as response,
            ):
                said = (await response.content.read(500)).decode(errors="replace").strip()
                return _trouble(url, response.status, said)
        except TimeoutError:
            return DeliveryDelayed(f"Alertmanager at {url} did not answer within {self.timeout_seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return DeliveryDelayed(f"can't reach Alertmanager at {url}: {error or type(error).__name__}")


def _trouble(url: str, status: int, said: str) -> DeliveryError | None:
    if status == HTTPStatus.OK:
        return None
    reason = f"Alertmanager at {url} answered {status}: {said or 'no reason given'}"
    if status in WAITS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeliveryDelayed(reason)
    return DeliveryRefused(reason)
