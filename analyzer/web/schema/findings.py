"""What is unusual, and what each statement rests on."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from analyzer.data.quieting import QuietReason
from analyzer.web.schema.companions import CompanionsTold
from analyzer.web.schema.evidence import EvidenceTold
from analyzer.web.schema.shapes import Name, Number, SeverityLabel, SpokenAsked, Told, Words

MOST_FINDINGS = 1000


class FindingsAsked(SpokenAsked):
    host: Name | None = Field(None, description="findings of this host (its instance label) only")
    kind: Name | None = Field(None, description="findings of this kind only, such as anomaly")
    severity: SeverityLabel | None = Field(None, description="findings of this severity only")
    firing: bool | None = Field(None, description="true: those that fire now; false: those that ended")
    since: AwareDatetime | None = Field(None, description="those that fired then or later (RFC 3339, with offset)")
    limit: int = Field(100, ge=1, le=MOST_FINDINGS, description="at most so many, newest first")


class CauseTold(Told):
    feature: str
    meaning: Words
    share: Number
    evidence: EvidenceTold


class QuietTold(Told):
    """Why it is recorded and shown, but neither notified nor alerted nor annotated."""

    reason: QuietReason
    by: str = Field(description="the silence's id, or the fingerprint of the earlier finding; empty for other reasons")
    note: str = Field(description="the silence's comment")
    text: Words


class FindingTold(Told):
    fingerprint: str = Field(description="names this episode; the same in metrics and annotations")
    kind: str
    host: str
    severity: SeverityLabel
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = Field(description="null while it fires")
    firing: bool
    score: Number
    text: Words = Field(description="what it is, and what moved with it")
    what: Words = Field(description="what it is alone")
    causes: list[CauseTold] = Field(description="ranked, the first weighs most")
    companions: CompanionsTold | None = Field(None, description="what moved with it; null until that was looked for")
    quiet: QuietTold | None = Field(None, description="null for one that is told; may change while it fires")
    incident: str = Field("", description="the id of the incident it belongs to; empty where it was kept without")
    end_reason: str = Field("", description="why it ended, where that is not because all was well again")


class FindingsTold(Told):
    findings: list[FindingTold]
