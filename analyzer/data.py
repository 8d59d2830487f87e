"""The nouns every stage speaks. Imports nothing of ours and decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Values = npt.NDArray[np.float32]
Times = npt.NDArray[np.float64]
Language = Literal["en", "ko"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One quantity of a host, as the catalogue defines it.

    `promql` gives one series for each `instance`; `$selector` in it stands for the label matchers that pick hosts,
    `$window` for the range of its rates. `worse` says which way is bad: "high", "low" or "both".
    `limit` is the value at which it is exhausted (in its own unit; None where there is none), `saturates_at` the value
    from which it hurts, `minimum_effect` the smallest change in its own unit that a person would care about. `needs`
    names what a host must have for it to exist at all, where that is not every host.
    """

    name: str
    unit: str
    group: str
    promql: str
    meaning: Mapping[Language, str]
    worse: Literal["high", "low", "both"] = "high"
    limit: float | None = None
    saturates_at: float | None = None
    minimum_effect: float = 0.0
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A monitored machine. `name` is its `instance` label and its identity; `nodename` is what people call it."""

    name: str
    job: str = ""
    nodename: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A time span on a grid: both ends included, aware UTC, whole multiples of `step` since the epoch."""

    start: datetime
    end: datetime
    step: timedelta

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs aware times (UTC)")
        if self.step <= timedelta(0) or self.end < self.start:
            raise ValueError(f"a window needs step > 0 and end >= start: {self}")

    @classmethod
    def ending(cls, now: datetime, span: timedelta, step: timedelta) -> Window:
        """The window of `span` whose end is the last grid point not after `now`."""
        seconds = step.total_seconds()
        end = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
        steps = int(span.total_seconds() // seconds)
        return cls(end - steps * step, end, step)

    @property
    def steps(self) -> int:
        return round((self.end - self.start) / self.step) + 1

    @property
    def times(self) -> Times:
        """Epoch seconds of every grid point, shape (steps,)."""
        return self.start.timestamp() + np.arange(self.steps, dtype=np.float64) * self.step.total_seconds()


@dataclass(frozen=True, slots=True)
class Sample:
    """One series' value at one time (epoch seconds), as an instant query gives it."""

    labels: Mapping[str, str]
    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series on a window's grid, as a range query gives it: gaps are NaN. `times` are epoch seconds."""

    labels: Mapping[str, str]
    times: Times
    values: Times


@dataclass(frozen=True, slots=True)
class Frame:
    """One host's features on one time grid: `values[t, f]`, float32; gaps stay NaN. `times` are epoch seconds."""

    host: str
    features: tuple[str, ...]
    times: Times
    values: Values

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.times), len(self.features)):
            raise ValueError(f"{self.values.shape} values for {len(self.times)} times x {len(self.features)} features")

    def column(self, feature: str) -> Values:
        return self.values[:, self.features.index(feature)]

    def tail(self, steps: int) -> Frame:
        return Frame(self.host, self.features, self.times[-steps:], self.values[-steps:])

    def table(self) -> pd.DataFrame:
        """The same as a pandas table with an aware UTC index."""
        import pandas as pd  # noqa: PLC0415 - 40 MB that only those who ask for a table need

        return pd.DataFrame(
            self.values, index=pd.to_datetime(self.times, unit="s", utc=True), columns=list(self.features)
        )


@dataclass(frozen=True, slots=True)
class Fleet:
    """All hosts on one time grid: `values[host, feature, step]`, float32; gaps and missing features stay NaN."""

    hosts: tuple[Host, ...]
    features: tuple[str, ...]
    times: Times
    values: Values

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.hosts), len(self.features), len(self.times)):
            wanted = f"{len(self.hosts)} hosts x {len(self.features)} features x {len(self.times)} times"
            raise ValueError(f"{self.values.shape} values for {wanted}")

    def frame(self, host: str) -> Frame:
        """One host's part; KeyError when the fleet has no such host."""
        for row, known in enumerate(self.hosts):
            if known.name == host:
                return Frame(host, self.features, self.times, self.values[row].T)
        raise KeyError(host)


