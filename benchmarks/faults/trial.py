"""One fault: calm first, then the fault, then what was told of it; undone and forgotten after."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.listed import Fault
from benchmarks.faults.outcome import Outcome, Told, outcome
from benchmarks.faults.recorded import record
from benchmarks.faults.stack import RATE_SECONDS, Stack, wait

# An alarm is read a while after it began: for so long a notification gathers by default.
GATHER_SECONDS = 15.0
CALM_SECONDS = 8.0
UNREST_SECONDS = 90.0
POLL_SECONDS = 0.5
# A grid point may lie a little before the fault that its rates already saw.
EARLY_SECONDS = 2.0
LOAD = "max(node_load1)"


@dataclass(frozen=True)
class Calm:
    """The calm before a fault: when the analyzer had learned the host, what alarms were told in it."""

    began: float
    learned: float
    alarms: list[Told]


def tried(
    stack: Stack, fault: Fault, seconds: float, usual_load: float, *, one_life: bool = False, keep: Path | None = None
) -> Outcome:
    """Causes the fault for at most `seconds`. In one life the analyzer and Prometheus forget nothing."""
    before = calm(stack, usual_load, anew=not one_life)
    began = time.time()
    with fault.start(stack.ground, seconds):
        after, told = listened(stack, began, seconds)
    if keep:
        record(stack.prometheus.url, fault.name, before.began, before.learned, began, keep)
    time.sleep(RATE_SECONDS)
    return outcome(fault, after, told, before.alarms, began - before.began)


def calm(stack: Stack, usual_load: float, *, anew: bool) -> Calm:
    """Waits until nothing fires and the load average has come down."""
    began = time.time()
    if anew:
        stack.back_to_quiet_time()
    stack.until_learned()
    learned = time.time()
    wait(lambda: stack.value(LOAD) <= usual_load, UNREST_SECONDS)
    time.sleep(CALM_SECONDS)
    wait(lambda: not any(one.firing for one in stack.told(time.time())), UNREST_SECONDS)
    return Calm(began, learned, [one for one in stack.told(began) if one.starts_at >= began])


def listened(stack: Stack, began: float, seconds: float) -> tuple[float | None, list[Told]]:
    """When the first alarm that began with the fault was told (None: never), and all of them a little later."""
    first = None
    while (now := time.time()) < began + seconds:
        if first is None and new(stack, began):
            first = now - began
        if first is not None and now >= began + first + GATHER_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    return first, new(stack, began)


def new(stack: Stack, began: float) -> list[Told]:
    return [one for one in stack.told(began) if one.starts_at >= began - EARLY_SECONDS]
