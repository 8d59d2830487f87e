"""Forecasts beside their peers in one run: when disks fill, and what servers' metrics are two days ahead.

`python -m benchmarks.forecast --shared=../shared`; statsforecast is compared where it is installed.
"""

from __future__ import annotations

import argparse
import importlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.data import Feature, Fleet, Frame, Host, Times, Values
from analyzer.forecasters.host import forecast_fleet
from analyzer.forecasters.outlook import foresee
from analyzer.forecasters.series import forecast_regular, regular
from analyzer.health import health
from analyzer.states import fit_states
from benchmarks.forecast_series import DAY, KINDS, START, Array, Case, case

HOUR = 3600.0
HISTORY_HOURS, AHEAD_HOURS, SEASON_HOURS = 336, 48, 24


def forecast(
    times: Array, values: Array, limit: float | None = None, horizon_seconds: float = DAY, level: float = 0.9
) -> dict[str, Any]:
    """The product's forecast of one series: `times` (epoch seconds), `point`, `lower`, `upper`, `exhaustion`.

    It is told at the series' own step after the last of `times`; `exhaustion` is (seconds, lower, upper) from there
    until `limit`, None where it isn't reached within the horizon.
    """
    known = regular(times, values)
    end = float(np.max(times))
    count = max(1, int(horizon_seconds / known.step_seconds + 1e-9))
    ahead = end + known.step_seconds * np.arange(1, count + 1)
    outlook = forecast_regular(known, ahead, level=level, limit=limit)
    until = outlook.exhausted_in[0]
    silent = end - known.end
    return {
        "times": ahead,
        "point": outlook.point[0],
        "lower": outlook.lower[0],
        "upper": outlook.upper[0],
        "exhaustion": None if np.isnan(until[0]) else tuple(float(max(at - silent, 0.0)) for at in until),
    }


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


def fill_table(each: int, seed: int) -> Iterator[str]:
    """Error of the time to full, and who was right about the next four days."""
    cases = [case(kind, seed + i) for kind in KINDS for i in range(each)]
    truth = np.array([np.inf if c.full_in is None else c.full_in for c in cases])
    yield f"time to full, {len(KINDS)} kinds x {each} series of 14 days every 15 min (seed {seed})"
    yield f"{'':28}{'rel. error':>11}{'precision':>11}{'recall':>8}{'false <24h':>11}{'ms':>9}"
    for name, tell in FILL_TELLERS.items():
        began = time.perf_counter()
        told = np.array([tell(c) for c in cases])
        spent = (time.perf_counter() - began) / len(cases) * 1e3
        filling = truth <= 25 * DAY
        error = np.minimum(np.abs(np.minimum(told, 1e12)[filling] - truth[filling]) / truth[filling], 1.0).mean()
        soon, right = told <= 4 * DAY, truth <= 4 * DAY
        precision = (soon & right).sum() / max(soon.sum(), 1)
        false = ((told <= DAY) & (truth > 1.5 * DAY)).sum()
        yield f"{name:28}{error:11.3f}{precision:11.3f}{(soon & right).sum() / right.sum():8.3f}{false:11d}{spent:9.2f}"


@dataclass(frozen=True)
class Metrics:
    """Hourly histories of server metrics and what came in the 48 hours after each."""

    history: Array
    came: Array


