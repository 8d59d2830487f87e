"""What comes at its own time of day is known: a backup, a nightly job. Pure; days are counted back from a finding.

Known is what came at about this time on three of the last seven days, or on this weekday in each of the last two
weeks; not what comes on other weekdays only, once that can be told. The time of day is UTC's or that of a zone whose
clocks may change: some jobs keep the one, some the other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType

from analyzer.data import Finding, Precedent
from analyzer.judge.likeness import STRONGER, clearly_stronger, cosine, height, shares_of

Precedents = Mapping[str, Sequence[Precedent]]
Reached = Mapping[str, tuple[float, float]]

NOT_KNOWN: Reached = MappingProxyType({})

DAY = timedelta(days=1)
# A job begins when those before it are through, and its alarm when it has grown loud.
SAME_TIME = timedelta(minutes=30)
LEAST_DAYS, OF_DAYS = 3, 7
LAST_WEEKS = frozenset({7, 14})
# Its hour speaks for itself: the first steps of a job need not be put down to just what the whole of it is.
ALIKE_COSINE = 0.7
# Who takes so many times as long as ever before, and this much more, is no longer doing the usual.
LONGER, LONGER_BY = 2, timedelta(minutes=15)
# A cause that goes half as far again beyond its usual range is no longer the usual either.
LARGER, LEADING_SHARE = 1.5, 0.25
# Three weekdays back, and a little; more than so many on one host are no nightly jobs.
KEPT = timedelta(days=22)
MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Worst:
    """Of several: the worst that any of them was."""

    severity: int
    score: float


def recurrence(
    finding: Finding,
    past: Iterable[Precedent],
    now: datetime,
    reached: Reached = NOT_KNOWN,
    zone: tzinfo | None = UTC,
) -> tuple[Precedent, ...]:
    """What makes this finding an old acquaintance, the oldest first; empty where it is news.

    `now` is when it was unusual last, if it is not over. `reached` is the lowest and highest value of its causes so
    far; `zone` None is this machine's.
    """
    days: dict[int, Precedent] = {}
    like: list[Precedent] = []
    shares = shares_of(finding)
    for one in sorted(past, key=lambda one: one.starts_at):
        ago = days_ago(finding.starts_at, one.starts_at, zone)
        if ago and cosine(shares, one.shares) >= ALIKE_COSINE:
            days[ago] = one
            like.append(one)
    if not _expected(frozenset(days)) or _outgrown(finding, like, now) or _larger(finding, like, reached):
        return ()
    return tuple(days[ago] for ago in sorted(days, reverse=True))


def expected_height(past: Iterable[Precedent], at: datetime, zone: tzinfo | None = UTC) -> float:
    """How high a job of this hour may be and still be no more than it ever was; -inf where none is known."""
    days: dict[int, float] = {}
    for one in past:
        ago = _during(at, one, zone)
        if ago:
            days[ago] = max(height(one.score), days.get(ago, 0.0))
    return STRONGER * max(days.values()) if _expected(frozenset(days)) else -math.inf


def _during(at: datetime, one: Precedent, zone: tzinfo | None) -> int:
    """How many days before `at` it was about to begin or going on at that time; 0 where it was not."""
    late = min((at - one.starts_at + SAME_TIME) % DAY - SAME_TIME, one.ends_at - one.starts_at)
    return days_ago(at - late, one.starts_at, zone)


def days_ago(at: datetime, before: datetime, zone: tzinfo | None = UTC) -> int:
    """How many days before `at` it was about that time, by UTC or by the zone's clocks; 0 where it was another time."""
    return _whole_days(at - before) or _whole_days(_clock(at, zone) - _clock(before, zone))


def _clock(at: datetime, zone: tzinfo | None) -> datetime:
    """What clocks on the wall show, as a time whose differences know of no change of theirs."""
    return at.astimezone(zone).replace(tzinfo=UTC)


def _whole_days(passed: timedelta) -> int:
    days = round(passed / DAY)
    return days if days > 0 and abs(passed - days * DAY) <= SAME_TIME else 0


def _expected(days: frozenset[int]) -> bool:
    """Whether today is one of its days."""
    if days >= LAST_WEEKS:
        return True
    # Known for two weeks and in neither on this weekday: a job of other weekdays.
    elsewhere = max(days, default=0) >= max(LAST_WEEKS) and not days & LAST_WEEKS
    return len([ago for ago in days if ago <= OF_DAYS]) >= LEAST_DAYS and not elsewhere


def _outgrown(finding: Finding, like: Sequence[Precedent], now: datetime) -> bool:
    """Whether it is clearly more, or takes clearly longer, than it ever did."""
    worst = Worst(max(one.severity for one in like), max(one.score for one in like))
    longest = max(one.ends_at - one.starts_at for one in like)
    lasts = (finding.ends_at or now) - finding.starts_at
    return clearly_stronger(finding, worst) or lasts > LONGER * longest + LONGER_BY


def _larger(finding: Finding, like: Sequence[Precedent], reached: Reached) -> bool:
    """Whether a leading cause went clearly farther than it ever did; scores can't tell once models know the job."""
    for place, cause in enumerate(finding.causes):
        low, high, name = cause.evidence.usual_low, cause.evidence.usual_high, cause.feature
        before = [one.reached[name] for one in like if name in one.reached]
        if (place and cause.share < LEADING_SHARE) or name not in reached or not before or low is None or high is None:
            continue
        farthest = max((high - low) / 2, *(_beyond(one, low, high) for one in before))
        if _beyond(reached[name], low, high) > LARGER * farthest:
            return True
    return False


def _beyond(reached: tuple[float, float], low: float, high: float) -> float:
    return max(low - reached[0], reached[1] - high)


def precedent(finding: Finding, severity: int, reached: Reached) -> Precedent:
    """What an anomaly that is over will be to those after it; `severity` its worst."""
    return Precedent(
        finding.host,
        finding.starts_at,
        finding.ends_at or finding.starts_at,
        severity,
        finding.score,
        shares_of(finding),
        finding.fingerprint,
        reached,
        finding.quiet.reason if finding.quiet else None,
    )


def recalled(past: Precedents, new: Sequence[Precedent], now: datetime) -> Precedents:
    """The past with what is new, without what is too old to say anything of tomorrow."""
    if not new:
        return past
    every: dict[str, list[Precedent]] = defaultdict(list)
    for known in past.values():
        for one in known:
            every[one.host].append(one)
    for one in new:
        every[one.host].append(one)
    fresh = {host: [one for one in known if now - one.starts_at <= KEPT] for host, known in every.items()}
    return {host: tuple(known[-MOST_KEPT:]) for host, known in fresh.items() if known}
