"""Which groups came with a finding, and which the exporter merely tells of since then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from analyzer.companions.scene import Scene
from analyzer.companions.turnover import turnover
from analyzer.data import Sample, Series, Window
from tests.analyzer.companions.conftest import BEGAN, DB, NOW

SCENE = Scene(DB, BEGAN, NOW, 60.0)


@dataclass(frozen=True)
class Groups:
    """Tells of `sshd` as it was for long, and now of one more, whose oldest process is so many seconds old."""

    name: str
    seconds: float

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        known = {"sshd": BEGAN.timestamp() - 86400}
        if at == NOW:
            known[self.name] = NOW.timestamp() - self.seconds
        values = known if "oldest_start" in promql else dict.fromkeys(known, 1.0)
        return tuple(Sample({"groupname": name}, at.timestamp(), value) for name, value in values.items())

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        return ()


async def test_a_group_that_began_with_the_story_is_told() -> None:
    (told,) = await turnover(Groups("reindex", 310), SCENE)
    assert (told.name, told.change, told.before, told.now) == ("reindex", "started", 0.0, 1.0)


async def test_a_group_told_of_only_now_that_began_long_before_is_not_told_as_started() -> None:
    assert await turnover(Groups("reindex", 86400), SCENE) == ()


async def test_a_group_that_began_well_after_the_story_is_not_told() -> None:
    assert await turnover(Groups("reindex", 200), SCENE) == ()


async def test_all_others_together_never_started() -> None:
    assert await turnover(Groups("other", 310), SCENE) == ()
