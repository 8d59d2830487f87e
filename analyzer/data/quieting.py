"""Why a finding is recorded and not told: silences that people planned, and what they said of earlier findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Operator = Literal["=", "!=", "=~", "!~"]
QuietReason = Literal["silence", "feedback", "recurring", "reboot", "small"]
Opinion = Literal["useful", "not_an_anomaly"]


@dataclass(frozen=True, slots=True)
class Quiet:
    """`by` is the silence's id, or the fingerprint of the earlier finding.

    It is empty where only history shows that one, or where it is the finding itself that someone spoke of.

    `note` is the silence's comment, or the last days on which the like came before.
    """

    reason: QuietReason
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label, in Alertmanager's words; a regular expression must fit the whole value."""

    label: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Findings that every matcher fits are not told from `starts_at` until `ends_at`."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    comment: str
    created_by: str
    created_at: datetime

    def active(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class Opinionated:
    """What was said of an earlier finding, with what makes another one like it: causes by share, and its score.

    `starts_at` is the finding's: the host was called so then.
    """

    fingerprint: str
    opinion: Opinion
    kind: str
    host: str
    severity: int
    score: float
    shares: Mapping[str, float]
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Precedent:
    """An anomaly that is over: when it was, how bad at its worst, and what it was put down to.

    `fingerprint` is its finding's; empty where history shows it, but nobody was there to find it. `reached` is the
    lowest and highest value of its causes meanwhile, where that is known. `quiet` is why nobody was told.
    """

    host: str
    starts_at: datetime
    ends_at: datetime
    severity: int
    score: float
    shares: Mapping[str, float]
    fingerprint: str = ""
    reached: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    quiet: QuietReason | None = None


@dataclass(frozen=True, slots=True)
class Quieting:
    """All that people asked to hear less of. Opinions are the newest first."""

    silences: tuple[Silence, ...] = ()
    opinions: tuple[Opinionated, ...] = ()
