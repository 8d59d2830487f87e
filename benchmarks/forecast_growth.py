"""What forecasts, states, health and peers of a whole fleet cost, and how that grows with its hosts."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence

import numpy as np

from analyzer.data import Feature, Fleet, Frame, Host, Times, Values
from analyzer.forecasters.host import forecast_fleet
from analyzer.health import health
from analyzer.peers.seldom import seldom
from analyzer.states import fit_states
from benchmarks.forecast_series import DAY, START, Array

HOUR = 3600.0
HISTORY_HOURS = 336
MEMBERS = 20


def growth_table(sizes: Sequence[int], features: int = 40) -> Iterator[str]:
    """CPU time, as the fleet's hosts come in hundreds: a hundred hosts' history is what must be held at once."""
    yield f"forecasts for 30 days, states, health and groups of {MEMBERS} hosts with {features} features: CPU seconds"
    yield (
        f"{'hosts':>8}{'series':>10}{'forecasts':>11}{'states':>9}{'health':>9}{'groups':>9}{'ms per 1000 series':>20}"
        f"{'MiB at most':>13}"
    )
    rng = np.random.default_rng(0)
    catalogue = tuple(
        Feature(
            f"feature_{f}",
            "ratio",
            f"group_{f % 8}",
            "",
            {"en": ""},
            limit=1.0 if f % 4 == 0 else None,
            saturates_at=0.9,
        )
        for f in range(features)
    )
    names = tuple(feature.name for feature in catalogue)
    hour: Times = START + np.arange(HISTORY_HOURS, dtype=np.float64) * HOUR
    minute: Times = START + np.arange(HISTORY_HOURS, dtype=np.float64) * 60
    day = 0.5 + 0.1 * np.sin(hour / DAY * 2 * np.pi)[:, None]
    states = fit_states(Frame("", names, hour, noisy_day(rng, day, features)))
    for hosts in sizes:
        spent = np.zeros(4)
        for at in range(0, hosts, 100):
            count = min(100, hosts - at)
            values = np.stack([noisy_day(rng, day, features).T for _ in range(count)])
            fleet = Fleet(tuple(Host(f"host-{at + i}") for i in range(count)), names, hour, values)
            frames = [Frame(host.name, names, minute, values[i].T) for i, host in enumerate(fleet.hosts)]
            began = time.process_time()
            told = forecast_fleet(fleet, catalogue)
            foretold = time.process_time()
            for frame in frames:
                states.state(frame)
            stated = time.process_time()
            for frame in frames:
                health(frame, catalogue, (), told[frame.host])
            weighed = time.process_time()
            for first in range(0, count, MEMBERS):
                seldom(fleet, np.arange(first, min(first + MEMBERS, count)), names, np.zeros(features))
            spent += (foretold - began, stated - foretold, weighed - stated, time.process_time() - weighed)
        each = spent.sum() / (hosts * features) * 1e6
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        line = f"{spent[0]:11.1f}{spent[1]:9.2f}{spent[2]:9.2f}{spent[3]:9.2f}"
        yield f"{hosts:8d}{hosts * features:10d}{line}{each:20.0f}{most:13.0f}"


def noisy_day(rng: np.random.Generator, day: Array, features: int) -> Values:
    return np.asarray(day + 0.05 * rng.standard_normal((len(day), features)), dtype=np.float32)
