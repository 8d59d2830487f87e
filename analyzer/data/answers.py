"""What people ask, and all that an answer carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from analyzer.data.evidence import Evidence
from analyzer.data.series import Language


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks. `language` None means: as the text is written; `timezone` is an IANA name."""

    text: str
    now: datetime
    language: Language | None = None
    host: str | None = None
    session_id: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a host's log, or a template with how often it came and its id, `template`."""

    host: str
    at: datetime
    text: str
    priority: str = ""
    unit: str = ""
    count: int = 1
    template: str = ""


Verdict = Literal["ok", "info", "warning", "critical", "learning", "silent"]


@dataclass(frozen=True, slots=True)
class HostStatus:
    """One host in one line: `verdict` is computed, never worded by a model."""

    host: str
    verdict: Verdict
    findings: int
    last_seen: datetime | None
    health: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where a feature is heading: its value at `at`, and when it reaches its limit, if it does."""

    host: str
    feature: str
    unit: str
    at: datetime
    point: float
    lower: float
    upper: float
    exhausted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A reviewed step: the command to look, the command to mend, and what the mending may break."""

    title: str
    look: str
    mend: str
    risk: str


@dataclass(frozen=True, slots=True)
class Served:
    """Who served an answer and its share of the facts, in [0, 1]."""

    source: Literal["prometheus", "exporter", "models", "language model", "cache", "store"]
    share: float


@dataclass(frozen=True, slots=True)
class Component:
    """A part that answers lean on, how it is, why when it is not well, and what it counted."""

    kind: Literal["provider", "cache", "budget"]
    name: str
    state: Literal["ok", "degraded", "off"]
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


Urgency = Literal["none", "low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a question, on what evidence, by whom, and which better ways failed before (`fallbacks`).

    `text` is the whole of it; `summary` its first sentence and `details` the rest. `confidence` in [0, 1] is that of
    having understood the question. Verdict, urgency and every number are computed; a model only words them.
    """

    text: str
    language: Language
    intent: str
    supported: bool
    evidence: tuple[Evidence, ...]
    answered_by: str
    fallbacks: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 1.0
    summary: str = ""
    details: tuple[str, ...] = ()
    urgency: Urgency = "none"
    metrics: tuple[Evidence, ...] = ()
    logs: tuple[LogLine, ...] = ()
    system_status: tuple[HostStatus, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    sources: tuple[Served, ...] = ()
    cache_hits: int = 0
    cached: bool = False
    session_id: str = ""
    model: str = ""
