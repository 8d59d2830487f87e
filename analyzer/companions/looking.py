"""One look for what moved with a finding: every part at once, each with its own time, none in the way of another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from analyzer.companions.departures import story_begins
from analyzer.companions.logs import in_words, risen
from analyzer.companions.processes import growth
from analyzer.companions.resources import resources_for
from analyzer.companions.scene import Scene
from analyzer.companions.services import failed_probes, fallen_units
from analyzer.companions.turnover import turnover
from analyzer.data import Companion, Companions, Departure, Feature, Finding
from analyzer.errors import SourceError
from analyzer.interfaces import LogReader, Queries

Found = tuple[Companion, ...]
# Of a host that is silent nothing can be asked, and what a new beginning brings needs no culprit.
UNASKED = frozenset({"silent", "reboot", "resized", "renamed"})


@dataclass(frozen=True, slots=True)
class Looker:
    """`logs` None leaves out the text of log lines; a part that takes longer than `patience_seconds` is given up."""

    queries: Queries
    logs: LogReader | None
    features: Mapping[str, Feature]
    patience_seconds: float = 1.0

    async def look(
        self, finding: Finding, departures: tuple[Departure, ...], now: datetime, rate_seconds: float = 60.0
    ) -> Companions:
        """What could be found; what could not be asked is among the problems."""
        if finding.kind in UNASKED:
            return Companions(now, departures)
        scene = Scene(finding.host, story_begins(finding, departures), finding.ends_at or now, rate_seconds)
        found, problems = await self._moved(finding, scene)
        templates = tuple(each for each in found if each.kind == "log template")
        if templates and self.logs is not None:
            named, problem = await self._part(in_words(self.logs, scene, templates))
            found = (*(each for each in found if each not in templates), *(named or templates))
            problems = (*problems, *([f"text of the log: {problem}"] if problem else []))
        return Companions(now, departures, found, problems)

    async def _moved(self, finding: Finding, scene: Scene) -> tuple[Found, tuple[str, ...]]:
        wanted = resources_for([cause.feature for cause in finding.causes], self.features)
        asked: Mapping[str, Awaitable[Found]] = {
            **{f"process groups ({each.name})": growth(self.queries, scene, each) for each in wanted},
            "process groups that came or went": turnover(self.queries, scene),
            "services": fallen_units(self.queries, scene),
            "probes": failed_probes(self.queries, scene),
            "log templates": risen(self.queries, scene),
        }
        parts = await asyncio.gather(*(self._part(each) for each in asked.values()))
        moved = tuple(each for found, _ in parts for each in found)
        return moved, _problems({what: reason for what, (_, reason) in zip(asked, parts, strict=True) if reason}, asked)

    async def _part(self, asked: Awaitable[Found]) -> tuple[Found, str]:
        """What was found, and why nothing could be."""
        try:
            async with asyncio.timeout(self.patience_seconds):
                return await asked, ""
        except SourceError as error:
            return (), str(error)
        except TimeoutError:
            return (), f"no answer within {self.patience_seconds:g} s"


def _problems(reasons: Mapping[str, str], asked: Collection[str]) -> tuple[str, ...]:
    """One for each part that could not be asked; a single one where it is the same with all of them."""
    if len(reasons) == len(asked) and len(set(reasons.values())) == 1:
        return tuple({f"what moved with it: {reason}" for reason in reasons.values()})
    return tuple(f"{what}: {reason}" for what, reason in reasons.items())
