"""What moved with a finding."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from analyzer.data import Change, CompanionKind
from analyzer.web.schema.evidence import EvidenceTold
from analyzer.web.schema.shapes import Number, Told, Words


class DepartureTold(Told):
    feature: str
    meaning: Words
    at: AwareDatetime = Field(description="when it left its usual band for this finding")
    lag_seconds: float = Field(description="so long after the feature that led")
    value: Number = Field(description="the worst since it left")
    usual: Number = Field(description="its median; null where that is not known")
    hourly: bool = Field(description="true: the median of this hour of day; false: that of all history")
    evidence: EvidenceTold


class CompanionTold(Told):
    """Text of hosts (`name`) is quoted as it came: it may hold anything."""

    kind: CompanionKind
    name: str
    change: Change
    now: Number
    before: Number
    resource: str = Field(description="what a process group uses more of, such as process_writes; empty for others")
    share: Number = Field(description="the part of the host's rise that it explains; null where that is not known")
    at: AwareDatetime | None = Field(description="when it fell, where that could be seen")
    text: Words = Field(description="the same as a sentence")
    evidence: EvidenceTold


class CompanionsTold(Told):
    looked_at: AwareDatetime
    text: list[Words] = Field(description="all of it in sentences")
    departures: list[DepartureTold] = Field(description="the finding's features in the order in which they moved")
    moved: list[CompanionTold] = Field(description="process groups, services, probes and forms of log lines")
    problems: list[str] = Field(description="what could not be asked")
