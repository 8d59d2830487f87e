"""Where features are heading."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from analyzer.web.schema.shapes import Number, Told, Words


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
