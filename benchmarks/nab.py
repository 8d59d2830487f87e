"""NAB's real series through the product and its defaults: event recall, false alarms a day, NAB's standard score.

`python -m benchmarks.nab --shared=FOLDER`. Scored as Lavin and Ahmad describe (ICMLA 2015),
standard profile; a detection is the beginning of an alarm, there is no threshold to choose. As there, the first 15% of
a file (750 rows at most) is for learning only. What follows is learned again each time that history has doubled.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from analyzer.data import Frame, Times, Values
from analyzer.host_models import fit_host
from analyzer.judge import Budget, Rule
from analyzer.judge.anomaly import course, learned
from analyzer.judge.ladder import DAY_SECONDS, heights_of
from analyzer.judge.watch import Flags, Watch

PROBATION, MOST_PROBATION = 0.15, 750
FALSE_ALARM_WEIGHT = 0.11
# One for all files. The profile takes a ninth of a missed window for each false alarm, however long a file is: that is
# stricter than the product's default of 0.2, for files of up to 329 days.
BUDGET = 0.05
HOST = "bench"


@dataclass(frozen=True, slots=True)
class Series:
    """One file: `windows` are the labelled spans of rows, both ends included; rows before `probation` don't count."""

    name: str
    times: Times
    values: Values
    windows: tuple[tuple[int, int], ...]
    probation: int

    @property
    def step_seconds(self) -> float:
        return float(np.median(np.diff(self.times)))

    def frame(self, begin: int, end: int) -> Frame:
        return Frame(HOST, ("value",), self.times[begin:end], self.values[begin:end, None])


def load(folder: Path) -> Iterator[Series]:
    """Every file named in windows.json."""
    labels = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    for name, spans in sorted(labels.items()):
        table = pd.read_csv(folder / name, parse_dates=["timestamp"])
        stamps = pd.DatetimeIndex(table["timestamp"]).tz_localize("UTC")
        times = np.array([stamp.timestamp() for stamp in stamps], dtype=np.float64)
        edges = [tuple(pd.Timestamp(edge, tz="UTC").timestamp() for edge in span) for span in spans]
        windows = tuple(
            (int(np.searchsorted(times, begin)), int(np.searchsorted(times, end, side="right")) - 1)
            for begin, end in edges
        )
        probation = int(min(PROBATION * len(times), MOST_PROBATION))
        yield Series(name, times, table["value"].to_numpy(np.float32), windows, probation)


def alarms(series: Series, budget: float) -> Flags:
    """The judge's alarm at each row; False throughout probation."""
    told, watch = np.zeros(len(series.times), bool), Watch.of(1)
    fitted_on, step = series.probation, series.step_seconds
    while fitted_on < len(series.times):
        until = min(2 * fitted_on, len(series.times))
        now = datetime.fromtimestamp(series.times[fitted_on - 1], tz=UTC)
        models = fit_host(series.frame(0, fitted_on), now, step)
        # the models see the rows before, as in life; only the new ones are judged
        heights = heights_of(models.score(series.frame(0, until))[-1])[fitted_on:until]
        known = learned((HOST,), {HOST: models.calibration})
        taken = course(Rule(Budget(budget)), watch, known, series.times[fitted_on:until], heights[:, None], step)
        told[fitted_on:until], watch = taken.alarm[:, 0], taken.watch
        fitted_on = until
    return told


def starts(alarm: Flags) -> list[int]:
    return np.flatnonzero(np.diff(alarm.astype(np.int8), prepend=0) == 1).tolist()


def sigmoid(position: float) -> float:
    """NAB's reward: 1 at a window's beginning (-1), 0 at its end (0), towards -1 well after it."""
    return float(2.0 / (1.0 + np.exp(5.0 * position)) - 1.0) if position <= 3 else -1.0


def nab_score(series: Series, detections: list[int]) -> float:
    """The file's raw score in the standard profile: each window heard early is worth up to 1, a missed one costs 1."""
    score = 0.0
    for begin, end in series.windows:
        inside = [row for row in detections if begin <= row <= end]
        score += sigmoid((inside[0] - end) / max(end - begin, 1)) / sigmoid(-1.0) if inside else -1.0
    for row in detections:
        if any(begin <= row <= end for begin, end in series.windows):
            continue
        passed = [(begin, end) for begin, end in series.windows if end < row]
        position = (row - passed[-1][1]) / max(passed[-1][1] - passed[-1][0], 1) if passed else 4.0
        score += FALSE_ALARM_WEIGHT * sigmoid(position)
    return score


def normalised(scores: list[float], windows: int) -> float:
    """100 for every window heard at once without a false alarm, 0 for never saying anything."""
    return 100.0 * (sum(scores) + windows) / (2.0 * windows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="folder whose data/nab has windows.json and files")
    parser.add_argument("--budget", type=float, default=BUDGET, help="false alarms a day")
    args = parser.parse_args()
    every, scores, heard, false, days = list(load(args.shared / "data/nab")), [], 0, 0, 0.0
    for series in every:
        detections = starts(alarms(series, args.budget))
        hit = sum(any(begin <= row <= end for row in detections) for begin, end in series.windows)
        wrong = sum(not any(begin <= row <= end for begin, end in series.windows) for row in detections)
        span = (series.times[-1] - series.times[series.probation]) / DAY_SECONDS
        scores.append(nab_score(series, detections))
        heard, false, days = heard + hit, false + wrong, days + span
        print(
            f"{series.name:60} heard {hit}/{len(series.windows)}  false/day {wrong / span:5.2f}  raw {scores[-1]:6.2f}"
        )
    windows = sum(len(series.windows) for series in every)
    print(f"event recall {heard / windows:.2f}, false alarms a day {false / days:.2f}, ", end="")
    print(f"NAB standard score {normalised(scores, windows):.1f}")


if __name__ == "__main__":
    main()
