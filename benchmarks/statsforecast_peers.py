"""AutoETS and AutoTheta of statsforecast, in an environment of its own: it needs an older pandas than ours.

Run by `benchmarks.forecast_metrics` with a file of hourly histories; writes each model's forecasts and the milliseconds
that a series took. Imports nothing of this project.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

import numpy as np

MODELS = ("AutoETS", "AutoTheta")


def main() -> None:
    given, made, ahead, season = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    models = importlib.import_module("statsforecast.models")
    histories = np.load(given)
    found = {}
    for name in MODELS:
        model = getattr(models, name)(season_length=season)
        model.forecast(histories[0], ahead)  # what is loaded or compiled at the first call is not counted
        began = time.perf_counter()
        found[name] = np.array([model.forecast(history, ahead)["mean"] for history in histories])
        found[f"{name} ms"] = np.array((time.perf_counter() - began) / len(histories) * 1e3)
    np.savez(made, allow_pickle=False, **found)


if __name__ == "__main__":
    main()
