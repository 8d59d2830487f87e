"""Findings of one story, on one host or several, as one."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from analyzer.web.schema.findings import MOST_FINDINGS, CauseTold, FindingTold
from analyzer.web.schema.shapes import Name, SeverityLabel, SpokenAsked, Told, Words


class IncidentsAsked(SpokenAsked):
    host: Name | None = Field(None, description="incidents that reached this host (its instance label) only")
    severity: SeverityLabel | None = Field(None, description="incidents whose worst severity is this one only")
    open: bool | None = Field(None, description="true: those that are open; false: those that are over")
    since: AwareDatetime | None = Field(None, description="those that were open then or later (RFC 3339, with offset)")
    limit: int = Field(100, ge=1, le=MOST_FINDINGS, description="at most so many, newest first")


class JoinedTold(Told):
    host: str
    joined_at: AwareDatetime = Field(description="when its first finding began")


class IncidentTold(Told):
    id: str = Field(description="the fingerprint of the finding that opened it; it stays")
    open: bool
    firing: bool = Field(description="false while it is quiet: it is over when it stays so, or goes on")
    quiet: bool = Field(description="true when nobody is told of it, for none of its findings is told")
    severity: SeverityLabel = Field(description="the worst it ever was")
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = Field(description="when its last finding ended; null while it is open")
    hosts: list[JoinedTold] = Field(description="in the order in which it reached them")
    kinds: list[str]
    title: Words
    causes: list[CauseTold] = Field(description="of all its findings, the first weighs most")
    findings: list[FindingTold] = Field(description="in the order in which they began")


class IncidentsTold(Told):
    incidents: list[IncidentTold]
