"""All that is renewed for a whole fleet in one go: far and near forecasts, groups, states, health. Seconds and memory.

`python -m benchmarks.renewal [--hosts=2500] [--features=40]`. Run with OMP_NUM_THREADS=1 for what one core takes.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np

from analyzer.data import Feature, Fetched, Fleet, Frame, Host, Times, Window
from analyzer.health import health_of, typicals
from analyzer.lean import hold_little
from analyzer.prospects import Prospects, with_features
from analyzer.states import fit_states

T = TypeVar("T")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR, DAY, STEP = 3600.0, 86400.0, 15.0
FAR_STEPS, NEAR_STEPS = 505, 241


def catalogue(count: int) -> tuple[Feature, ...]:
    """Every third has a limit."""
    return tuple(
        Feature(
            f"bench_{n}",
            "ratio",
            f"group_{n % 8}",
            "",
            {"en": ""},
            limit=None if n % 3 else 1.0,
            saturates_at=None if n % 3 else 0.9,
        )
        for n in range(count)
    )


def fleet(hosts: int, features: tuple[Feature, ...], steps: int, step: float) -> Fleet:
    """Days with noise, a feature in eight rising."""
    random = np.random.default_rng(steps)
    times: Times = NOW.timestamp() + step * np.arange(1 - steps, 1, dtype=np.float64)
    values = np.empty((hosts, len(features), steps), np.float32)
    day = 0.4 + 0.1 * np.sin(times / DAY * 2 * np.pi)
    rising = np.where(np.arange(len(features)) % 8 == 0, 0.2, 0.0)[:, None] * np.linspace(0.0, 1.0, steps)
    for host in values:  # a fleet in double precision would be what is measured
        host[:] = day + rising + 0.05 * random.standard_normal(host.shape)
    names = tuple(feature.name for feature in features)
    return Fleet(tuple(Host(f"host-{n:05d}:9100") for n in range(hosts)), names, times, values)


@dataclass(frozen=True)
class Kept:
    """A source that has the long history at hand, whole: what is measured is what is made of it."""

    history: Fleet
    name: str = "kept"

    async def fetch(
        self, _window: Window, _host: str | None = None, features: tuple[str, ...] | None = None
    ) -> Fetched:
        return Fetched(self.history if features is None else with_features(self.history, features), self.name)

    async def close(self) -> None:
        """Nothing is open."""


def timed(what: str, work: Callable[[], T]) -> T:
    begun, used = time.perf_counter(), time.process_time()
    found = work()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took, used = time.perf_counter() - begun, time.process_time() - used
    print(f"  {what:36} {used:7.2f} s of processor, {took:7.2f} s, {most:5.0f} MiB at most", flush=True)
    return found


def measure(hosts: int, count: int) -> None:
    features = catalogue(count)
    history, recent = fleet(hosts, features, FAR_STEPS, HOUR), fleet(hosts, features, NEAR_STEPS, STEP)
    states = fit_states(Frame("", recent.features, history.times, history.values[0].T))
    prospects, near = Prospects(Kept(history), features), NOW + timedelta(minutes=5)
    print(f"{hosts} hosts with {count} features: {FAR_STEPS} hours and {NEAR_STEPS} newest steps")
    begun = time.process_time()
    timed("far and near forecasts, groups", lambda: asyncio.run(prospects.renew(NOW, lambda: recent)))
    timed("states", lambda: [states.state(frame) for frame in recent.frames()])
    usual, told = timed("typical values", lambda: typicals(recent)), prospects.forecasts
    every = zip(recent.hosts, usual, strict=True)
    timed(
        "health", lambda: [health_of(h.name, typical, features, (), told(h.name, NOW).ending) for h, typical in every]
    )
    print(f"  all of it: {time.process_time() - begun:.1f} s of processor")
    timed("near forecasts alone, as between two", lambda: asyncio.run(prospects.renew(near, lambda: recent)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=2500)
    parser.add_argument("--features", type=int, default=40)
    asked, _ = parser.parse_known_args()
    hold_little()
    measure(asked.hosts, asked.features)


if __name__ == "__main__":
    main()
