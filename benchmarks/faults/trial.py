"""One fault: calm first, then the fault, then what was told of it; undone and forgotten after."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.faults.listed import Fault
from benchmarks.faults.stack import RATE_SECONDS, Stack, wait

# An alarm is read a while after it began: for so long a notification gathers by default.
GATHER_SECONDS = 15.0
CALM_SECONDS = 8.0
UNREST_SECONDS = 150.0
POLL_SECONDS = 0.5
# A grid point may lie a little before the fault that its rates already saw.
EARLY_SECONDS = 2.0
LOAD = "max(node_load1)"


@dataclass(frozen=True)
class Outcome:
    """What came of one fault. `after_seconds` None: nothing was told. `false_alarms` came in the calm before it."""

    fault: str
    quiet: bool
    after_seconds: float | None
    kinds: tuple[str, ...]
    severity: str
    causes: tuple[str, ...]
    first_right: bool
    three_right: bool
    process: str
    process_named: bool
    false_alarms: int
    calm_seconds: float

    @property
    def right(self) -> bool:
        """Told when something was wrong, and silent when nothing was."""
        return (self.after_seconds is None) == self.quiet


def tried(stack: Stack, fault: Fault, seconds: float, usual_load: float, *, one_life: bool = False) -> Outcome:
    """Causes the fault for at most `seconds`. In one life the analyzer and Prometheus keep what they saw."""
    false_alarms, calm_seconds = calm(stack, usual_load, anew=not one_life)
    began = time.time()
    with fault.start(stack.ground, seconds):
        after, told = listened(stack, began, seconds)
    ended = time.time()
    time.sleep(RATE_SECONDS)
    if not one_life:
        stack.forget(began - 1, ended + RATE_SECONDS)
    return outcome(fault, after, told, false_alarms, calm_seconds)


def calm(stack: Stack, usual_load: float, *, anew: bool) -> tuple[int, float]:
    """Waits until nothing fires and the load average has come down; (alarms told meanwhile, seconds)."""
    began = time.time()
    if anew:
        stack.fresh_analyzer()
    stack.until_learned()
    wait(lambda: stack.value(LOAD) <= usual_load, UNREST_SECONDS)
    time.sleep(CALM_SECONDS)
    wait(lambda: not any(one["firing"] for one in stack.findings(time.time())), UNREST_SECONDS)
    told = [one for one in stack.findings(began) if moment(one["starts_at"]) >= began]
    return len(told), time.time() - began


def listened(stack: Stack, began: float, seconds: float) -> tuple[float | None, list[dict[str, Any]]]:
    """When the first alarm that began with the fault was told (None: never), and all of them a little later."""
    first = None
    while (now := time.time()) < began + seconds:
        told = new(stack, began)
        if told and first is None:
            first = now - began
        if first is not None and now >= began + first + GATHER_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    return first, new(stack, began)


def new(stack: Stack, began: float) -> list[dict[str, Any]]:
    return [one for one in stack.findings(began) if moment(one["starts_at"]) >= began - EARLY_SECONDS]


def outcome(
    fault: Fault, after: float | None, told: Sequence[dict[str, Any]], false_alarms: int, calm_seconds: float
) -> Outcome:
    causes = blamed(told)
    return Outcome(
        fault=fault.name,
        quiet=fault.quiet,
        after_seconds=after,
        kinds=tuple(dict.fromkeys(str(one["kind"]) for one in told)),
        severity=worst(told),
        causes=causes[:5],
        first_right=bool(causes) and causes[0] in fault.causes,
        three_right=any(cause in fault.causes for cause in causes[:3]),
        process=fault.process,
        process_named=bool(fault.process) and fault.process in json.dumps(told),
        false_alarms=false_alarms,
        calm_seconds=calm_seconds,
    )


def blamed(told: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """The features in the order in which a person reads them: an anomaly ranks causes, a saturation is its own."""
    ranked = sorted(told, key=lambda one: one["kind"] != "anomaly")
    return tuple(dict.fromkeys(str(cause["feature"]) for one in ranked for cause in one["causes"]))


def worst(told: Sequence[dict[str, Any]]) -> str:
    order = ("info", "warning", "critical")
    return max((str(one["severity"]) for one in told), key=order.index, default="")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
