"""The shapes of what charts, lists and live views ask and get. Like schema.py, they are /openapi.json's too."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from analyzer.web.schema import (
    Asked,
    FailureTold,
    FindingTold,
    LogLineTold,
    Name,
    Number,
    ReadinessTold,
    Span,
    Told,
    Verdict,
    Words,
)

Opinion = Literal["useful", "not_an_anomaly"]


class SeriesAsked(Asked):
    feature: Name = Field(description="a feature of the catalogue, such as cpu_busy_ratio")
    window: Span = Field("1h", description="how far back it looks: a number and one of m, h, d, w; 31 days at most")
    end: AwareDatetime | None = Field(None, description="where it ends (RFC 3339, with offset); left out: now")


class UsualTold(Told):
    low: float
    high: float
    points: int = Field(description="how many values of the 24 h before tell it")


class SeriesTold(Told):
    """`times` are epoch seconds on an even grid; a gap is null. The promql can be run again by anyone."""

    host: str
    feature: str
    unit: str
    meaning: Words
    promql: str
    step_seconds: float
    times: list[float]
    values: list[Number]
    usual: UsualTold | None = Field(description="where the middle 90% lay in the 24 h before; null where too few know")
    limit: Number = Field(description="value at which it is exhausted; null where there is none")


class ProcessGroupTold(Told):
    name: str
    cpu_cores: Number = Field(description="CPU seconds a second; 1 is one core")
    memory_bytes: Number
    processes: Number


class ProcessesTold(Told):
    host: str
    at: AwareDatetime
    groups: list[ProcessGroupTold] = Field(description="those that use most, empty where the exporter tells of none")


class ServiceTold(Told):
    name: str
    state: str


class ServicesTold(Told):
    host: str
    at: AwareDatetime
    states: dict[str, int] = Field(description="how many services are in each state")
    services: list[ServiceTold] = Field(description="the failed ones first; 200 at most")


class LogsAsked(Asked):
    window: Span = Field("1h", description="how far back it looks: a number and one of m, h, d, w; 31 days at most")


class LogsTold(Told):
    """Text as it was found: show it as text, never as markup."""

    host: str
    templates: list[LogLineTold] = Field(description="lines of one form with how often they came")
    refused: str = Field("", description="why the host's exporter gives none; empty when it does")


class FindingDetailTold(FindingTold):
    feedback: Opinion | None = Field(description="what was said of it; null where nothing was")


class FeedbackGiven(Asked):
    opinion: Opinion = Field(description="useful, or not_an_anomaly; kept, and undone by DELETE")


class OutboxTold(Told):
    sink: str
    pending: int
    oldest_at: AwareDatetime | None
    attempts: int
    failures: int
    delivered: int
    refused: int
    configured: bool = Field(description="false: its receiver is not in the settings (any more), so nobody delivers")


class ComponentTold(Told):
    """A part that answers lean on: a language model, the cache, the budget."""

    kind: Literal["provider", "cache", "budget"]
    name: str
    state: Literal["ok", "degraded", "off"]
    detail: str
    figures: dict[str, float]


class StatusTold(Told):
    version: str
    at: AwareDatetime | None = Field(description="time of the last cycle; null before the first")
    readiness: ReadinessTold
    hosts: int
    stage_seconds: dict[str, float] = Field(description="what each stage of the last cycle took")
    failures: list[FailureTold]
    outbox: list[OutboxTold]
    components: list[ComponentTold]
    grafana_url: str = Field(description="where people open Grafana; empty when none is set")


class GlanceTold(Told):
    host: str
    verdict: Verdict
    health: Number
    findings_firing: int


class FiringTold(Told):
    fingerprint: str
    kind: str
    host: str
    severity: Literal["info", "warning", "critical"]
    firing: bool


class StoryTold(Told):
    id: str
    severity: Literal["info", "warning", "critical"]
    open: bool
    quiet: bool
    hosts: int
    title: Words


class SummaryTold(Told):
    """One cycle in short: the data of a `report` event, whose id is the cycle's time in epoch milliseconds."""

    at: AwareDatetime
    data_at: AwareDatetime | None = Field(description="time of the newest value known of any host; null while none is")
    source: str
    fallback_reason: str
    hosts: list[GlanceTold]
    findings: list[FiringTold]
    incidents: list[StoryTold] = Field(description="those that are open, and those that closed in this cycle")
    failures: int
