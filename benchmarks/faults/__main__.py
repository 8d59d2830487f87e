"""Causes the faults one after another on this machine and tells what the analyzer made of them.

    python -m benchmarks.faults [--only=NAME,…] [--quiet-minutes=12] [--seconds=60] [--budget=24] [--one-life]
        [--json=FILE] [--record=FOLDER]

Each fault meets an analyzer that has learned the quiet time and nothing else: after each, Prometheus is given back what
it had recorded by then and the analyzer starts anew. With --one-life nothing is forgotten.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from analyzer.errors import SourceError
from benchmarks.faults.ground import Ground, ground, running
from benchmarks.faults.listed import FAULTS, Fault, backup, missing
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.recorded import QUIET, record
from benchmarks.faults.stack import Stack, ends_well_on_sigterm, stack
from benchmarks.faults.table import Quiet, heading, row, summary
from benchmarks.faults.trial import LOAD, tried

BACKUP_EVERY_SECONDS = 150.0
BACKUP_SECONDS = 30.0
# The load average comes down to a little more than the highest of quiet time before the next fault.
LOAD_MARGIN = 0.1
# On a machine that idles that would take minutes; below this it says nothing.
LEAST_LOAD = 0.6


def main() -> int:
    given = arguments()
    unknown = set(given.only) - {fault.name for fault in FAULTS}
    if unknown:
        print(f"no such fault: {', '.join(sorted(unknown))}; there are: {', '.join(fault.name for fault in FAULTS)}")
        return 2
    if given.one_life and given.record:
        print("--record keeps faults that know nothing of each other: it can't be had with --one-life")
        return 2
    if given.record:
        given.record.mkdir(parents=True, exist_ok=True)  # before half an hour is spent
    ends_well_on_sigterm()
    chosen = [fault for fault in FAULTS if not given.only or fault.name in given.only]
    for fault in chosen:
        if why := missing(fault):
            print(f"left out: {fault.name}: {why}")
    possible = [fault for fault in chosen if not missing(fault)]
    try:
        with tempfile.TemporaryDirectory(prefix="faults-") as name, ground(Path(name)) as made:
            quiet, outcomes = measured(Path(name), made, possible, given)
    except KeyboardInterrupt:
        print("stopped; every fault is undone")
        return 130
    print(summary(outcomes, quiet))
    if given.json:
        told = {"quiet": dataclasses.asdict(quiet), "faults": [dataclasses.asdict(one) for one in outcomes]}
        given.json.write_text(json.dumps(told, indent=1) + "\n")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="faults by name, with commas")
    parser.add_argument("--quiet-minutes", type=float, default=12, help="how long the analyzer learns first")
    parser.add_argument("--seconds", type=float, default=60, help="how long a fault lasts when it is not heard")
    parser.add_argument("--budget", type=float, default=24, help="false alarms a day that the analyzer may cost")
    parser.add_argument("--json", type=Path, help="where to write all that was measured")
    parser.add_argument("--record", type=Path, help="a folder where features are kept, to be judged again")
    parser.add_argument("--one-life", action="store_true", help="one analyzer for all faults, nothing is forgotten")
    parser.add_argument("--shared", default="", help="not needed here")
    return parser.parse_args()


def measured(
    folder: Path, ground: Ground, faults: Sequence[Fault], given: argparse.Namespace
) -> tuple[Quiet, list[Outcome]]:
    """The quiet time, then what came of each fault, printed as it is known."""
    outcomes = []
    # What a job reads from the disk the first time only, its own program above all, is no part of its every night.
    with running(backup(ground, BACKUP_SECONDS)) as (job,):
        job.wait(2 * BACKUP_SECONDS)
    began = time.time()
    with stack(folder, ground, given.budget) as running_stack:
        quiet = quiet_time(running_stack, given.quiet_minutes * 60)
        if given.record:
            record(running_stack.prometheus.url, QUIET, began, began, began, given.record)
        if not given.one_life:
            running_stack.keep_quiet_time()
        print(quiet.told, heading(), sep="\n", flush=True)
        for fault in faults:
            settings = {"one_life": given.one_life, "keep": given.record}
            try:
                outcomes.append(tried(running_stack, fault, given.seconds, quiet.load, **settings))
                print(row(outcomes[-1]), flush=True)
            except (AssertionError, OSError, SourceError) as error:
                # A program that did not answer in time costs this fault, and not the hour that was measured.
                print(f"| {fault.name} | not measured: {str(error).partition(chr(10))[0]} |", flush=True)
    return quiet, outcomes


def quiet_time(stack: Stack, seconds: float) -> Quiet:
    """The time that is learned from, with a backup now and then, watched by an analyzer that begins with nothing."""
    began = time.time()
    due, learned = began + BACKUP_EVERY_SECONDS / 2, math.inf
    while (now := time.time()) < began + seconds:
        if math.isinf(learned) and stack.learned():
            learned = now
        if now >= due:
            due += BACKUP_EVERY_SECONDS
            with running(backup(stack.ground, BACKUP_SECONDS)):
                time.sleep(BACKUP_SECONDS)
        time.sleep(1)
    ended = time.time()
    told = [one for one in stack.told(began) if one.starts_at >= began]
    load = max(LEAST_LOAD, stack.value(f"max_over_time({LOAD}[{seconds:.0f}s:1s])") + LOAD_MARGIN)
    return Quiet(ended - began, max(0.0, ended - learned), load, tuple(one.line for one in told))


if __name__ == "__main__":
    sys.exit(main())
