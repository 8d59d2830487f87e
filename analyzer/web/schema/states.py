"""The states that a host is usually in, and the one it is in."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from analyzer.web.schema.shapes import Number, Told, Words


class StateTold(Told):
    label: str
    count: int
    distance: Number
    unusual: Number = Field(description="share of this hour of day that the host is usually in another state")


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
