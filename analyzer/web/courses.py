"""A feature's course over a stretch of time, and the range in which it usually lies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from analyzer.data import Feature, Series, Window
from analyzer.features import matcher, query, rate_window_seconds
from analyzer.interfaces import Queries
from analyzer.web.evidence import words
from analyzer.web.page_schema import SeriesTold, UsualTold
from analyzer.wording import meaning

MOST_POINTS = 400
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
# Rates need a few scrapes: what is scraped too seldom for the first is asked for again with the second.
SCRAPES_SECONDS = (15.0, 75.0)
USUAL_SPAN = timedelta(hours=24)
USUAL_STEP = timedelta(minutes=1)
USUAL_RANGE = (0.05, 0.95)
FEWEST_POINTS = 30


async def course(queries: Queries, feature: Feature, host: str, end: datetime, span: timedelta) -> SeriesTold:
    """SourceError, with its reason, when nobody can be asked."""
    window = Window.ending(end, span, _step(span))
    for scrape_seconds in SCRAPES_SECONDS:
        promql = _promql(feature, host, scrape_seconds, window.step)
        before = Window.ending(window.start, USUAL_SPAN, USUAL_STEP)
        usual_promql = _promql(feature, host, scrape_seconds, USUAL_STEP)
        found, history = await asyncio.gather(queries.range(promql, window), queries.range(usual_promql, before))
        if found:
            break
    return SeriesTold(
        host=host,
        feature=feature.name,
        unit=feature.unit,
        meaning=words(lambda language: meaning(feature.name, {feature.name: feature}, language)),
        promql=promql,
        step_seconds=window.step.total_seconds(),
        times=window.times.tolist(),
        values=(found[0].values if found else np.full(window.steps, np.nan)).tolist(),
        usual=_usual(history),
        limit=feature.limit,
    )


def _step(span: timedelta) -> timedelta:
    """The finest even step that gives no more points than a chart can show."""
    fits = [step for step in STEPS if span.total_seconds() / step <= MOST_POINTS]
    return timedelta(seconds=fits[0] if fits else STEPS[-1])


def _promql(feature: Feature, host: str, scrape_seconds: float, step: timedelta) -> str:
    seconds = rate_window_seconds(scrape_seconds, step.total_seconds())
    return query(feature, matcher("instance", host), seconds)


def _usual(history: Sequence[Series]) -> UsualTold | None:
    values = history[0].values if history else np.empty(0)
    known = values[np.isfinite(values)]
    if len(known) < FEWEST_POINTS:
        return None
    low, high = np.quantile(known, USUAL_RANGE)
    return UsualTold(low=float(low), high=float(high), points=len(known))
