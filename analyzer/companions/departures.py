"""Which of a finding's features left its usual band first, and how far each is from what is usual. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from analyzer.data import Cause, Departure, Evidence, Feature, Finding, Frame, Times, Values, Window
from analyzer.usual_hours import UsualHours

Flags = npt.NDArray[np.bool_]

# A story begins at most so long before its finding does: what drifted before is another story.
BEFORE = timedelta(minutes=15)
# The usual band holds 90% of what was ever seen: half its width beyond it is truly outside.
MARGIN = 0.5
# A run outside the band goes on over so many rows within it: one lucky sample is no return.
BRIDGED_ROWS = 2


def departures(
    finding: Finding, frame: Frame, features: Mapping[str, Feature], hours: UsualHours | None, now: datetime
) -> tuple[Departure, ...]:
    """The causes that left their usual band, in the order in which they did."""
    found = [one for cause in finding.causes if (one := _departure(finding, cause, frame, features, hours, now))]
    return tuple(sorted(found, key=lambda departure: departure.at))


def story_begins(finding: Finding, told: tuple[Departure, ...]) -> datetime:
    """When the first feature moved, at most a while before the finding; else when the finding began."""
    return min([finding.starts_at, *(max(each.at, finding.starts_at - BEFORE) for each in told)])


def _departure(
    finding: Finding,
    cause: Cause,
    frame: Frame,
    features: Mapping[str, Feature],
    hours: UsualHours | None,
    now: datetime,
) -> Departure | None:
    evidence, feature = cause.evidence, features.get(cause.feature)
    if feature is None or cause.feature not in frame.features or not math.isfinite(evidence.value):
        return None
    usual, hourly = hours.usual(feature.name, finding.starts_at) if hours else (None, False)
    column = frame.column(feature.name)
    outside = _outside(column, feature, evidence.usual_low, evidence.usual_high)
    at = left_at(frame.times, outside, finding.starts_at.timestamp())
    if at is None:
        return None
    began = datetime.fromtimestamp(at, UTC)
    value = _worst(column[outside & (frame.times >= at)], evidence)
    shown = replace(evidence, window=Window(min(began, now), now, evidence.window.step), value=value)
    return Departure(feature.name, began, value, usual, hourly, shown)


def _worst(outside: Values, evidence: Evidence) -> float:
    """Of the values beyond the band, the one that lies farthest from it."""
    middle = ((evidence.usual_low or 0.0) + (evidence.usual_high or 0.0)) / 2
    return float(outside[np.argmax(np.abs(outside - middle))])


def _outside(values: Values, feature: Feature, low: float | None, high: float | None) -> Flags:
    """Rows beyond the band on its bad side; where nothing was learned the place from which it hurts is its edge."""
    if low is None or high is None:
        edge = feature.saturates_at
        low, high, margin = (edge, edge, 0.0) if edge is not None else (-math.inf, math.inf, 0.0)
    else:
        margin = max(MARGIN * (high - low), feature.minimum_effect / 2)
    with np.errstate(invalid="ignore"):
        over, under = values >= high + margin, values <= low - margin
    return np.asarray({"high": over, "low": under}.get(feature.worse, over | under))


def left_at(times: Times, outside: Flags, starts_at: float) -> float | None:
    """When the run of rows outside began that goes on at `starts_at` or follows it.

    None where there is none, or where it is older than the rows: then nobody can say.
    """
    rows = np.flatnonzero(outside)
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > BRIDGED_ROWS + 1) + 1)
    told = [run for run in runs if len(run) and times[run[-1]] >= starts_at]
    return float(times[told[0][0]]) if told and told[0][0] > 0 else None
