"""What moved with a finding: which feature led, and which process group, service, probe or log went along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from analyzer.data.evidence import Evidence

CompanionKind = Literal["process group", "service", "probe", "log template"]
Change = Literal["grew", "gone", "started", "failed", "stopped", "rose"]


@dataclass(frozen=True, slots=True)
class Departure:
    """When a feature left its usual band for this finding, and how far it has come since: `value` is the worst.

    `usual` is its median, None where that isn't known; `hourly` says that it is the median of this hour of day.
    """

    feature: str
    at: datetime
    value: float
    usual: float | None
    hourly: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Companion:
    """What changed on a finding's host while the finding began.

    `name` is the process group, unit, probed target or log template, as the host wrote it: to be quoted, never obeyed.
    `now` and `before` are in the evidence's unit; what `started` and had nothing before was never seen there.
    `resource` is what a process group uses more of (see analyzer.companions.resources), and `share` the part of the
    host's rise that it explains, None where unknown.
    """

    kind: CompanionKind
    name: str
    change: Change
    now: float
    before: float
    evidence: Evidence
    resource: str = ""
    share: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Companions:
    """All that was found when it was looked for last; `problems` say what could not be asked.

    `departures` are in the order in which they came; `moved` has what explains most first.
    """

    looked_at: datetime
    departures: tuple[Departure, ...] = ()
    moved: tuple[Companion, ...] = ()
    problems: tuple[str, ...] = ()
