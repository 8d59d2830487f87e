"""Findings as Grafana annotations: added when a finding opens, given their end when it closes.

Publishing only writes to the outbox; `deliver` is what talks to Grafana. Without an address nothing is owed or called.
https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from analyzer.data import Feature, Finding, Language, Report
from analyzer.errors import DeliveryRefused
from analyzer.sinks.grafana import Grafana
from analyzer.store import Delivery, Outbox, Owed
from analyzer.wording import say_finding

LONGEST_TAG = 100  # Grafana's tag table holds no more


@dataclass(frozen=True)
class AnnotationSink:
    """`dashboard_uid` and `panel_id` tie annotations to a place; without them they are the organisation's."""

    outbox: Outbox
    features: Mapping[str, Feature] = field(default_factory=dict)
    grafana: Grafana | None = None
    dashboard_uid: str = ""
    panel_id: int | None = None
    language: Language = "en"
    name: str = "annotations"

    async def publish(self, report: Report) -> None:
        """Owe an annotation for each finding, and its end for each closed one; saying it again owes nothing more."""
        if self.grafana is None:
            return
        owed = [one for finding in report.findings for one in self._owed(finding)]
        await self.outbox.enqueue(owed, report.at)

    async def deliver(self, delivery: Delivery) -> str | None:
        if self.grafana is None:
            raise DeliveryRefused("no Grafana is configured")
        payload = orjson.loads(delivery.owed.payload)
        if "timeEnd" in payload:
            return await self._close(self.grafana, delivery, payload)
        return await self._open(self.grafana, delivery, payload)

    async def close(self) -> None:
        """Nothing is held open."""

    def _owed(self, finding: Finding) -> list[Owed]:
        opened = {
            "time": _milliseconds(finding.starts_at),
            "tags": _tags(finding),
            "text": say_finding(finding, self.features, self.language),
        }
        owed = [self._one(finding, "open", opened)]
        if finding.ends_at is not None:
            owed.append(self._one(finding, "close", {"timeEnd": _milliseconds(finding.ends_at)}))
        return owed

    def _one(self, finding: Finding, step: str, payload: dict[str, Any]) -> Owed:
        fingerprint = finding.fingerprint
        return Owed(self.name, f"{fingerprint}:{step}", fingerprint, orjson.dumps(payload).decode())

    async def _open(self, grafana: Grafana, delivery: Delivery, payload: dict[str, Any]) -> str:
        if delivery.attempts > 1:
            # An earlier attempt may have arrived though its answer did not.
            known = await grafana.find_annotation(("openmanager", f"fingerprint:{delivery.owed.subject}"))
            if known is not None:
                return known
        return await grafana.add_annotation(payload | self._place())

    async def _close(self, grafana: Grafana, delivery: Delivery, payload: dict[str, Any]) -> str:
        if delivery.before is None:
            raise DeliveryRefused("its annotation was never taken, so there is none to close")
        await grafana.patch_annotation(delivery.before, payload)
        return delivery.before

    def _place(self) -> dict[str, Any]:
        place = {"dashboardUID": self.dashboard_uid or None, "panelId": self.panel_id}
        return {key: value for key, value in place.items() if value is not None}


def _tags(finding: Finding) -> list[str]:
    """Grafana splits a tag at its first two colons and drops the rest: so the host stands without a name before it."""
    tags = [
        "openmanager",
        f"fingerprint:{finding.fingerprint}",
        f"kind:{finding.kind}",
        f"severity:{finding.severity.label}",
        finding.host,
    ]
    return [tag[:LONGEST_TAG] for tag in tags]


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
