"""What a statement rests on."""

from __future__ import annotations

from pydantic import AwareDatetime

from analyzer.web.schema.shapes import Number, Told


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
