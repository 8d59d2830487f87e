"""Another trouble soon after one that was told, or while that is still remembered, is another story. Pure.

What was told raises a host's bar for hours, and must: most of what comes again is the same. But a night that begins
with a full disk may go on with a broken network, and nobody should have to wait for that until the disk is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.data import Precedent
from analyzer.judge.ladder import DAY_SECONDS
from analyzer.judge.likeness import STRONGER, cosine, height
from analyzer.judge.memory import Episode

# Less than so alike, by the cosine of what they are put down to, is not the same trouble: with the whole of a recorded
# real fault the first rows of the same one have cosines of 0.5 to 0.9, those of others mostly of 0.05 to 0.45.
UNLIKE = 0.5
# A host with more than so many stories within a day is no longer what was learned; who bears more alarms hears more.
MOST_A_DAY = 12.0
# A finding tells so many causes.
LEADING = 5


@dataclass(frozen=True, slots=True)
class Story:
    """What was unusual: since when (epoch seconds), how high it went, and the share of each leading cause.

    `told` to people, or in the making.
    """

    starts_at: float
    peak: float
    shares: Mapping[str, float]
    told: bool = True

    @classmethod
    def of(cls, episode: Episode) -> Story:
        return cls(episode.starts_at, episode.peak, leading(episode.parts))

    @classmethod
    def past(cls, known: Precedent) -> Story:
        return cls(known.starts_at.timestamp(), height(known.score), known.shares, known.quiet is None)


def leading(parts: Mapping[str, float]) -> dict[str, float]:
    """The shares of the greatest of them."""
    total = sum(parts.values()) or 1.0
    return {name: parts[name] / total for name in sorted(parts, key=lambda name: (-parts[name], name))[:LEADING]}


def another(story: Story, known: Sequence[Story], believed_per_day: float = 0.0) -> bool:
    """Whether this is news beside all that is known: put down to other causes, or clearly higher.

    `believed_per_day` is how many alarms a day are believed anyway.
    """
    lately = sum(one.told and story.starts_at - one.starts_at < DAY_SECONDS for one in known)
    if lately >= max(MOST_A_DAY, believed_per_day):
        return False
    return all(story.peak >= STRONGER * one.peak or cosine(story.shares, one.shares) < UNLIKE for one in known)
