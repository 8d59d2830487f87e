"""What a statement rests on."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.data.series import Window


@dataclass(frozen=True, slots=True)
class Figure:
    """A named number with its unit, e.g. the highest value of a window."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a statement rests on: a query anyone can run again, and what it gave.

    In an answer it has an `id` (E1 to En), what else was computed from the same query (`figures`), the process,
    service or log template it is about (`subject`), and a `link` that opens it.
    """

    promql: str
    window: Window
    host: str
    feature: str
    unit: str
    value: float
    usual_low: float | None = None
    usual_high: float | None = None
    id: str = ""
    subject: str = ""
    figures: tuple[Figure, ...] = ()
    link: str = ""
