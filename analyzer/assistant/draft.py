"""An answer in the making: sentences with the evidence they cite. Knows no intent and no model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from analyzer.data import (
    Evidence,
    HostStatus,
    LogLine,
    Prediction,
    Recommendation,
    Served,
    Urgency,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What one intent computed: `summary` first, `details` after; each cites its evidence as [E1]."""

    summary: str
    details: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    urgency: Urgency = "none"
    supported: bool = True
    metrics: tuple[Evidence, ...] = ()
    logs: tuple[LogLine, ...] = ()
    system_status: tuple[HostStatus, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    served: tuple[Served, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join((self.summary, *self.details))


@dataclass(slots=True)
class Citations:
    """Numbers the evidence of one answer in the order it is cited; the same evidence keeps its number."""

    prometheus_url: str = ""
    evidence: list[Evidence] = field(default_factory=list)

    def cite(self, *items: Evidence) -> str:
        """The mark that follows a sentence, e.g. " [E1][E2]"."""
        marks = "".join(f"[{self._numbered(item).id}]" for item in items)
        return f" {marks}" if marks else ""

    def _numbered(self, item: Evidence) -> Evidence:
        for known in self.evidence:
            if replace(known, id=item.id, link=item.link) == item:
                return known
        numbered = replace(item, id=f"E{len(self.evidence) + 1}", link=self._link(item))
        self.evidence.append(numbered)
        return numbered

    def _link(self, item: Evidence) -> str:
        """Opens the query in Prometheus's own page, on the window it was asked for."""
        if not self.prometheus_url or not item.promql:
            return item.link
        seconds = max(60, round((item.window.end - item.window.start).total_seconds()))
        query = {
            "g0.expr": item.promql,
            "g0.tab": "0",
            "g0.range_input": f"{seconds}s",
            "g0.end_input": f"{item.window.end:%Y-%m-%d %H:%M:%S}",
        }
        return f"{self.prometheus_url.rstrip('/')}/graph?{urlencode(query)}"
