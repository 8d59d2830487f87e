"""What servers' metrics are two days ahead: the product beside naive forecasts and statsforecast's."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analyzer.forecasters.outlook import foresee
from benchmarks.forecast_one import forecast
from benchmarks.forecast_series import Array

HOUR = 3600.0
ROOT = Path(__file__).resolve().parent.parent
STATSFORECAST = ROOT / ".tools" / "statsforecast" / "bin" / "python"
HISTORY_HOURS, AHEAD_HOURS, SEASON_HOURS = 336, 48, 24


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


@dataclass(frozen=True)
class Peer:
    """Another forecaster's forecasts of some histories, and the milliseconds that a series took."""

    name: str
    told: Array
    ms: float


def statsforecast_peers(histories: Array) -> list[Peer]:
    """AutoETS and AutoTheta with a season of 24 hours; none where scripts/statsforecast.sh could not install them."""
    if not STATSFORECAST.exists():
        return []
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npy", Path(folder) / "made.npz"
        np.save(given, histories)
        program = ROOT / "benchmarks" / "statsforecast_peers.py"
        command: list[str | Path] = [STATSFORECAST, program, given, made, str(AHEAD_HOURS), str(SEASON_HOURS)]
        subprocess.run(command, check=True)
        with np.load(made) as found:
            return [Peer(name, found[name], float(found[f"{name} ms"])) for name in ("AutoETS", "AutoTheta")]


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
    peers = statsforecast_peers(history[some])
    if not peers:
        yield "AutoETS, AutoTheta: statsforecast is not installed (scripts/statsforecast.sh), not compared"
    for peer in peers:
        yield f"{peer.name:28}{'':8}{mase(peer.told, some):11.3f}{peer.ms:13.2f}"