@dataclass(frozen=True, slots=True)
class Scores:
    """How abnormal one host is by one model, for each step: `values[t]` in [0, 1], NaN where it could not be told.

    `shares[t, f]` says how much each feature contributed; each row adds up to 1, or is all 0 where nothing did.
    `momentary[t]` is what the step amounts to by itself, where `values` also remember the steps before it.
    """

    host: str
    model: str
    features: tuple[str, ...]
    times: Times
    values: Values
    shares: Values
    momentary: Values | None = None


class Severity(IntEnum):
    """How urgent a finding is; the order is meant."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def label(self) -> str:
        return self.name.lower()


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


@dataclass(frozen=True, slots=True)
class Cause:
    """A feature's part in a finding. Shares of one finding add up to at most 1."""

    feature: str
    share: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know: what, where, since when, on what evidence. `ends_at` None means firing."""

    kind: str
    host: str
    severity: Severity
    starts_at: datetime
    ends_at: datetime | None
    score: float
    causes: tuple[Cause, ...]

    @property
    def fingerprint(self) -> str:
        """Names this one episode: the same kind on the same host that began at the same time."""
        return hashlib.sha256(f"{self.kind}\0{self.host}\0{self.starts_at.timestamp():.0f}".encode()).hexdigest()[:16]

    @property
    def firing(self) -> bool:
        return self.ends_at is None


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are asked for; None asks for all. `since`: those that still fired then or later."""

    host: str | None = None
    kind: str | None = None
    severity: Severity | None = None
    firing: bool | None = None
    since: datetime | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage that could not look. Silence is not health."""

    stage: str
    reason: str
    at: datetime
    host: str = ""


@dataclass(frozen=True, slots=True)
class Learning:
    """Why a host is not scored yet, and what is missing."""

    steps_seen: int
    steps_needed: int
    missing_features: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        return min(1.0, self.steps_seen / self.steps_needed) if self.steps_needed else 1.0


@dataclass(frozen=True, slots=True)
class State:
    """Which of its usual states a host is in: `distance` is in units of that state's usual spread.

    `unusual` is the share of this hour of day that the host is usually in another one.
    """

    label: str
    count: int
    distance: float
    unusual: float = 0.0


@dataclass(frozen=True, slots=True)
class UsualState:
    """One of a host's usual states: its name in words, its `share` of the history, and when it is met.

    `hours[h]` is how much of hour h of the day (UTC) the host spends in it, NaN where that hour was never seen;
    `followed_by` how often a step in it was followed by each state; `centre` its features' values.
    """

    label: str
    name: Mapping[Language, str]
    share: float
    hours: tuple[float, ...]
    followed_by: Mapping[str, float]
    centre: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """Which way a feature goes: a line through the newest history."""

    feature: str
    slope_per_hour: float
    r2: float
    span_seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a feature will be: arrays of one length; `level` is the share of futures the interval should hold.

    `exhausted_in` is (seconds, lower, upper) until `limit` is reached, upper infinite where it may not be within the
    horizon; None where it isn't expected to be.
    """

    host: str
    feature: str
    times: Times
    point: Values
    lower: Values
    upper: Values
    level: float
    limit: float | None = None
    exhausted_in: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points that something took from a host's health, or a host from its fleet's.

    `subject` is the feature, the finding's kind or the host. `value` is what it stands at: the feature's value, the
    finding's or the host's score, the seconds to exhaustion.
    """

    reason: Literal["strain", "finding", "exhaustion", "host"]
    subject: str
    group: str
    points: float
    value: float


@dataclass(frozen=True, slots=True)
class Headroom:
    """The share of a resource that is still free, in [0, 1]."""

    resource: str
    feature: str
    share: float


@dataclass(frozen=True, slots=True)
class Health:
    """`score` is 100 less the points of all deductions; `performance` 100 times the smallest headroom.

    Either is None where nothing is known to tell it by. `confidence` in [0, 1] is the share of what should be known
    that is: what is missing lowers it, never the score.
    """

    score: float | None
    confidence: float
    deductions: tuple[Deduction, ...] = ()
    performance: float | None = None
    headroom: tuple[Headroom, ...] = ()


@dataclass(frozen=True, slots=True)
class Peers:
    """A host beside the `others` of its group: its greatest departure from them, in the group's usual spreads.

    `departures` are signed, by feature, the greatest first.
    """

    group: str
    others: int
    distance: float
    departures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class HostReport:
    """All that one cycle learned about one host."""

    host: Host
    last_seen: datetime | None
    latest: Mapping[str, float]
    learning: Learning | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    state: State | None = None
    trends: tuple[Trend, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    health: Health | None = None
    peers: Peers | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source gave: the fleet on the asked window, who served it, and what it could not fetch.

    `fallback_reason` says why the better links of a chain did not serve; empty when the best one did. `stale` means
    that nobody could be asked: the fleet is the last one known, its times are older than the asked window. Rates look
    back over `range_seconds`. `not_asked` are hosts that a better link knew and this one can't ask: not silent ones.
    """

    fleet: Fleet
    source: str
    failures: tuple[Failure, ...] = ()
    fallback_reason: str = ""
    stale: bool = False
    range_seconds: float = 60.0
    not_asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that one cycle learned; the only thing that sinks, HTTP and the assistant see.

    `source` is who served the data, empty when nobody did; `fallback_reason` why it is not the first of the chain.
    """

    at: datetime
    source: str
    fallback_reason: str
    hosts: tuple[HostReport, ...]
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    stage_seconds: Mapping[str, float]

    def host(self, name: str) -> HostReport | None:
        """By `instance`, else by an unambiguous nodename."""
        exact = [h for h in self.hosts if h.host.name == name]
        called = [h for h in self.hosts if h.host.nodename == name]
        found = exact or called
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks. `language` None means: as the text is written; `timezone` is an IANA name."""

    text: str
    now: datetime
    language: Language | None = None
    host: str | None = None
    session_id: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a host's log, or a template with how often it came."""

    host: str
    at: datetime
    text: str
    priority: str = ""
    unit: str = ""
    count: int = 1


