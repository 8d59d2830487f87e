"""What one can add to the analyzer, on one page. Implementations don't inherit from these."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from analyzer.data import (
    Answer,
    Fetched,
    Finding,
    FindingFilter,
    Fleet,
    Frame,
    Level,
    LogLine,
    Numbers,
    Question,
    Report,
    Sample,
    Series,
    Trends,
    Views,
    Window,
)


class Source(Protocol):
    """Gives hosts' features. `name` appears in reports as who served the data."""

    @property
    def name(self) -> str: ...

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        """Every catalogue feature (or those named) of all hosts (or one) on the window's grid.

        A feature that can't be had is a Failure in the result; SourceUnreachable when nothing could be asked at all.
        """
        ...

    async def close(self) -> None: ...


class Queries(Protocol):
    """Answers any PromQL. QueryRefused for a wrong query, SourceUnreachable when nobody could be asked."""

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]: ...

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]: ...


class LogReader(Protocol):
    """Reads a host's recent log from its exporter. SourceError, with its reason, when it can't."""

    async def lines(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        """The newest lines of severity warning or worse, newest first."""
        ...

    async def templates(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        """The most frequent templates with their counts and an example."""
        ...


class FindingHistory(Protocol):
    """What was found before. StoreError, with its reason, when it can't be read."""

    async def find(self, wanted: FindingFilter) -> tuple[Finding, ...]:
        """The findings that fit, newest first."""
        ...


class Model(Protocol):
    """A fitted detector: a frozen dataclass of arrays with a leading host axis, and settings. Knows no threshold.

    Only `Detector.learn` makes one, so what isn't fitted can't be asked.
    """

    @property
    def name(self) -> str: ...

    @property
    def levels(self) -> tuple[Level, ...]:
        """The averages that it looks at."""
        ...

    def numbers(self, views: Views) -> Numbers:
        """How unusual each row of each host is. Higher is more abnormal, 1 is the edge of what history holds."""
        ...


class Detector(Protocol):
    """A way to tell the unusual."""

    @property
    def name(self) -> str: ...

    @property
    def minimum_steps(self) -> int:
        """How many rows of history it needs."""
        ...

    @property
    def levels(self) -> tuple[Level, ...]:
        """The averages that it and its models look at."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """The detectors before it whose models' parts it and its own models look at."""
        ...

    def learn(self, views: Views) -> Model:
        """What is usual, from rows of one host that were. Its input stays unchanged."""
        ...


class Forecaster(Protocol):
    """Tells where features are heading."""

    def trends(self, recent: Frame) -> Trends: ...

    def fleet_trends(self, recent: Fleet) -> list[Trends]:
        """The same of every host, in the fleet's order."""
        ...


class Sink(Protocol):
    """Takes each report somewhere. What it owes to others goes through the store's outbox."""

    @property
    def name(self) -> str: ...

    async def publish(self, report: Report) -> None: ...

    async def close(self) -> None: ...


class Assistant(Protocol):
    """Answers a question from the last report; `report` is None before the first cycle."""

    async def answer(self, question: Question, report: Report | None) -> Answer: ...
