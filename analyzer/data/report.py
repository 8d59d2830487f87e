"""What one cycle learned of each host and of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Literal

import numpy as np
import numpy.typing as npt

from analyzer.data.findings import Failure, Finding
from analyzer.data.forecasts import Forecasts
from analyzer.data.incidents import Incident
from analyzer.data.series import Fleet, Host, Language, Times


@dataclass(frozen=True, slots=True)
class Learning:
    """Why a host is not scored yet, and what is missing."""

    steps_seen: int
    steps_needed: int
    missing_features: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        return min(1.0, self.steps_seen / self.steps_needed) if self.steps_needed else 1.0


Season = Literal["daily", "weekly"]


@dataclass(frozen=True, slots=True)
class Experience:
    """How much a host's judgement rests on: `seconds` of history in its models, and what they can't know yet.

    `lacks` are the seasons that were not seen twice. `confidence` in [0, 1] is that of the judge in its bar: while it
    is below 1 the bar stands higher than it will, by its inverse.
    """

    seconds: float
    confidence: float
    lacks: tuple[Season, ...] = ()

    @property
    def tier(self) -> Literal["first", "daily", "weekly"]:
        """The longest season that is known; "first" while none is."""
        if "daily" in self.lacks:
            return "first"
        return "daily" if "weekly" in self.lacks else "weekly"


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


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """A host's trends as columns, one entry for each of `features`; those not `told` hold nothing.

    A fleet has a hundred thousand of them at each cycle and hardly anyone looks: each is a Trend once it is asked for.
    """

    features: tuple[str, ...] = ()
    slopes_per_hour: Times = field(default_factory=lambda: np.zeros(0))
    r2: Times = field(default_factory=lambda: np.zeros(0))
    spans_seconds: Times = field(default_factory=lambda: np.zeros(0))
    told: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    @classmethod
    def of(cls, *trends: Trend) -> Trends:
        columns = ((t.slope_per_hour, t.r2, t.span_seconds) for t in trends)
        slopes, r2, spans = np.array(list(columns), np.float64).reshape(-1, 3).T
        return cls(tuple(t.feature for t in trends), slopes, r2, spans, np.ones(len(trends), bool))

    def __iter__(self) -> Iterator[Trend]:
        columns = (self.slopes_per_hour.tolist(), self.r2.tolist(), self.spans_seconds.tolist())
        return compress(map(Trend, self.features, *columns), self.told.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trends) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


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

    `departures` are signed, by feature, the greatest first. `seldom` is how often a day, at most, a member of the group
    was so far away for so long as this one has been lately, None where the group is too young to tell; `lasting` is
    that distance by feature, signed, in what the group hardly ever exceeds.
    """

    group: str
    others: int
    distance: float
    departures: Mapping[str, float]
    seldom: float | None = None
    lasting: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostReport:
    """All that one cycle learned about one host."""

    host: Host
    last_seen: datetime | None
    latest: Mapping[str, float]
    learning: Learning | None = None
    experience: Experience | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    state: State | None = None
    trends: Trends = field(default_factory=Trends)
    forecasts: Forecasts = field(default_factory=Forecasts)
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
class Starting:
    """The source at `url` has nothing to give yet, and will soon: no failure.

    `loading`: it reads its own log back; else its first scrape comes within `first_scrape_seconds`, if that is known.
    """

    url: str
    loading: bool = False
    first_scrape_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that one cycle learned; the only thing that sinks, HTTP and the assistant see.

    `source` is who served the data, empty when nobody did; `fallback_reason` why it is not the first of the chain.
    `incidents` are those that are open, and those that closed in this cycle. `starting` says what is waited for where
    nobody has data yet.
    """

    at: datetime
    source: str
    fallback_reason: str
    hosts: tuple[HostReport, ...]
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    stage_seconds: Mapping[str, float]
    fleet_health: Health | None = None
    incidents: tuple[Incident, ...] = ()
    starting: Starting | None = None

    @property
    def stories(self) -> tuple[Incident, ...]:
        """Every incident, and each finding that was not put into one as an incident of its own."""
        alone = [Incident.alone(finding) for finding in self.findings if not finding.incident]
        return (*self.incidents, *alone)

    def host(self, name: str) -> HostReport | None:
        """By `instance`, else by an unambiguous nodename."""
        exact = [h for h in self.hosts if h.host.name == name]
        called = [h for h in self.hosts if h.host.nodename == name]
        found = exact or called
        return found[0] if len(found) == 1 else None