Verdict = Literal["ok", "info", "warning", "critical", "learning", "silent"]


@dataclass(frozen=True, slots=True)
class HostStatus:
    """One host in one line: `verdict` is computed, never worded by a model."""

    host: str
    verdict: Verdict
    findings: int
    last_seen: datetime | None
    health: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where a feature is heading: its value at `at`, and when it reaches its limit, if it does."""

    host: str
    feature: str
    unit: str
    at: datetime
    point: float
    lower: float
    upper: float
    exhausted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A reviewed step: the command to look, the command to mend, and what the mending may break."""

    title: str
    look: str
    mend: str
    risk: str


@dataclass(frozen=True, slots=True)
class Served:
    """Who served an answer and its share of the facts, in [0, 1]."""

    source: Literal["prometheus", "exporter", "models", "language model", "cache", "store"]
    share: float


@dataclass(frozen=True, slots=True)
class Component:
    """A part that answers lean on, how it is, why when it is not well, and what it counted."""

    kind: Literal["provider", "cache", "budget"]
    name: str
    state: Literal["ok", "degraded", "off"]
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


Urgency = Literal["none", "low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a question, on what evidence, by whom, and which better ways failed before (`fallbacks`).

    `text` is the whole of it; `summary` its first sentence and `details` the rest. `confidence` in [0, 1] is that of
    having understood the question. Verdict, urgency and every number are computed; a model only words them.
    """

    text: str
    language: Language
    intent: str
    supported: bool
    evidence: tuple[Evidence, ...]
    answered_by: str
    fallbacks: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 1.0
    summary: str = ""
    details: tuple[str, ...] = ()
    urgency: Urgency = "none"
    metrics: tuple[Evidence, ...] = ()
    logs: tuple[LogLine, ...] = ()
    system_status: tuple[HostStatus, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    sources: tuple[Served, ...] = ()
    cache_hits: int = 0
    cached: bool = False
    session_id: str = ""
    model: str = ""
