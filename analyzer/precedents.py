"""What history itself shows at one time of day on several days: known before anyone was there to find it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.data import Frame, Precedent, Rows, Scores, Severity, Values
from analyzer.detectors import scored
from analyzer.detectors.fitted import Fitted
from analyzer.detectors.scores import blame_of
from analyzer.judge.findings import CAUSES_TOLD
from analyzer.judge.ladder import DAY_SECONDS, GAP_STEPS, episode_counts, lowest_within
from analyzer.judge.recurrence import days_ago

# What comes oftener belongs to no hour, and what is lower than this no judge would call out.
MOST_A_DAY = 3.0
LEAST_HEIGHT = 0.5
# The hour may be that of clocks which have changed since: whose clocks is for the judge to know.
SHIFTS = (timedelta(0), timedelta(hours=1), timedelta(hours=-1))
# Models are shown so much before an episode, and so much of it: what is to blame is plain by then.
BEFORE_STEPS, MOST_STEPS = 60, 120


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of history, `begin` to `end`, whose heights stood out up to `peak`."""

    begin: int
    end: int
    peak: float


def precedents(history: Frame, held_out: Values, step_seconds: float, fitted: Fitted) -> tuple[Precedent, ...]:
    """Episodes of `held_out`, the heights of history's rows, that came at about the same time on another day."""
    stretches = standing_out(held_out, step_seconds)
    begins = [datetime.fromtimestamp(float(history.times[one.begin]), UTC) for one in stretches]
    return tuple(
        _precedent(history, one, fitted)
        for one, at in zip(stretches, begins, strict=True)
        if any(days_ago(max(at, other) + shift, min(at, other)) for other in begins for shift in SHIFTS)
    )


def standing_out(held_out: Values, step_seconds: float) -> list[Stretch]:
    """As episodes of an alarm would be, were the bar what is reached thrice a day."""
    rows = np.flatnonzero(np.isfinite(held_out))
    days = np.array([len(rows) * step_seconds / DAY_SECONDS])
    bar = max(float(lowest_within(episode_counts(held_out[rows])[None], MOST_A_DAY * days)[0]), LEAST_HEIGHT)
    high = np.flatnonzero(np.nan_to_num(held_out) >= bar)
    parts: Sequence[Rows] = np.split(high, np.flatnonzero(np.diff(high) > GAP_STEPS + 1) + 1)
    last = len(held_out) - 1
    return [
        Stretch(int(part[0]), min(int(part[-1]) + GAP_STEPS, last), float(held_out[part].max()))
        for part in parts
        if len(part)
    ]


def _precedent(history: Frame, one: Stretch, fitted: Fitted) -> Precedent:
    first, last = max(0, one.begin - BEFORE_STEPS), min(one.end, one.begin + MOST_STEPS) + 1
    rows = Frame(history.host, history.features, history.times[first:last], history.values[first:last])
    begin, end = history.times[one.begin], history.times[one.end]
    shares = _shares(scored(fitted, history.features, rows)[-1], one.begin - first)
    return Precedent(
        history.host,
        datetime.fromtimestamp(float(begin), UTC),
        datetime.fromtimestamp(float(end), UTC),
        int(Severity.WARNING),
        -float(np.expm1(-one.peak)),
        shares,
        reached=_reached(history, one, shares),
    )


def _shares(scores: Scores, begin: int) -> dict[str, float]:
    """As a finding's causes are: the most that each contributed at any one step."""
    most = blame_of(scores)[begin:].max(axis=0)
    total = float(most.sum()) or 1.0
    told = np.argsort(-most, kind="stable")[:CAUSES_TOLD]
    return {scores.features[column]: float(most[column]) / total for column in told if most[column] > 0}


def _reached(history: Frame, one: Stretch, features: Iterable[str]) -> dict[str, tuple[float, float]]:
    """From a little before on, as the judge looks at a finding; without what has no value in that time."""
    rows = history.values[max(0, one.begin - GAP_STEPS) : one.end + 1]
    seen = {name: rows[:, history.features.index(name)] for name in features}
    known = {name: values[np.isfinite(values)] for name, values in seen.items()}
    return {name: (float(values.min()), float(values.max())) for name, values in known.items() if len(values)}
