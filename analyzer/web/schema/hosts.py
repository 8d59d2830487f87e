"""Hosts, in one entry each or in full."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from analyzer.web.schema.findings import FindingTold
from analyzer.web.schema.forecasts import ForecastTold, TrendTold
from analyzer.web.schema.health import FleetHealthTold
from analyzer.web.schema.service import FailureTold
from analyzer.web.schema.shapes import Number, Told, Verdict, Words
from analyzer.web.schema.states import StateTold


class LearningTold(Told):
    steps_seen: int
    steps_needed: int
    ratio: float
    missing_features: list[str]


class ExperienceTold(Told):
    """How far the judgement of a host can be trusted yet."""

    tier: Literal["first", "daily", "weekly"] = Field(description="the longest season that its history shows twice")
    seconds: float = Field(description="how much history its models learned from")
    confidence: float = Field(description="of the judge, 0 to 1: its bar stands higher by the inverse")
    lacks: list[Literal["daily", "weekly"]] = Field(description="seasons that were not seen twice yet")
    text: Words


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
    experience: ExperienceTold | None = Field(None, description="null until the host is scored")
    state: StateTold | None


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
