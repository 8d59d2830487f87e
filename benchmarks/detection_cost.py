"""What detection costs: a fleet's new row, a host's refit, and both beside their peers, in one run.

`python -m benchmarks.detection_cost [--most=10000]`. Peers: scikit-learn's IsolationForest, and the k-nearest-neighbour
detector of PyOD; where PyOD is not installed, its score (the distance to the fifth neighbour) by scikit-learn.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from analyzer.data import Fleet, Frame, Host, Values
from analyzer.detectors import DETECTORS, LOOKBACK_STEPS, Lesson
from analyzer.detectors.fleet import FleetModels
from analyzer.detectors.forest import grow
from analyzer.host_models import fit_host
from analyzer.lean import hold_little

FEATURES, WEEK, STEP = 40, 10_080, 60.0
FLEETS = (100, 300, 1000, 2500, 5000, 10_000)
TICKS, NEIGHBOURS = 8, 5
NAMES = tuple(f"feature_{n}" for n in range(FEATURES))
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def lived(rows: int, seed: int = 0) -> Values:
    """A host's rows: days, what all features share, noise, some that never move and one that is mostly still."""
    random = np.random.default_rng(seed)
    shared = random.normal(0.0, 1.0, (rows, 3)).cumsum(axis=0)
    shared = (shared - shared.mean(axis=0)) / shared.std(axis=0)
    day = np.sin(np.arange(rows) * 2 * np.pi * STEP / 86400)[:, None]
    values = 10.0 + shared @ random.normal(0.0, 1.0, (3, FEATURES)) + day @ random.normal(0.0, 1.0, (1, FEATURES))
    values += random.normal(0.0, 1.0, (rows, FEATURES))
    values[:, 35:38] = 3.0
    values[:, 38] = np.maximum(values[:, 38] - 13.0, 0.0)
    return np.asarray(values, np.float32)


def frame(values: Values) -> Frame:
    return Frame("host", NAMES, NOW.timestamp() + STEP * np.arange(-len(values), 0, dtype=np.float64), values)


def timed(work: Callable[[], object], times: int = 1) -> tuple[float, float]:
    """The best of some runs: its seconds, and the processor's."""
    found = []
    for _ in range(times):
        begun, used = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - begun, time.process_time() - used))
    return min(wall for wall, _ in found), min(used for _, used in found)


def tick_of(hosts: int) -> tuple[float, float]:
    """Score one new row of so many hosts."""
    lesson = Lesson.of(frame(lived(2000)), tuple(DETECTORS.values()), {}).fit()
    models, known = FleetModels(), tuple(Host(f"host-{n}") for n in range(hosts))
    for host in known:
        models.put(host.name, NAMES, lesson)
    rows = 12 + TICKS
    values = np.random.default_rng(1).normal(10.0, 1.0, (hosts, FEATURES, rows)).astype(np.float32)
    times = NOW.timestamp() + STEP * np.arange(rows, dtype=np.float64)
    ends = iter(range(12, rows + 1))

    def score() -> None:
        end = next(ends)
        models.score(Fleet(known, NAMES, times[:end], values[:, :, :end]))

    score()  # looks back once
    return timed(score, TICKS)


def ticks(most: int) -> float:
    """Prints each fleet's; what a host of the 2,500 costs, in seconds of the processor."""
    print(
        f"one new row scored, {FEATURES} features a host, all models (looks back {LOOKBACK_STEPS} rows only at first)"
    )
    each = 0.0
    for hosts in (hosts for hosts in FLEETS if hosts <= most):
        wall, used = tick_of(hosts)
        each = used / hosts if hosts <= 2500 else each
        print(
            f"  {hosts:6d} hosts: {1e3 * wall:8.1f} ms, {1e3 * used:8.1f} ms of processor, "
            f"{1e6 * used / hosts:6.1f} µs a host"
        )
    return each


def peers(ours: float) -> None:
    history, row = lived(WEEK), lived(100, seed=5)[-1:]
    forest = IsolationForest(random_state=0)
    fit_forest, fit_own = timed(lambda: forest.fit(history), 3)[1], timed(_grown(history), 3)[1]
    theirs = timed(lambda: forest.score_samples(row), 20)[1]
    print(
        f"scikit-learn's IsolationForest: fit {1e3 * fit_forest:.0f} ms (our trees {1e3 * fit_own:.0f} ms), "
        f"one row {1e3 * theirs:.2f} ms; all our models {1e3 * ours:.3f} ms a host: 1/{theirs / ours:.0f}"
    )
    name, score = neighbours(history)
    theirs = timed(lambda: score(row), 20)[1]
    print(f"{name}: one row {1e3 * theirs:.2f} ms; all our models 1/{theirs / ours:.0f}")


def _grown(history: Values) -> Callable[[], object]:
    return lambda: grow(history, 100, 256, np.random.default_rng(0))


def neighbours(history: Values) -> tuple[str, Callable[[Values], object]]:
    if importlib.util.find_spec("pyod"):
        knn = importlib.import_module("pyod.models.knn").KNN(n_neighbors=NEIGHBOURS).fit(history)
        return "PyOD's KNN", knn.decision_function
    near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(history)
    return "PyOD's KNN score by scikit-learn's NearestNeighbors (PyOD is not installed)", near.kneighbors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=10_000)
    asked, _ = parser.parse_known_args()
    hold_little()
    peers(ticks(asked.most))
    history = frame(lived(WEEK))
    fit_host(history, NOW, STEP)
    wall, used = timed(lambda: fit_host(history, NOW, STEP), 5)
    print(f"refit of one host, {WEEK} steps of {FEATURES} features: {wall:.2f} s, {used:.2f} s of processor")


if __name__ == "__main__":
    main()
