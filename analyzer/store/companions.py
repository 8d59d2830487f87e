"""What moved with a finding as JSON text and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from analyzer.data import Companion, Companions, Departure
from analyzer.store.causes import evidence_from, evidence_told, number_told, value_from


def companions_to_json(companions: Companions | None) -> str:
    """Empty where it was never looked for."""
    if companions is None:
        return ""
    told = {
        "looked_at": companions.looked_at,
        "departures": [_departure(each) for each in companions.departures],
        "moved": [_companion(each) for each in companions.moved],
        "problems": list(companions.problems),
    }
    return orjson.dumps(told).decode()


def companions_from_json(text: str) -> Companions | None:
    if not text:
        return None
    kept = orjson.loads(text)
    return Companions(
        datetime.fromisoformat(kept["looked_at"]),
        tuple(_departure_from(each) for each in kept["departures"]),
        tuple(_companion_from(each) for each in kept["moved"]),
        tuple(kept["problems"]),
    )


def _departure(departure: Departure) -> dict[str, Any]:
    return {
        "feature": departure.feature,
        "at": departure.at,
        "value": number_told(departure.value),
        "usual": number_told(departure.usual),
        "hourly": departure.hourly,
        "evidence": evidence_told(departure.evidence),
    }


def _departure_from(kept: dict[str, Any]) -> Departure:
    at, value = datetime.fromisoformat(kept["at"]), value_from(kept["value"])
    return Departure(kept["feature"], at, value, kept["usual"], kept["hourly"], evidence_from(kept["evidence"]))


def _companion(companion: Companion) -> dict[str, Any]:
    return {
        "kind": companion.kind,
        "name": companion.name,
        "change": companion.change,
        "now": number_told(companion.now),
        "before": number_told(companion.before),
        "evidence": evidence_told(companion.evidence),
        "resource": companion.resource,
        "share": number_told(companion.share),
        "at": companion.at,
    }


def _companion_from(kept: dict[str, Any]) -> Companion:
    return Companion(
        kind=kept["kind"],
        name=kept["name"],
        change=kept["change"],
        now=value_from(kept["now"]),
        before=value_from(kept["before"]),
        evidence=evidence_from(kept["evidence"]),
        resource=kept["resource"],
        share=kept["share"],
        at=datetime.fromisoformat(kept["at"]) if kept["at"] else None,
    )
