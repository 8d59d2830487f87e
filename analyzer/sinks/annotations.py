"""Incidents as Grafana annotations: added when one opens, kept true while it grows, given their end when it is over.

Publishing only writes to the outbox; `deliver` is what talks to Grafana. Without an address nothing is owed or called.
https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from analyzer.data import Feature, Incident, Language, Report
from analyzer.errors import DeliveryRefused
from analyzer.sinks.grafana import Grafana
from analyzer.store import Delivery, Outbox, Owed
from analyzer.wording import say_findings
from analyzer.wording.incidents import say_incident

LONGEST_TAG = 100  # Grafana's tag table holds no more
LONGEST_TAGS = 500  # nor does it take more in all, counted as JSON
TAG_COSTS = 3
FINDINGS_TOLD = 10

State = tuple[str, int, int]


@dataclass(frozen=True)
class AnnotationSink:
    """`dashboard_uid` and `panel_id` tie annotations to a place; without them they are the organisation's.

    `written` is what each incident's annotation says so far; after a restart it is read back from the outbox.
    """

    outbox: Outbox
    features: Mapping[str, Feature] = field(default_factory=dict)
    grafana: Grafana | None = None
    dashboard_uid: str = ""
    panel_id: int | None = None
    language: Language = "en"
    name: str = "annotations"
    written: dict[str, State | None] = field(default_factory=dict, repr=False)

    async def publish(self, report: Report) -> None:
        """Owe an annotation for each incident, and what changes about it; saying it again owes nothing more."""
        if self.grafana is None:
            return
        stories = [incident.only_told() if incident.told else incident for incident in report.stories]
        for incident in stories:
            if incident.id not in self.written:
                self.written[incident.id] = await self._recalled(incident.id)
        await self.outbox.enqueue([one for incident in stories for one in self._owed(incident)], report.at)
        for incident in stories:
            if not incident.open:
                self.written.pop(incident.id)
            elif incident.told:
                self.written[incident.id] = _state(incident)

    async def deliver(self, delivery: Delivery) -> str | None:
        if self.grafana is None:
            raise DeliveryRefused("no Grafana is configured")
        payload = orjson.loads(delivery.owed.payload)
        payload.pop("state", None)
        if "time" in payload:
            return await self._open(self.grafana, delivery, payload)
        return await self._change(self.grafana, delivery, payload)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _recalled(self, id_: str) -> State | None:
        """None when nothing was ever owed about it."""
        states = [orjson.loads(kept.owed.payload).get("state") for kept in await self.outbox.of_subject(self.name, id_)]
        known = [tuple(state) for state in states if state]
        return known[-1] if known else None

    def _owed(self, incident: Incident) -> list[Owed]:
        """What nobody is to be told of is neither opened nor changed; what was opened gets its end all the same."""
        owed, written = [], self.written[incident.id]
        if incident.told and written != _state(incident):
            owed.append(self._said(incident, new=written is None))
        if incident.ends_at is not None and (owed or written is not None):
            owed.append(_one(self.name, incident, "close", {"timeEnd": _milliseconds(incident.ends_at)}))
        return owed

    def _said(self, incident: Incident, *, new: bool) -> Owed:
        state = _state(incident)
        said = {"tags": _tags(incident), "text": self._text(incident), "state": state}
        if new:
            return _one(self.name, incident, "open", {"time": _milliseconds(incident.starts_at), **said})
        return _one(self.name, incident, ":".join(("update", *map(str, state))), said)

    def _text(self, incident: Incident) -> str:
        """One finding says all of it; several are listed under what they amount to."""
        lines = say_findings(incident.findings[:FINDINGS_TOLD], self.features, self.language)
        if len(incident.findings) == 1:
            return lines[0]
        return "\n".join([say_incident(incident, self.features, self.language), *lines])

    async def _open(self, grafana: Grafana, delivery: Delivery, payload: dict[str, Any]) -> str:
        if delivery.attempts > 1:
            # An earlier attempt may have arrived though its answer did not.
            known = await grafana.find_annotation(("openmanager", f"fingerprint:{delivery.owed.subject}"))
            if known is not None:
                return known
        return await grafana.add_annotation(payload | self._place())

    async def _change(self, grafana: Grafana, delivery: Delivery, payload: dict[str, Any]) -> str:
        if delivery.before is None:
            raise DeliveryRefused("its annotation was never taken, so there is none to change")
        await grafana.patch_annotation(delivery.before, payload)
        return delivery.before

    def _place(self) -> dict[str, Any]:
        place = {"dashboardUID": self.dashboard_uid or None, "panelId": self.panel_id}
        return {key: value for key, value in place.items() if value is not None}


def _one(sink: str, incident: Incident, step: str, payload: dict[str, Any]) -> Owed:
    return Owed(sink, f"{incident.id}:{step}", incident.id, orjson.dumps(payload).decode())


def _state(incident: Incident) -> State:
    """What an annotation must say anew when it changes: how bad, how many findings, how many hosts."""
    return incident.severity.label, len(incident.findings), len(incident.hosts)


def _tags(incident: Incident) -> list[str]:
    """Grafana splits a tag at its first two colons and drops the rest: so the host stands without a name before it.

    `fingerprint` is that of the finding which opened the incident, and the incident's id. Hosts and kinds are told as
    long as there is room.
    """
    fixed = ["openmanager", f"fingerprint:{incident.id}"]
    kinds = [f"kind:{kind}" for kind in incident.kinds]
    wanted = [*fixed, kinds[0], f"severity:{incident.severity.label}", *incident.hosts, *kinds[1:]]
    tags, room = [], LONGEST_TAGS
    for tag in (one[:LONGEST_TAG] for one in wanted):
        room -= len(tag.encode()) + TAG_COSTS
        if room < 0:
            break
        tags.append(tag)
    return tags


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
