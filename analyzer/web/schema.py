"""The shapes that go over HTTP. The only place where JSON is checked; /openapi.json is made from these."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

SeverityLabel = Literal["info", "warning", "critical"]
Verdict = Literal["ok", "info", "warning", "critical", "learning", "silent", "unknown"]
LONGEST_QUESTION = 2000
LONGEST_NAME = 300
MOST_FINDINGS = 1000
LONGEST_WINDOW = timedelta(days=31)
SPANS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no IANA time zone, such as UTC or Asia/Seoul") from None
    return name


def _span(text: str) -> str:
    if not timedelta(minutes=1) <= span_of(text) <= LONGEST_WINDOW:
        raise ValueError("should be from 1m to 31d")
    return text


def span_of(text: str) -> timedelta:
    """Of "90m", "24h", "7d" or "2w"."""
    return int(text[:-1]) * SPANS[text[-1]]


Span = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}[mhdw]$"), AfterValidator(_span)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
Timezone = Annotated[str, StringConstraints(max_length=LONGEST_NAME), AfterValidator(_timezone)]


class Asked(BaseModel):
    """What a client sends. Unknown keys are errors: a misspelt filter must not widen the answer in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NothingAsked(Asked):
    """An endpoint that takes no parameters."""


class FindingsAsked(Asked):
    host: Name | None = Field(None, description="findings of this host (its instance label) only")
    kind: Name | None = Field(None, description="findings of this kind only, such as anomaly")
    severity: SeverityLabel | None = Field(None, description="findings of this severity only")
    firing: bool | None = Field(None, description="true: those that fire now; false: those that ended")
    since: AwareDatetime | None = Field(None, description="those that fired then or later (RFC 3339, with offset)")
    limit: int = Field(100, ge=1, le=MOST_FINDINGS, description="at most so many, newest first")


class WrittenAsked(Asked):
    lang: Literal["en", "ko"] = Field("en", description="language of the report")
    window: Span = Field("24h", description="how far back it looks: a number and one of m, h, d, w; 31 days at most")
    format: Literal["md", "html", "json"] = Field("md", description="Markdown, one HTML page, or JSON")
    timezone: Timezone = Field("UTC", description="IANA time zone of its times")


class QuestionAsked(Asked):
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_QUESTION)] = (
        Field(description="the question, in English or Korean")
    )
    language: Literal["en", "ko"] | None = Field(None, description="language of the answer; left out: the question's")
    host: Name | None = Field(None, description="the host that is meant when the question names none")
    session_id: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] = Field(
        "", description="questions of one session may refer to earlier ones"
    )
    timezone: Timezone = Field("UTC", description="IANA time zone of the times in question and answer")


# JSON knows neither NaN nor infinity: a number that could not be told is null, and pydantic writes it so.
Number = float | None


class Told(BaseModel):
    """What a client gets. Fields may be added in later versions, never taken away."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Words(Told):
    """The same in both languages."""

    en: str
    ko: str


class Problem(Told):
    where: str = Field(description="parameter or key that is wrong; empty for the whole")
    message: str


class ErrorDetail(Told):
    code: str = Field(description="for programs: stays the same while messages may change")
    message: str = Field(description="for people: what, where and why")
    problems: list[Problem] = Field(default_factory=list, description="every wrong parameter or key")


class ErrorTold(Told):
    error: ErrorDetail


class AliveTold(Told):
    status: Literal["healthy"] = "healthy"


class ReadinessTold(Told):
    ready: bool
    reason: str = Field(description="why it is not ready; empty when it is")
    source: str = Field(description="who served the last cycle's data; empty when nobody did")
    fallback_reason: str = Field(description="why a better source does not serve; empty when the best one does")
    age_seconds: float | None = Field(description="age of the last cycle; null before the first")


class FigureTold(Told):
    name: str
    value: Number
    unit: str


class EvidenceTold(Told):
    """A query that anyone can run again, and what it gave. Numbers that could not be told are null."""

    id: str
    promql: str
    start: AwareDatetime
    end: AwareDatetime
    step_seconds: float
    host: str
    feature: str
    unit: str
    value: Number
    usual_low: Number
    usual_high: Number
    subject: str
    figures: list[FigureTold]
    link: str


class CauseTold(Told):
    feature: str
    meaning: Words
    share: Number
    evidence: EvidenceTold


class FindingTold(Told):
    fingerprint: str = Field(description="names this episode; the same in metrics and annotations")
    kind: str
    host: str
    severity: SeverityLabel
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = Field(description="null while it fires")
    firing: bool
    score: Number
    text: Words
    causes: list[CauseTold] = Field(description="ranked, the first weighs most")


class FindingsTold(Told):
    findings: list[FindingTold]


class LearningTold(Told):
    steps_seen: int
    steps_needed: int
    ratio: float
    missing_features: list[str]


class StateTold(Told):
    label: str
    count: int
    distance: Number
    unusual: Number = Field(description="share of this hour of day that the host is usually in another state")


class PeersTold(Told):
    """A host beside the others of its group, in the group's usual spreads; departures are signed, by feature."""

    group: str
    others: int
    distance: Number
    departures: dict[str, Number]


class HostTold(Told):
    name: str = Field(description="the instance label")
    job: str
    nodename: str
    last_seen: AwareDatetime | None
    verdict: Verdict
    summary: Words
    findings_firing: int
    health: Number = Field(description="0 to 100; null when nothing is known to tell it by")
    performance: Number = Field(description="how much headroom is left, 0 to 100")
    scores: dict[str, Number] = Field(description="how abnormal by each model, 0 to 1")
    learning: LearningTold | None = Field(description="null once the host is scored")
    state: StateTold | None


