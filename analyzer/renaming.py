"""Where a host appears while another is silent: asks whether they are one, and lets what was learned go on.

In usual cycles it asks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from analyzer.data import Fetched, Fleet
from analyzer.identities import Registry
from analyzer.judge import Judge, Memory, Suspects, carried
from analyzer.machines import Machines
from analyzer.names import Names, Rename


@dataclass(frozen=True)
class Renaming:
    """`names` are shared with the source, which tells hosts under those that they have now."""

    names: Names = field(default_factory=Names)
    registry: Registry | None = None

    async def look(
        self,
        now: datetime,
        fetched: Fetched,
        recent: Fleet,
        judge: Judge,
        memory: Memory,
        machines: Machines,
        asked: Suspects,
    ) -> tuple[tuple[Rename, ...], Suspects]:
        """What is called otherwise as of now, and whom was asked about; those that were `asked` are not asked again.

        SourceError when they could not be. The direct scrape knows no host that is gone, so it is not asked.
        """
        memory, _ = carried(memory, self.names.renames)  # after a crash it may not know of all of them yet
        suspected = judge.suspects(now, recent, memory, fetched.not_asked)
        if self.registry is None or fetched.stale or fetched.fallback_reason or not suspected.gone:
            return (), asked
        if suspected.same_as(asked):
            return (), asked
        identities = await self.registry.identities(suspected.gone, now)
        return judge.renames(now, recent, memory, suspected, machines, identities), suspected
