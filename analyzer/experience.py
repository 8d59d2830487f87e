"""How far a host's judgement can be trusted yet: which seasons its history shows, and how sure the judge is."""

from __future__ import annotations

from analyzer.data import Experience
from analyzer.data.report import Season

DAY_SECONDS = 86400.0
# A season is known once it was seen twice.
SEASONS: tuple[tuple[Season, float], ...] = (("daily", 2 * DAY_SECONDS), ("weekly", 14 * DAY_SECONDS))
# A lost scrape now and then makes no day shorter.
NEARLY = 0.95


def experience(seconds: float, confidence: float) -> Experience:
    """Of a host whose models learned from so many seconds of history."""
    lacks = tuple(season for season, needed in SEASONS if seconds < NEARLY * needed)
    return Experience(seconds, confidence, lacks)
