"""What is unusual, how urgent it is, and what each statement rests on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from analyzer.data.companions import Companions
from analyzer.data.evidence import Evidence
from analyzer.data.quieting import Quiet
from analyzer.data.series import Times, Values


@dataclass(frozen=True, slots=True)
class Scores:
    """How abnormal one host is by one model, for each step: `values[t]` in [0, 1], NaN where it could not be told.

    `shares[t, f]` says how much each feature contributed; each row adds up to 1, or is all 0 where nothing did.
    `blame[t]` is how much there is to share: `shares * blame` compares features as causes across steps.
    `moments[t]` is each step by itself, as if all before had been like it: a score outlasts what it is about.
    """

    host: str
    model: str
    features: tuple[str, ...]
    times: Times
    values: Values
    shares: Values
    blame: Values | None = None
    moments: Values | None = None


@dataclass(frozen=True, slots=True)
class HostScores:
    """One host in one cycle: `newest` scores by model and `shares` of the blame at the newest row, where it was told.

    `ensemble` holds the rows that were not scored before; what the judge goes by.
    """

    newest: Mapping[str, float]
    shares: Mapping[str, float]
    ensemble: Scores


class Severity(IntEnum):
    """How urgent a finding is; the order is meant."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Cause:
    """A feature's part in a finding. Shares of one finding add up to at most 1."""

    feature: str
    share: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know: what, where, since when, on what evidence. `ends_at` None means firing.

    `companions` is what moved with it, None until that was looked for. `quiet` says why it is recorded and shown, but
    not told. `incident` is the id of the one it belongs to, empty until that is known; `end_reason` why it ended, where
    that is not because all was well again.
    """

    kind: str
    host: str
    severity: Severity
    starts_at: datetime
    ends_at: datetime | None
    score: float
    causes: tuple[Cause, ...]
    companions: Companions | None = None
    quiet: Quiet | None = None
    incident: str = ""
    end_reason: str = ""

    @property
    def fingerprint(self) -> str:
        """Names this one episode: the same kind on the same host that began at the same time."""
        return hashlib.sha256(f"{self.kind}\0{self.host}\0{self.starts_at.timestamp():.0f}".encode()).hexdigest()[:16]

    @property
    def firing(self) -> bool:
        return self.ends_at is None

    @property
    def told(self) -> bool:
        """Whether anyone is to be told of it: by message, alert, annotation, or a metric that alerts go by."""
        return self.quiet is None


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
class IncidentFilter:
    """Which incidents are asked for; None asks for all. `since`: those that were still open then or later."""

    host: str | None = None
    severity: Severity | None = None
    open: bool | None = None
    since: datetime | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage that could not look. Silence is not health."""

    stage: str
    reason: str
    at: datetime
    host: str = ""
