"""The derived metrics: each family's name, meaning and labels, and the samples it takes from a report."""

from __future__ import annotations

from analyzer.sinks.families.cycle import ABOUT_CYCLES
from analyzer.sinks.families.family import Family, OfHosts, Scrape, finite
from analyzer.sinks.families.findings import ABOUT_FINDINGS
from analyzer.sinks.families.forecasts import ABOUT_FORECASTS
from analyzer.sinks.families.health import ABOUT_HEALTH
from analyzer.sinks.families.hosts import ABOUT_HOSTS
from analyzer.sinks.families.incidents import ABOUT_INCIDENTS
from analyzer.sinks.families.outbox import ABOUT_DELIVERIES

__all__ = ["FAMILIES", "Family", "OfHosts", "Scrape", "finite"]

FAMILIES = (
    *ABOUT_HOSTS,
    *ABOUT_FORECASTS,
    *ABOUT_HEALTH,
    *ABOUT_FINDINGS,
    *ABOUT_INCIDENTS,
    *ABOUT_CYCLES,
    *ABOUT_DELIVERIES,
)
