"""Every benchmark in turn: `python -m benchmarks --shared=FOLDER`. Each is a program of its own, run the same way."""

from __future__ import annotations

import subprocess
import sys

PROGRAMS = (
    "exporter",
    "endurance",
    "processes",
    "logs",
    "conformance",
    "detection_cost",
    "fleet_cycle",
    "renewal",
    "nab",
    "forecast",
    "understanding",
    "answers",
    "page",
    "alerting",
)


def main() -> int:
    failed = 0
    for program in PROGRAMS:
        print(f"== {program}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"benchmarks.{program}", *sys.argv[1:]], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
