"""When disks fill: the product beside what people use, on the generator's series, over several seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.forecasters.outlook import foresee
from benchmarks.forecast_one import forecast
from benchmarks.forecast_series import DAY, KINDS, Array, Case, case

HOUR = 3600.0
# Ends of the distances by which intervals are told apart, in hours.
DISTANCES = (6, 24, 48, 96, 168, 336, 720)
STEP_SECONDS = 900.0


FillTeller = Callable[[Case], float]


def product(known: Case) -> float:
    told = forecast(known.times[: known.known], known.values[: known.known], known.limit, 30 * DAY)["exhaustion"]
    return float(told[0]) if told else np.inf


def predict_linear(hours: float) -> FillTeller:
    """Prometheus's function over the last hours, as node-mixin's alerts use it."""

    def tell(known: Case) -> float:
        times, values = known.times[: known.known], known.values[: known.known]
        recent = np.isfinite(values) & (times > times[-1] - hours * HOUR)
        slope, now = np.polyfit(times[recent] - times[-1], values[recent], 1)
        return float((known.limit - now) / slope) if slope > 0 else np.inf

    return tell


def theil_sen(known: Case) -> float:
    """Median slope between the medians of the last seven days."""
    per_day = round(DAY / (known.times[1] - known.times[0]))
    days = np.nanmedian(known.values[known.known - 7 * per_day : known.known].reshape(7, per_day), axis=1)
    i, j = np.triu_indices(7, 1)
    slope = np.median((days[j] - days[i]) / (j - i))
    now = known.values[: known.known][np.isfinite(known.values[: known.known])][-1]
    return float((known.limit - now) / slope * DAY) if slope > 0 else np.inf


FILL_TELLERS: dict[str, FillTeller] = {
    "OpenManager": product,
    "predict_linear 1 h": predict_linear(1),
    "predict_linear 6 h": predict_linear(6),
    "predict_linear 4 d": predict_linear(96),
    "linear regression, all": predict_linear(1e6),
    "Theil-Sen, 7 daily medians": theil_sen,
    "last value": lambda _: np.inf,
}


@dataclass(frozen=True)
class Tally:
    """How one teller did on one seed's series."""

    error: float
    precision: float
    recall: float
    false: int


def tally(told: Array, truth: Array) -> Tally:
    """Relative error of the time to full (1 at most), who was right about four days, and who cried within one."""
    filling = truth <= 25 * DAY
    error = np.minimum(np.abs(np.minimum(told, 1e12)[filling] - truth[filling]) / truth[filling], 1.0).mean()
    soon, right = told <= 4 * DAY, truth <= 4 * DAY
    both = (soon & right).sum()
    false = ((told <= DAY) & (truth > 1.5 * DAY)).sum()
    return Tally(float(error), float(both / max(soon.sum(), 1)), float(both / right.sum()), int(false))


def drawn(each: int, seed: int, history_days: float = 14.0) -> list[Case]:
    return [case(kind, seed + i, history_days=history_days, step=STEP_SECONDS) for kind in KINDS for i in range(each)]


def truths(cases: Sequence[Case]) -> Array:
    return np.array([np.inf if c.full_in is None else c.full_in for c in cases])


def fill_table(each: int, seeds: Sequence[int]) -> Iterator[str]:
    """Mean over the seeds, and in brackets the worst seed."""
    yield f"time to full, {len(KINDS)} kinds x {each} series of 14 days every 15 min x {len(seeds)} seeds: mean (worst)"
    yield f"{'':28}{'rel. error':>14}{'precision':>14}{'recall':>14}{'false <24h':>12}{'ms':>8}"
    drawings = [drawn(each, seed) for seed in seeds]
    for name, tell in FILL_TELLERS.items():
        began = time.perf_counter()
        found = [tally(np.array([tell(c) for c in cases]), truths(cases)) for cases in drawings]
        spent = (time.perf_counter() - began) / sum(map(len, drawings)) * 1e3
        error, precision, recall = (
            [getattr(each, part) for each in found] for part in ("error", "precision", "recall")
        )
        yield (
            f"{name:28}{np.mean(error):7.3f} ({max(error):.3f}){np.mean(precision):6.3f} ({min(precision):.3f})"
            f"{np.mean(recall):6.3f} ({min(recall):.3f}){sum(t.false for t in found):10d}{spent:10.2f}"
        )


def held_table(each: int, seeds: Sequence[int]) -> Iterator[str]:
    """What the product's 90% intervals held of what came until the disk was full, by hours ahead and history."""
    yield "share of what came that 90% intervals held, by hours ahead (up to) and days of history"
    yield f"{'':10}" + "".join(f"{end:>8}" for end in DISTANCES) + f"{'all':>8}{'<= 7 d':>8}"
    for days in (7.0, 10.0, 14.0, 21.0, 28.0):
        inside, came = np.zeros(len(DISTANCES)), np.zeros(len(DISTANCES))
        for seed in seeds:
            held, known = coverage(drawn(each, seed, days))
            inside, came = inside + held, came + known
        week = DISTANCES.index(168) + 1
        row = [*(inside / came), inside.sum() / came.sum(), inside[:week].sum() / came[:week].sum()]
        yield f"{days:8.0f} d" + "".join(f"{share:8.3f}" for share in row)


def coverage(cases: Sequence[Case]) -> tuple[Array, Array]:
    """How many hourly values came at each distance before the disk was full, inside the interval and in all."""
    hours = np.arange(1, DISTANCES[-1] + 1)
    limits = np.array([c.limit for c in cases])
    told = foresee(np.array([c.values[: c.known] for c in cases]), STEP_SECONDS, hours * HOUR, limits=limits)
    place = (hours * HOUR / STEP_SECONDS).astype(np.intp) - 1
    came = np.array([c.values[c.known :][place] for c in cases])
    counts = np.isfinite(came) & (hours * HOUR < truths(cases)[:, None])
    held = counts & (came >= told.lower) & (came <= told.upper)
    distance = np.searchsorted(DISTANCES, hours)
    size = len(DISTANCES)
    return (
        np.bincount(distance, held.sum(axis=0), size).astype(float),
        np.bincount(distance, counts.sum(axis=0), size).astype(float),
    )
