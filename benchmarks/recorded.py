"""Forecasts held against what this machine then did: `python -m benchmarks.recorded DIR`, after `benchmarks.recording`.

From moments spread over the recording, each feature is forecast from what was known then, a quarter of an hour ahead,
and each filesystem that was filled until when it would be full.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from analyzer.data import Times
from analyzer.forecasters.outlook import foresee
from benchmarks.forecast_one import forecast
from benchmarks.forecast_series import Array

STEP_SECONDS = 5.0
LEAST_KNOWN_SECONDS, AHEAD_SECONDS = 1200.0, 900.0
MOMENTS = 40
# A fill is asked about while so much of it has been seen and so much of it is left.
SEEN, LEFT = 0.25, 0.1
FILL = "fill_"


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1].startswith("--"):
        print("no recording was named, not measured: python -m benchmarks.recorded DIR")
        return 0
    with np.load(Path(sys.argv[1]) / "recorded.npz") as file:
        found = {name: file[name] for name in file.files}
    for line in lines(found):
        print(line, flush=True)
    return 0


def lines(found: Mapping[str, Array]) -> Iterator[str]:
    times: Times = found["times"].astype(np.float64)
    names = [str(name) for name in found["names"]]
    values = found["values"].astype(np.float64)
    yield f"recorded for {(times[-1] - times[0]) / 3600:.1f} h at {STEP_SECONDS:.0f} s, {len(names)} series"
    yield from features(names, values)
    for name in names:
        if name.startswith(FILL):
            yield from fills(name, times, values[names.index(name)], found[f"full_{name.removeprefix(FILL)}"])


def features(names: list[str], values: Array) -> Iterator[str]:
    """What 90% intervals held, and errors in each feature's standard deviations beside those of plainer forecasts."""
    known, ahead = int(LEAST_KNOWN_SECONDS / STEP_SECONDS), int(AHEAD_SECONDS / STEP_SECONDS)
    usable = [
        i for i, name in enumerate(names) if not name.startswith(FILL) and np.isfinite(values[i, 60:]).mean() > 0.95
    ]
    moving = [i for i in usable if np.nanstd(values[i]) > 1e-6 * abs(np.nanmean(values[i])) + 1e-12]
    spread = np.nanstd(values[moving], axis=1)
    held, missed, last, minute = [], [], [], []
    for now in np.linspace(known, values.shape[1] - ahead - 1, MOMENTS).astype(int):
        told = foresee(values[moving][:, :now], STEP_SECONDS, np.arange(1, ahead + 1) * STEP_SECONDS)
        came = values[moving][:, now : now + ahead]
        there = np.isfinite(came)
        newest = values[moving][:, now - 12 : now]
        held.append(
            (there & (came >= told.lower) & (came <= told.upper)).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        )
        missed.append(np.nanmean(np.abs(came - told.point), axis=1) / spread)
        last.append(np.nanmean(np.abs(came - newest[:, -1:]), axis=1) / spread)
        minute.append(np.nanmean(np.abs(came - np.nanmedian(newest, axis=1, keepdims=True)), axis=1) / spread)
    yield f"{len(moving)} features that move, {AHEAD_SECONDS / 60:.0f} min ahead from {MOMENTS} moments:"
    yield f"  90% intervals held {np.mean(held):.3f}; mean error in standard deviations: {np.nanmean(missed):.3f}"
    yield f"  last value {np.nanmean(last):.3f}, the newest minute's median {np.nanmean(minute):.3f}"


def fills(name: str, times: Times, used: Array, full_at: Array) -> Iterator[str]:
    """How far off the time to full was, in shares of it, while a quarter to nine tenths of each fill had passed."""
    errors, held, missing = [], [], 0
    begun = times[0]
    for end in full_at:
        for part in np.linspace(SEEN, 1 - LEFT, 8):
            now = begun + part * (end - begun)
            seen = times <= now
            told = forecast(times[seen], used[seen], 1.0, 3 * 3600.0)["exhaustion"]
            left = end - times[seen][-1]
            if told is None:
                missing += 1
                continue
            errors.append(min(abs(told[0] - left) / left, 1.0))
            held.append(told[1] <= left <= told[2])
        begun = end + 60
    if errors:
        off = f"off by {np.mean(errors):.2f} on average, {np.median(errors):.2f} in the middle"
        asked = len(errors) + missing
        yield f"{name}: {len(full_at)} fills, time to full {off}; intervals held {np.mean(held):.2f}"
        yield f"  {missing} of {asked} times not foreseen"
    else:
        yield f"{name}: {len(full_at)} fills, none foreseen at {missing} moments"


if __name__ == "__main__":
    sys.exit(main())
