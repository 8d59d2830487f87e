"""Keeps what moved with each finding from one cycle to the next, and looks again now and then. Has no clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from analyzer.companions.departures import departures
from analyzer.companions.lasting import at_its_worst
from analyzer.companions.looking import Looker
from analyzer.data import Companions, Departure, Failure, Finding, Fleet
from analyzer.usual_hours import UsualHours

# What moves with a finding may show a scrape later: it is looked at again when it is twice as old, then now and then.
LATER = timedelta(minutes=2)
SCRAPES_IN_A_RANGE = 4
# So many findings are looked at in one cycle: about twenty queries each, all at once.
MOST = 4

Hours = Callable[[str], UsualHours | None]


class Accompanist:
    """Costs a cycle at most twice the looker's patience, and only while something fires."""

    def __init__(self, looker: Looker, most: int = MOST) -> None:
        self._looker = looker
        self._most = most
        self._known: dict[str, Companions] = {}

    def remember(self, findings: Iterable[Finding]) -> None:
        """Take over what was found before a restart."""
        self._known = {f.fingerprint: f.companions for f in findings if f.companions is not None} | self._known

    async def accompany(
        self, findings: Sequence[Finding], recent: Fleet, hours: Hours, now: datetime, rate_seconds: float
    ) -> tuple[Finding, ...]:
        """The findings with what moved with them; those longest due are looked at. An ended one keeps what it had."""
        due = self._due(findings, now, timedelta(seconds=rate_seconds) / SCRAPES_IN_A_RANGE)
        looked = await asyncio.gather(*(self._look(each, recent, hours, now, rate_seconds) for each in due))
        self._known.update({finding.fingerprint: found for finding, found in zip(due, looked, strict=True)})
        self._known = {f.fingerprint: self._known[f.fingerprint] for f in findings if f.fingerprint in self._known}
        return self.told(findings)

    def told(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings with what is known of them by now; asks nobody."""
        return tuple(replace(f, companions=self._known.get(f.fingerprint, f.companions)) for f in findings)

    def _due(self, findings: Sequence[Finding], now: datetime, scrape: timedelta) -> list[Finding]:
        """Never looked at first, the most severe of them before others; then those looked at longest ago."""
        waiting = [
            finding for finding in findings if finding.firing and finding.told and self._waits(finding, now, scrape)
        ]
        waiting.sort(
            key=lambda f: (k.looked_at.timestamp() if (k := self._known.get(f.fingerprint)) else 0, -f.severity)
        )
        return waiting[: self._most]

    def _waits(self, finding: Finding, now: datetime, scrape: timedelta) -> bool:
        known = self._known.get(finding.fingerprint)
        if known is None:
            return True
        return now >= known.looked_at + min(max(known.looked_at - finding.starts_at, scrape), LATER)

    async def _look(
        self, finding: Finding, recent: Fleet, hours: Hours, now: datetime, rate_seconds: float
    ) -> Companions:
        before = self._known.get(finding.fingerprint)
        seen: tuple[Departure, ...] = ()
        if any(host.name == finding.host for host in recent.hosts):
            frame = recent.frame(finding.host)
            seen = departures(finding, frame, self._looker.features, hours(finding.host), now)
        found = await self._looker.look(finding, _merged(before.departures if before else (), seen), now, rate_seconds)
        if before is None:
            return found
        found = replace(found, moved=at_its_worst(before.moved, found.moved))
        return _kept(before, found) if found.problems else found


def _merged(before: Sequence[Departure], now: Sequence[Departure]) -> tuple[Departure, ...]:
    """When a feature left its band is told once; how far it came is the worst that was ever seen."""
    known = {departure.feature: departure for departure in before}
    known |= {d.feature: _worse(known[d.feature], d) if d.feature in known else d for d in now}
    return tuple(sorted(known.values(), key=lambda departure: departure.at))


def _worse(before: Departure, now: Departure) -> Departure:
    usual = before.usual if before.usual is not None else now.usual
    farther = usual is None or abs(now.value - usual) > abs(before.value - usual)
    return replace(now, at=before.at) if farther else before


def _kept(before: Companions, now: Companions) -> Companions:
    """Where part of a look failed, what that kind of companion was before stands."""
    kinds = {companion.kind for companion in now.moved}
    return replace(now, moved=(*now.moved, *(each for each in before.moved if each.kind not in kinds)))


def failures(findings: Iterable[Finding], now: datetime) -> tuple[Failure, ...]:
    """What could not be asked about those that fire, for the report."""
    return tuple(
        Failure("companions", problem, now, finding.host)
        for finding in findings
        if finding.firing and finding.companions is not None
        for problem in finding.companions.problems
    )
