"""What calm costs: hosts in their first hours, and hosts known for two weeks. Nothing in them is an incident."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from analyzer.judge import Budget, Rule
from analyzer.judge.memory import Episode
from benchmarks.simulations.lives import alarms, frame_of
from benchmarks.simulations.streams import DAY_SECONDS, STREAMS, Stream, violent

BUDGET = 0.2
YOUNG_STEP, FEATURES = 15.0, 12
FIRST_ROWS, YOUNG_ROWS = 40, 2880
OLD_STEP, LEARNED_DAYS, JUDGED_DAYS = 60.0, 14, 16
OLD = {name: STREAMS[name] for name in ("independent", "related", "seasonal", "heavy-tailed")} | {"violent": violent}


def young(hosts: int) -> Iterator[str]:
    """The first twelve hours of hosts, from their tenth minute on."""
    yield f"young hosts, {FEATURES} features at {YOUNG_STEP:g} s, minutes 10 to 720, budget {BUDGET:g} a day"
    every = []
    for name in STREAMS:
        counts = [len(young_alarms(name, seed)) for seed in range(hosts)]
        every += counts
        yield f"  {name:12} {np.mean(counts):.2f} alarms a host, {max(counts)} at most"
    yield f"  all          {np.mean(every):.2f} alarms a host ({sum(every)} alarms, {len(every)} hosts)"


def young_alarms(name: str, seed: int) -> list[Episode]:
    values = STREAMS[name](seeded(name, seed), YOUNG_ROWS, FEATURES, YOUNG_STEP)
    return alarms(Rule(Budget(BUDGET)), frame_of(values, YOUNG_STEP), FIRST_ROWS, YOUNG_STEP)


def old(hosts: int) -> Iterator[str]:
    """Hosts that were learned once, on two weeks."""
    yield f"learned once on {LEARNED_DAYS} days of minutes, judged for {JUDGED_DAYS}, budget {BUDGET:g} a day"
    for name, stream in OLD.items():
        counts = [len(old_alarms(name, stream, seed)) / JUDGED_DAYS for seed in range(hosts)]
        yield f"  {name:12} {', '.join(f'{count:.2f}' for count in counts)} alarms a day"


def old_alarms(name: str, stream: Stream, seed: int) -> list[Episode]:
    a_day = round(DAY_SECONDS / OLD_STEP)
    values = stream(seeded(name, seed), (LEARNED_DAYS + JUDGED_DAYS) * a_day, FEATURES, OLD_STEP)
    never, all_of_it = JUDGED_DAYS * DAY_SECONDS, LEARNED_DAYS * DAY_SECONDS
    whole = frame_of(values, OLD_STEP)
    return alarms(Rule(Budget(BUDGET)), whole, LEARNED_DAYS * a_day, OLD_STEP, never, all_of_it)


def seeded(name: str, seed: int) -> np.random.Generator:
    """The same for the same name and number, on every machine."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
