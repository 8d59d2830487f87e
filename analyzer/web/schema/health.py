"""How well a host or all of them are, and what took points away."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from analyzer.web.schema.shapes import Number, Told


class FleetHealthTold(Told):
    """Half the mean of the hosts, half the mean of their worst tenth."""

    score: Number
    confidence: float
    performance: Number = Field(description="how much headroom is left on the hosts, 0 to 100")


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
