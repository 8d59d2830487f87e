"""A written history of two hosts, as Prometheus and the ring alike can hold it: the samples are listed, not measured.

Counters reset, scrapes fail, a device appears and another goes: what a rate has to get right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.sources.ring import Ring, Scraped

BEGIN = 1_793_000_000.0  # 2026-10-26 08:53:20 UTC, in the past of any test run
STEP = 15.0
ROUNDS = 240
ALPHA, BETA = "alpha:9100", "beta:9100"


@dataclass(frozen=True)
class Written:
    """One series: its labels, and each scrape's value or None."""

    labels: Mapping[str, str]
    values: Sequence[float | None]


def scrape_time(instance: str, number: int) -> float:
    """Each target is scraped at its own moment, and never on a round second."""
    return round(BEGIN + number * STEP + {ALPHA: 0.137, BETA: 7.911}[instance], 3)


def _series(name: str, instance: str, values: Sequence[float | None], **labels: str) -> Written:
    return Written({"__name__": name, "instance": instance, "job": "node", **labels}, values)


def _counter(seed: int, per_step: float, reset_at: int | None = None) -> list[float | None]:
    """Begins far from zero: how near zero a rate may be extended is what Prometheus 2 and 3 don't agree on."""
    rng = np.random.default_rng(seed)
    steps = rng.exponential(per_step, ROUNDS).round(3)
    values = 1e9 + np.cumsum(steps)
    if reset_at is not None:
        values[reset_at:] -= values[reset_at - 1]
    return [round(float(value), 3) for value in values]


def _gauge(seed: int, middle: float) -> list[float | None]:
    rng = np.random.default_rng(seed)
    return [
        round(float(value), 3) for value in middle * (1 + 0.3 * np.sin(np.arange(ROUNDS) / 9)) + rng.normal(size=ROUNDS)
    ]


def _with_gaps(values: Sequence[float | None], *gaps: range) -> list[float | None]:
    return [None if any(n in gap for gap in gaps) else value for n, value in enumerate(values)]


def _host(instance: str, seed: int) -> list[Written]:
    """Alpha is called zeta for its first five scrapes. Beta misses scrapes 100 to 103, so that all of its series do."""
    name, renamed_at = instance.partition(":")[0], 5 if instance == ALPHA else 0
    series = [
        _series("node_uname_info", instance, _with_gaps([1.0] * ROUNDS, range(renamed_at)), nodename=name),
        _series("node_uname_info", instance, _with_gaps([1.0] * ROUNDS, range(renamed_at, ROUNDS)), nodename="zeta"),
    ]
    for cpu in ("0", "1"):
        for number, mode in enumerate(("idle", "iowait", "system", "user")):
            values = _counter(seed + number + 10 * int(cpu), 3.0, reset_at=150 if instance == BETA else None)
            series.append(_series("node_cpu_seconds_total", instance, values, cpu=cpu, mode=mode))
    series += [
        _series("node_load1", instance, _gauge(seed + 50, 2.0)),
        _series("node_load5", instance, _gauge(seed + 51, 2.0)),
        _series("node_procs_running", instance, [float(n % 7) for n in range(ROUNDS)]),
        _series("node_context_switches_total", instance, _counter(seed + 52, 4000.0, reset_at=80)),
        _series("node_network_receive_bytes_total", instance, _counter(seed + 53, 1e6), device="eth0"),
        _series(
            "node_network_receive_bytes_total",
            instance,
            _with_gaps(_counter(seed + 54, 1e5), range(60), range(120, 123), range(200, ROUNDS)),
            device="eth1",
        ),
        _series("node_filesystem_size_bytes", instance, [1e9] * ROUNDS, mountpoint="/"),
        _series("node_filesystem_size_bytes", instance, [0.0] * ROUNDS, mountpoint="/empty"),
        _series("node_filesystem_avail_bytes", instance, [1e9 - 1e6 * n for n in range(ROUNDS)], mountpoint="/"),
        _series("node_filesystem_avail_bytes", instance, [0.0] * ROUNDS, mountpoint="/empty"),
    ]
    if instance == ALPHA:
        return series
    return [Written(one.labels, _with_gaps(one.values, range(100, 104))) for one in series]


HISTORY = (*_host(ALPHA, 1), *_host(BETA, 2))


def openmetrics(history: Sequence[Written]) -> str:
    """The history as promtool reads it. A gap is written as Prometheus would find it: no sample."""
    lines = []
    for name in dict.fromkeys(one.labels["__name__"] for one in history):
        lines.append(f"# TYPE {name.removesuffix('_total')} {'counter' if name.endswith('_total') else 'gauge'}")
        for one in (w for w in history if w.labels["__name__"] == name):
            labels = ",".join(f'{label}="{value}"' for label, value in one.labels.items() if label != "__name__")
            instance = one.labels["instance"]
            lines += [
                f"{name}{{{labels}}} {value} {scrape_time(instance, number):.3f}"
                for number, value in enumerate(one.values)
                if value is not None and not math.isnan(value)
            ]
    return "\n".join([*lines, "# EOF", ""])


def ring_of(history: Sequence[Written]) -> Ring:
    """The history as scrapes of two targets would have left it in a ring."""
    ring = Ring(targets=2, rounds=ROUNDS)
    targets = {ALPHA: 0, BETA: 1}
    rows = [ring.row(targets[one.labels["instance"]], one.labels) for one in history]
    for number in range(ROUNDS):
        given: dict[str, tuple[list[int], list[float]]] = {ALPHA: ([], []), BETA: ([], [])}
        for row, one in zip(rows, history, strict=True):
            value = one.values[number]
            if value is not None:
                given[one.labels["instance"]][0].append(row)
                given[one.labels["instance"]][1].append(value)
        ring.add([Scraped(targets[name], scrape_time(name, number), *given[name]) for name in targets])
    return ring
