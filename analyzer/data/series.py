"""What was measured: features, hosts, windows, and their values on one time grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Values = npt.NDArray[np.float32]


Times = npt.NDArray[np.float64]


Language = Literal["en", "ko"]

# So many hosts' history fits beside the processor; more at once would be no faster.
HOSTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Feature:
    """One quantity of a host, as the catalogue defines it.

    `promql` gives one series for each `instance`; `$selector` in it stands for the label matchers that pick hosts,
    `$window` for the range of its rates. `worse` says which way is bad: "high", "low" or "both".
    `limit` is the value at which it is exhausted (in its own unit; None where there is none), `saturates_at` the value
    from which it hurts, `minimum_effect` the smallest change in its own unit that a person would care about. `needs`
    names what a host must have for it to exist at all, where that is not every host. A `countdown` is the seconds left
    until a moment that is known: it falls by one a second to its limit, and nothing needs to be learned of it.
    It `follows` other features: where one of them moved nearly as much, that is the cause that says what to do.
    """

    name: str
    unit: str
    group: str
    promql: str
    meaning: Mapping[Language, str]
    worse: Literal["high", "low", "both"] = "high"
    limit: float | None = None
    saturates_at: float | None = None
    minimum_effect: float = 0.0
    needs: str = ""
    countdown: bool = False
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """A monitored machine. `name` is its `instance` label and its identity; `nodename` is what people call it."""

    name: str
    job: str = ""
    nodename: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A time span on a grid: both ends included, aware UTC, whole multiples of `step` since the epoch."""

    start: datetime
    end: datetime
    step: timedelta

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs aware times (UTC)")
        if self.step <= timedelta(0) or self.end < self.start:
            raise ValueError(f"a window needs step > 0 and end >= start: {self}")

    @classmethod
    def ending(cls, now: datetime, span: timedelta, step: timedelta) -> Window:
        """The window of `span` whose end is the last grid point not after `now`."""
        seconds = step.total_seconds()
        end = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
        steps = int(span.total_seconds() // seconds)
        return cls(end - steps * step, end, step)

    @property
    def steps(self) -> int:
        return round((self.end - self.start) / self.step) + 1

    @property
    def times(self) -> Times:
        """Epoch seconds of every grid point, shape (steps,)."""
        return self.start.timestamp() + np.arange(self.steps, dtype=np.float64) * self.step.total_seconds()


@dataclass(frozen=True, slots=True)
class Sample:
    """One series' value at one time (epoch seconds), as an instant query gives it."""

    labels: Mapping[str, str]
    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series on a window's grid, as a range query gives it: gaps are NaN. `times` are epoch seconds."""

    labels: Mapping[str, str]
    times: Times
    values: Times


@dataclass(frozen=True, slots=True)
class Frame:
    """One host's features on one time grid: `values[t, f]`, float32; gaps stay NaN. `times` are epoch seconds."""

    host: str
    features: tuple[str, ...]
    times: Times
    values: Values

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.times), len(self.features)):
            raise ValueError(f"{self.values.shape} values for {len(self.times)} times x {len(self.features)} features")

    def column(self, feature: str) -> Values:
        return self.values[:, self.features.index(feature)]

    def tail(self, steps: int) -> Frame:
        return Frame(self.host, self.features, self.times[-steps:], self.values[-steps:])

    def table(self) -> pd.DataFrame:
        """The same as a pandas table with an aware UTC index."""
        import pandas as pd  # noqa: PLC0415 - 40 MB that only those who ask for a table need

        return pd.DataFrame(
            self.values, index=pd.to_datetime(self.times, unit="s", utc=True), columns=list(self.features)
        )


@dataclass(frozen=True, slots=True)
class Fleet:
    """All hosts on one time grid: `values[host, feature, step]`, float32; gaps and missing features stay NaN."""

    hosts: tuple[Host, ...]
    features: tuple[str, ...]
    times: Times
    values: Values

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.hosts), len(self.features), len(self.times)):
            wanted = f"{len(self.hosts)} hosts x {len(self.features)} features x {len(self.times)} times"
            raise ValueError(f"{self.values.shape} values for {wanted}")

    def frames(self) -> Iterator[Frame]:
        """Every host's part, in the order of `hosts`."""
        for host, values in zip(self.hosts, self.values, strict=True):
            yield Frame(host.name, self.features, self.times, values.T)

    def seen(self) -> npt.NDArray[np.bool_]:
        """Which steps of each host hold any value, `[host, step]`: a few hosts at a time, a mask of all is large."""
        found = np.zeros((len(self.hosts), len(self.times)), np.bool_)
        for begin in range(0, len(self.hosts), HOSTS_AT_ONCE):
            some = slice(begin, begin + HOSTS_AT_ONCE)
            np.isfinite(self.values[some]).any(axis=1, out=found[some])
        return found

    def only(self, host: str) -> Fleet:
        """One host's part; no host where the fleet has no such."""
        rows = [row for row, known in enumerate(self.hosts) if known.name == host]
        return Fleet(tuple(self.hosts[row] for row in rows), self.features, self.times, self.values[rows])

    def frame(self, host: str) -> Frame:
        """One host's part; KeyError when the fleet has no such host."""
        for row, known in enumerate(self.hosts):
            if known.name == host:
                return Frame(host, self.features, self.times, self.values[row].T)
        raise KeyError(host)
