"""Forecasts beside their peers in one run: when disks fill, and what servers' metrics are two days ahead.

`python -m benchmarks.forecast --shared=../shared`; statsforecast is compared where it is installed. `forecast` is the
product's forecast of one series.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from benchmarks.forecast_fills import fill_table, held_table
from benchmarks.forecast_growth import growth_table
from benchmarks.forecast_metrics import metrics_table, server_metrics
from benchmarks.forecast_one import forecast

__all__ = ["forecast"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", default="", help="folder whose data/smd and data/asd hold server metrics")
    arguments.add_argument("--each", type=int, default=20, help="series of each kind of fill")
    arguments.add_argument("--seeds", type=int, nargs="*", default=[1, 1001, 2001, 3001, 4001, 5001])
    arguments.add_argument("--hosts", type=int, nargs="*", default=[100, 1000, 10000], help="10000 takes three minutes")
    chosen = arguments.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # peers divide by zero on constant series
    for line in fill_table(chosen.each, chosen.seeds):
        print(line, flush=True)
    print()
    for line in held_table(chosen.each, chosen.seeds):
        print(line, flush=True)
    print()
    for name, per_hour in (("smd", 60), ("asd", 12)):
        folder = Path(chosen.shared) / "data" / name
        if chosen.shared and folder.is_dir():
            print(name, *metrics_table(server_metrics(folder, per_hour, 6, chosen.seeds[0]), 100), sep="\n", end="\n\n")
        else:
            print(f"server metrics: no data at {folder}, not measured\n")
    for line in growth_table(chosen.hosts):
        print(line, flush=True)


if __name__ == "__main__":
    main()
