"""Where and when companions are looked for, and how a fixed query becomes that host's own. Asks nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzer.data import Evidence, Window
from analyzer.features import matcher

# What a thing was like before a finding is its mean over so long.
BEFORE_SECONDS = 1800
LONGEST_SECONDS = 900
SHORTEST_STEP_SECONDS = 5
STEPS = 240


@dataclass(frozen=True, slots=True)
class Scene:
    """One host from when the story `began` until `now`. Rates look back over `rate_seconds` at least."""

    host: str
    began: datetime
    now: datetime
    rate_seconds: float = 60.0

    @property
    def before(self) -> datetime:
        """The last moment at which all was as before: the newest scrapes by `began` may tell of the story already."""
        return self.began - timedelta(seconds=self.rate_seconds)

    @property
    def lasted_seconds(self) -> int:
        """How far rates of now look back: over the story alone, as far as one can."""
        lasted = (self.now - self.began).total_seconds()
        return round(min(max(lasted, self.rate_seconds), max(LONGEST_SECONDS, self.rate_seconds)))

    @property
    def window(self) -> Window:
        seconds = (self.now - self.began).total_seconds()
        step = timedelta(seconds=max(SHORTEST_STEP_SECONDS, round(seconds / STEPS)))
        return Window.ending(self.now, max(self.now - self.began, 2 * step), step)

    def query(self, template: str, seconds: float = 0, *labels: str) -> str:
        """The template for this host, with more matchers from `labels`; `seconds` is the range of its rates."""
        selector = ",".join((matcher("instance", self.host), *labels))
        return template.replace("$s", selector).replace("$w", f"{round(seconds)}s")

    def evidence(self, promql: str, feature: str, unit: str, value: float, subject: str) -> Evidence:
        return Evidence(promql, self.window, self.host, feature, unit, value, subject=subject)
