"""Series that fill something, with their true future: what disks, memory and tables do on real hosts.

Each kind is a function of a random generator and hourly clock that returns the amount used, in shares of the limit,
long past the moment of the forecast; the truth is simply what comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
DAY = 86400.0
START = 1_790_000_000 // 86400 * DAY


@dataclass(frozen=True)
class Clock:
    """Where each step lies: `times` in epoch seconds, of which the first `history_days` are seen."""

    times: Array
    history_days: float

    @property
    def days(self) -> Array:
        return np.asarray((self.times - self.times[0]) / DAY)

    @property
    def hour(self) -> Array:
        """Share of the day that has passed."""
        return self.times / DAY % 1

    @property
    def weekday(self) -> Array:
        return np.asarray(np.floor(self.times / DAY) % 7)


@dataclass(frozen=True)
class Case:
    """`values[:known]` is the history; `full_in` the seconds from its end to the first value at the limit, or None."""

    kind: str
    times: Array
    values: Array
    known: int
    limit: float
    full_in: float | None


def case(kind: str, seed: int, *, step: float = 900.0, history_days: float = 14.0, future_days: float = 30.0) -> Case:
    """One random series of a kind. It is drawn again until the limit is not reached before the history ends."""
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    steps, known = int((history_days + future_days) * DAY / step), int(history_days * DAY / step)
    times = START + DAY * rng.integers(0, 300) + np.arange(steps) * step
    while True:
        used = KINDS[kind](rng, Clock(times, history_days))
        if used[:known].max() < 0.97 and used.min() > 0:
            break
    full = np.flatnonzero(used[known:] >= 1.0)
    seen = np.where(rng.random(steps) < 0.002, np.nan, used)
    if kind == "gaps":
        for at in rng.integers(0, known - 60, 6):
            seen[at : at + rng.integers(4, 60)] = np.nan
    limit = 10.0 ** rng.uniform(9, 12)
    full_in = float(times[known + full[0]] - times[known - 1]) if len(full) else None
    return Case(kind, times, seen * limit, known, limit, full_in)


def line(rng: np.random.Generator, clock: Clock) -> tuple[float, Array]:
    """A steady fill that reaches the limit 0.3 to 25 days after the history ends; its rate a day, and itself."""
    start = rng.uniform(0.05, 0.7)
    rate = (1 - start) / (clock.history_days + np.exp(rng.uniform(np.log(0.3), np.log(25))))
    return float(rate), start + rate * clock.days


def noise(rng: np.random.Generator, clock: Clock, size: float) -> Array:
    """What compaction, caches and temporary files add: an autoregressive wobble."""
    shocks = rng.normal(0, size * np.sqrt(1 - 0.9**2), len(clock.days))
    wobble = np.empty(len(clock.days))
    value = 0.0
    for i, shock in enumerate(shocks):
        value = 0.9 * value + shock
        wobble[i] = value
    return wobble


def steady(rng: np.random.Generator, clock: Clock) -> Array:
    rate, fill = line(rng, clock)
    return fill + noise(rng, clock, rate * rng.uniform(0.01, 0.1))


def noisy(rng: np.random.Generator, clock: Clock) -> Array:
    rate, fill = line(rng, clock)
    return fill + noise(rng, clock, rate * rng.uniform(0.3, 1.0))


def rotation(rng: np.random.Generator, clock: Clock) -> Array:
    """Logs that grow until they are rotated, every 6 to 60 hours, on top of what stays."""
    rate, fill = line(rng, clock)
    period = rng.uniform(0.25, 2.5)
    height = rate * rng.uniform(0.5, 3.0) * period
    phase = rng.uniform(0, 1)
    return np.asarray(fill * 0.95 + height * ((clock.days / period + phase) % 1) + noise(rng, clock, rate * 0.03))


def season(rng: np.random.Generator, clock: Clock) -> Array:
    """Written by people: in working hours, hardly at weekends."""
    rate, fill = line(rng, clock)
    busy = np.exp(-(((clock.hour - rng.uniform(0.3, 0.7)) / 0.15) ** 2) / 2) * np.where(
        clock.weekday >= 5, rng.uniform(0.1, 1), 1
    )
    written = np.cumsum(busy) / busy.sum() * (fill[-1] - fill[0])
    swing = rate * rng.uniform(0, 1) * np.sin(2 * np.pi * (clock.hour + rng.uniform()))
    return np.asarray(fill[0] + written + swing + noise(rng, clock, rate * 0.05))


def bursts(rng: np.random.Generator, clock: Clock) -> Array:
    """Uploads, dumps and builds at any time: a slow fill plus jumps that come one or a few times a day."""
    rate, fill = line(rng, clock)
    share, each_day = rng.uniform(0.3, 0.9), rng.uniform(0.7, 6)
    step = clock.days[1] - clock.days[0]
    jumps = rng.poisson(each_day * step, len(clock.days)) * rng.exponential(1.0, len(clock.days)) * rate / each_day
    return np.asarray(
        fill[0] + (1 - share) * (fill - fill[0]) + share * np.cumsum(jumps) + noise(rng, clock, rate * 0.03)
    )


def weekly(rng: np.random.Generator, clock: Clock) -> Array:
    """A clean-up once a week that takes back most of what the week brought."""
    rate, fill = line(rng, clock)
    extra = rate * rng.uniform(0.5, 4)
    at = rng.integers(0, 7) + rng.uniform()
    since = (clock.weekday + clock.hour - at) % 7
    return fill * 0.9 + extra * since + noise(rng, clock, rate * 0.1)


def steps(rng: np.random.Generator, clock: Clock) -> Array:
    """A steady fill; once or twice somebody copies something large or deletes it."""
    rate, fill = line(rng, clock)
    for _ in range(rng.integers(1, 3)):
        at = rng.uniform(0.1, 0.95) * clock.history_days
        size = rate * rng.uniform(1, 5) * rng.choice([-1, 1])
        fill = fill + size * (clock.days >= at)
    return fill + noise(rng, clock, rate * 0.05)


def resize(rng: np.random.Generator, clock: Clock) -> Array:
    """The share used of a disk that was made larger once."""
    rate, fill = line(rng, clock)
    at = rng.uniform(0.2, 0.9) * clock.history_days
    factor = rng.uniform(1.2, 2.0)
    return np.where(clock.days < at, np.minimum(fill, 0.96), fill / factor) + noise(rng, clock, rate * 0.05)


def change(rng: np.random.Generator, clock: Clock) -> Array:
    """A release that writes more, or less, from some day on."""
    rate, fill = line(rng, clock)
    at = rng.uniform(0.3, 0.9) * clock.history_days
    factor = np.exp(rng.uniform(np.log(0.25), np.log(5)))
    bend = np.where(clock.days < at, fill, fill[clock.days < at][-1] + rate * factor * (clock.days - at))
    return bend + noise(rng, clock, rate * 0.05)


def leak(rng: np.random.Generator, clock: Clock) -> Array:
    """A process that leaks on top of a daily load; some are restarted by a person now and then, and leak anew."""
    base, since = rng.uniform(0.1, 0.4), clock.days.copy()
    rate = (1 - base) / np.exp(rng.uniform(np.log(2), np.log(40)))
    if rng.random() < 0.6:
        at = rng.uniform(0.2, 0.9) * clock.history_days
        since = np.where(clock.days < at, clock.days, clock.days - at)
        rate = min(rate, (0.9 - base) / max(at, clock.history_days - at))
    else:
        rate = min(rate, (0.9 - base) / clock.history_days)
    load = rng.uniform(0.0, 0.05) * np.sin(2 * np.pi * (clock.hour + rng.uniform()))
    return np.asarray(base + rate * since + load + noise(rng, clock, 0.003))


def gaps(rng: np.random.Generator, clock: Clock) -> Array:
    return steady(rng, clock)


def level(rng: np.random.Generator, clock: Clock) -> Array:
    """Nothing fills: a level with a day's swing and wobble; what an alarm must not cry about."""
    swing = rng.uniform(0.01, 0.12) * np.sin(2 * np.pi * (clock.hour + rng.uniform()))
    return np.asarray(rng.uniform(0.3, 0.75) + swing + noise(rng, clock, rng.uniform(0.003, 0.03)))


def sawtooth(rng: np.random.Generator, clock: Clock) -> Array:
    """Nothing fills: retention deletes as much as comes, every 8 hours to 3 days."""
    period = rng.uniform(0.33, 3.0)
    low = rng.uniform(0.2, 0.6)
    height = rng.uniform(0.05, 0.3)
    return low + height * ((clock.days / period + rng.uniform()) % 1) + noise(rng, clock, 0.005)


Kind = Callable[[np.random.Generator, Clock], Array]
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "steady": steady,
        "noisy": noisy,
        "rotation": rotation,
        "season": season,
        "bursts": bursts,
        "weekly": weekly,
        "steps": steps,
        "resize": resize,
        "change": change,
        "leak": leak,
        "gaps": gaps,
        "level": level,
        "sawtooth": sawtooth,
    }
)
