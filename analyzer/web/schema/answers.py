"""Questions and answers, and written reports."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from analyzer.web.schema.evidence import EvidenceTold
from analyzer.web.schema.shapes import LONGEST_NAME, Asked, Name, Number, Span, Timezone, Told, Verdict

LONGEST_QUESTION = 2000


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