def server_metrics(folder: Path, per_hour: int, per_metric: int, seed: int) -> Metrics:
    """Hourly means of the machines in `folder`, from random moments; metrics that never move are left out."""
    rng = np.random.default_rng(seed)
    history, came = [], []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            steps = np.concatenate([file["train"], file["test"]])
        hours = steps[: len(steps) // per_hour * per_hour].reshape(-1, per_hour, steps.shape[1]).mean(axis=1)
        for metric in hours.T:
            for start in rng.integers(0, len(metric) - HISTORY_HOURS - AHEAD_HOURS, per_metric):
                known = metric[start : start + HISTORY_HOURS]
                if np.abs(np.diff(known)).mean() > 1e-6 * (np.abs(known).mean() + 1e-9):
                    history.append(known)
                    came.append(metric[start + HISTORY_HOURS : start + HISTORY_HOURS + AHEAD_HOURS])
    return Metrics(np.array(history, dtype=np.float64), np.array(came, dtype=np.float64))


def decaying(x: Array) -> Array:
    """Hour-of-day median of a week, and what now differs by, forgotten by 5% an hour."""
    profile = np.median(x[-168:].reshape(7, 24), axis=0)
    off = np.median(x[-3:] - profile[-3:])
    return np.asarray(np.tile(profile, 2) + off * 0.95 ** np.arange(1, AHEAD_HOURS + 1))


PointTeller = Callable[[Array], Array]
POINT_TELLERS: dict[str, PointTeller] = {
    "last value": lambda x: np.repeat(x[-1], AHEAD_HOURS),
    "seasonal naive": lambda x: np.tile(x[-24:], 2),
    "hour-of-day median + decay": decaying,
    "predict_linear 24 h": lambda x: np.polyval(np.polyfit(np.arange(24), x[-24:], 1), np.arange(24, 72)),
}


def statsforecast_tellers() -> dict[str, PointTeller]:
    """AutoETS and AutoTheta with a season of 24 hours; none where the package is absent."""
    try:
        models = importlib.import_module("statsforecast.models")
    except ImportError:
        return {}

    def teller(model: Any) -> PointTeller:
        return lambda x: np.asarray(
            model(season_length=SEASON_HOURS).forecast(x.astype(np.float64), AHEAD_HOURS)["mean"]
        )

    return {name: teller(getattr(models, name)) for name in ("AutoETS", "AutoTheta")}


def metrics_table(found: Metrics, slow_series: int) -> Iterator[str]:
    """MASE (scaled by the history's seasonal naive error, at most 20 a series) and what intervals held."""
    scale = np.abs(found.history[:, 24:] - found.history[:, :-24]).mean(axis=1)
    keep = scale > 1e-9
    history, came, scale = found.history[keep], found.came[keep], scale[keep]

    def mase(told: Array, rows: slice) -> float:
        return float(np.minimum(np.abs(told - came[rows]).mean(axis=1) / scale[rows], 20.0).mean())

    everything, some = slice(None), slice(None, None, max(1, len(history) // slow_series))
    yield f"48 h of {len(history)} hourly server metrics from 14 days ('some': every {some.step}th of them)"
    yield f"{'':28}{'MASE':>8}{'MASE some':>11}{'ms a series':>13}{'90% held':>10}"
    began = time.perf_counter()
    outlook = foresee(history, HOUR, np.arange(1, AHEAD_HOURS + 1) * HOUR)
    spent = (time.perf_counter() - began) / len(history) * 1e3
    held = ((came >= outlook.lower - 1e-9) & (came <= outlook.upper + 1e-9)).mean()
    row = (mase(outlook.point, everything), mase(outlook.point[some], some))
    yield f"{'OpenManager, all at once':28}{row[0]:8.3f}{row[1]:11.3f}{spent:13.2f}{held:10.3f}"
    times = 1.79e9 + np.arange(HISTORY_HOURS) * HOUR
    began = time.perf_counter()
    alone = np.array([forecast(times, x, None, AHEAD_HOURS * HOUR)["point"] for x in history[some]])
    spent = (time.perf_counter() - began) / len(alone) * 1e3
    yield f"{'OpenManager, one by one':28}{'':8}{mase(alone, some):11.3f}{spent:13.2f}"
    for name, tell in POINT_TELLERS.items():
        told = np.array([tell(x) for x in history])
        yield f"{name:28}{mase(told, everything):8.3f}{mase(told[some], some):11.3f}"
    tellers = statsforecast_tellers()
    if not tellers:
        yield "AutoETS, AutoTheta: statsforecast is not installed, not compared"
    for name, tell in tellers.items():
        tell(history[0])  # compiled at the first call
        began = time.perf_counter()
        told = np.array([tell(x) for x in history[some]])
        spent = (time.perf_counter() - began) / len(told) * 1e3
        yield f"{name:28}{'':8}{mase(told, some):11.3f}{spent:13.2f}"


def growth_table(sizes: Sequence[int], features: int = 40) -> Iterator[str]:
    """What all forecasts, states and health scores of a fleet cost in CPU time, and how that grows."""
    yield f"forecasts for 30 days, states and health of hosts with {features} features: CPU seconds"
    yield f"{'hosts':>8}{'series':>10}{'forecasts':>11}{'states':>9}{'health':>9}{'ms per 1000 series':>20}"
    rng = np.random.default_rng(0)
    catalogue = tuple(
        Feature(
            f"feature_{f}",
            "ratio",
            f"group_{f % 8}",
            "",
            {"en": ""},
            limit=1.0 if f % 4 == 0 else None,
            saturates_at=0.9,
        )
        for f in range(features)
    )
    names = tuple(feature.name for feature in catalogue)
    hour: Times = START + np.arange(HISTORY_HOURS, dtype=np.float64) * HOUR
    minute: Times = START + np.arange(HISTORY_HOURS, dtype=np.float64) * 60
    day = 0.5 + 0.1 * np.sin(hour / DAY * 2 * np.pi)[:, None]
    states = fit_states(Frame("", names, hour, noisy_day(rng, day, features)))
    for hosts in sizes:
        spent = np.zeros(3)
        for at in range(0, hosts, 100):
            count = min(100, hosts - at)
            values = np.stack([noisy_day(rng, day, features).T for _ in range(count)])
            fleet = Fleet(tuple(Host(f"host-{at + i}") for i in range(count)), names, hour, values)
            frames = [Frame(host.name, names, minute, values[i].T) for i, host in enumerate(fleet.hosts)]
            began = time.process_time()
            told = forecast_fleet(fleet, catalogue)
            foretold = time.process_time()
            for frame in frames:
                states.state(frame)
            stated = time.process_time()
            for frame in frames:
                health(frame, catalogue, (), told[frame.host])
            spent += (foretold - began, stated - foretold, time.process_time() - stated)
        each = spent.sum() / (hosts * features) * 1e6
        yield f"{hosts:8d}{hosts * features:10d}{spent[0]:11.1f}{spent[1]:9.2f}{spent[2]:9.2f}{each:20.0f}"


def noisy_day(rng: np.random.Generator, day: Array, features: int) -> Values:
    return np.asarray(day + 0.05 * rng.standard_normal((len(day), features)), dtype=np.float32)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", default="", help="folder whose data/smd and data/asd hold server metrics")
    arguments.add_argument("--each", type=int, default=60, help="series of each kind of fill")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--hosts", type=int, nargs="*", default=[100, 1000, 2500, 10000])
    chosen = arguments.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # peers divide by zero on constant series
    print(*fill_table(chosen.each, chosen.seed), sep="\n", end="\n\n")
    for name, per_hour in (("smd", 60), ("asd", 12)):
        folder = Path(chosen.shared) / "data" / name
        if chosen.shared and folder.is_dir():
            print(name, *metrics_table(server_metrics(folder, per_hour, 6, chosen.seed), 100), sep="\n", end="\n\n")
        else:
            print(f"server metrics: no data at {folder}, not measured\n")
    print(*growth_table(chosen.hosts), sep="\n")


if __name__ == "__main__":
    main()
