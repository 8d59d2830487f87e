"""A finding's causes with their evidence as JSON text and back."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import orjson

from analyzer.data import Cause, Evidence, Figure, Window


def causes_to_json(causes: tuple[Cause, ...]) -> str:
    return orjson.dumps([_cause(cause) for cause in causes]).decode()


def causes_from_json(text: str) -> tuple[Cause, ...]:
    return tuple(Cause(c["feature"], c["share"], evidence_from(c["evidence"])) for c in orjson.loads(text))


def shares_from_json(text: str) -> dict[str, float]:
    """Each cause's share alone: what likens one finding to another."""
    return {cause["feature"]: cause["share"] for cause in orjson.loads(text)}


def _cause(cause: Cause) -> dict[str, Any]:
    return {"feature": cause.feature, "share": float(cause.share), "evidence": evidence_told(cause.evidence)}


def evidence_told(evidence: Evidence) -> dict[str, Any]:
    window = evidence.window
    return {
        "promql": evidence.promql,
        "start": window.start,
        "end": window.end,
        "step_seconds": window.step.total_seconds(),
        "host": evidence.host,
        "feature": evidence.feature,
        "unit": evidence.unit,
        "value": number_told(evidence.value),
        "usual_low": number_told(evidence.usual_low),
        "usual_high": number_told(evidence.usual_high),
        "id": evidence.id,
        "subject": evidence.subject,
        "figures": [{"name": f.name, "value": number_told(f.value), "unit": f.unit} for f in evidence.figures],
        "link": evidence.link,
    }


def evidence_from(kept: dict[str, Any]) -> Evidence:
    start, end = datetime.fromisoformat(kept["start"]), datetime.fromisoformat(kept["end"])
    return Evidence(
        promql=kept["promql"],
        window=Window(start, end, timedelta(seconds=kept["step_seconds"])),
        host=kept["host"],
        feature=kept["feature"],
        unit=kept["unit"],
        value=value_from(kept["value"]),
        usual_low=kept["usual_low"],
        usual_high=kept["usual_high"],
        id=kept["id"],
        subject=kept["subject"],
        figures=tuple(Figure(f["name"], value_from(f["value"]), f["unit"]) for f in kept["figures"]),
        link=kept["link"],
    )


def number_told(value: float | None) -> float | None:
    """A plain number even of numpy's; orjson writes NaN and infinity, which JSON doesn't know, as null."""
    return None if value is None else float(value)


def value_from(kept: float | None) -> float:
    return math.nan if kept is None else kept
