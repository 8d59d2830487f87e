"""How the service itself is, and how it says no."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from analyzer.web.schema.shapes import Told


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


class FailureTold(Told):
    stage: str
    reason: str
    at: AwareDatetime
    host: str = Field(description="empty: all hosts")