class FailureTold(Told):
    stage: str
    reason: str
    at: AwareDatetime
    host: str = Field(description="empty: all hosts")


class FleetHealthTold(Told):
    """Half the mean of the hosts, half the mean of their worst tenth."""

    score: Number
    confidence: float
    performance: Number = Field(description="how much headroom is left on the hosts, 0 to 100")


class HostsTold(Told):
    at: AwareDatetime = Field(description="time of the cycle that all of this is from")
    source: str
    fallback_reason: str
    hosts: list[HostTold]
    failures: list[FailureTold] = Field(description="stages that could not look: what they would have seen is unknown")
    health: FleetHealthTold | None = Field(None, description="how well all of them are; null before that is told")


class ValueTold(Told):
    value: Number
    unit: str
    meaning: Words


class TrendTold(Told):
    feature: str
    slope_per_hour: Number
    r2: Number
    span_seconds: float


class ExhaustionTold(Told):
    seconds: Number
    lower: Number
    upper: Number


class ForecastPointTold(Told):
    at: AwareDatetime
    point: Number
    lower: Number
    upper: Number


class ForecastTold(Told):
    """`exhausted_in` is null when the limit isn't reached by the last point; an end of it when it may never be."""

    feature: str
    unit: str
    meaning: Words
    level: float = Field(description="share of futures that the interval from lower to upper should hold")
    limit: Number = Field(description="value at which it is exhausted; null where there is none")
    points: list[ForecastPointTold]
    exhausted_in: ExhaustionTold | None


class ForecastsTold(Told):
    host: str
    at: AwareDatetime = Field(description="time of the cycle that forecast")
    forecasts: list[ForecastTold] = Field(description="empty while there is too little history to tell by")


class DeductionTold(Told):
    """`value` is what took the points: a feature's value, a finding's score, the seconds to exhaustion."""

    reason: Literal["strain", "finding", "exhaustion", "host"]
    subject: str
    group: str
    points: float
    value: Number


class HeadroomTold(Told):
    resource: str
    feature: str
    share: float


class HealthTold(Told):
    """`score` and the points of all deductions add up to 100. Missing data lowers `confidence`, not `score`."""

    score: Number
    confidence: float
    deductions: list[DeductionTold]
    performance: Number = Field(description="how much headroom is left, 0 to 100")
    headroom: list[HeadroomTold] = Field(description="what is free of each resource, the scarcest first")


class HostHealthTold(Told):
    host: str
    at: AwareDatetime = Field(description="time of the cycle that all of this is from")
    health: HealthTold | None = Field(description="null when nothing is known to tell it by")


class HostDetailTold(HostTold):
    at: AwareDatetime
    source: str
    fallback_reason: str
    latest: dict[str, ValueTold]
    shares: dict[str, Number] = Field(description="each feature's part in the anomaly score")
    trends: list[TrendTold]
    peers: PeersTold | None = Field(description="null for a host that has no group")
    forecasts: list[ForecastTold]
    findings: list[FindingTold] = Field(description="those of the last cycle: firing or just closed")
    failures: list[FailureTold]


class UsualStateTold(Told):
    label: str
    name: Words
    share: float = Field(description="part of the history spent in it")
    hours: list[Number] = Field(description="how much of each hour of day (UTC) is spent in it; null: never seen")
    followed_by: dict[str, float] = Field(description="how often a step in it was followed by each state, by label")
    centre: dict[str, Number] = Field(description="its features' values")


class StatesTold(Told):
    host: str
    at: AwareDatetime = Field(description="time of the cycle that `now` is from")
    now: StateTold | None = Field(description="the state it is in; null while none is known")
    states: list[UsualStateTold] = Field(description="its usual states, the most frequent first")


class AnalysisTold(Told):
    intent: str
    confidence: float
    summary: str
    details: list[str]
    text: str = Field(description="summary and details as one text")
    urgency: Literal["none", "low", "medium", "high"]
    language: Literal["en", "ko"]


class LogLineTold(Told):
    host: str
    at: AwareDatetime
    text: str
    priority: str
    unit: str
    count: int


class HostStatusTold(Told):
    host: str
    verdict: Verdict
    findings: int
    last_seen: AwareDatetime | None
    health: Number


class PredictionTold(Told):
    host: str
    feature: str
    unit: str
    at: AwareDatetime
    point: Number
    lower: Number
    upper: Number
    exhausted_at: AwareDatetime | None


class RecommendationTold(Told):
    title: str
    look: str = Field(description="command that shows more")
    mend: str = Field(description="command that mends it")
    risk: str = Field(description="what mending may break")


class AnswerDataTold(Told):
    metrics: list[EvidenceTold]
    logs: list[LogLineTold]
    system_status: list[HostStatusTold]
    predictions: list[PredictionTold]
    recommendations: list[RecommendationTold]
    evidence: list[EvidenceTold]


class ServedTold(Told):
    source: str
    share: float


class PerformanceTold(Told):
    total_ms: float
    parts_ms: dict[str, float]
    cache_hits: int
    fallbacks: list[str] = Field(description="better ways that failed, each with its reason")


class MetadataTold(Told):
    version: str
    answered_by: str
    model: str
    session_id: str
    cached: bool
    confidence: float


class AnswerTold(Told):
    success: bool = Field(description="false when the question is of a kind that can't be answered")
    analysis: AnalysisTold
    data: AnswerDataTold
    sources: list[ServedTold]
    performance: PerformanceTold
    metadata: MetadataTold
