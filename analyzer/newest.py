"""The newest row of each host of a fleet. Arithmetic on all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress

import numpy as np

from analyzer.data import Fleet
from analyzer.data.series import HOSTS_AT_ONCE


@dataclass(frozen=True, slots=True)
class Newest:
    """`steps` of a host have any value; `values` are those of the last such row, seen `at`, without its gaps."""

    at: datetime | None
    values: Mapping[str, float]
    steps: int


def newest(fleet: Fleet) -> Iterator[Newest]:
    """Of each host, in the fleet's order."""
    for begin in range(0, len(fleet.hosts), HOSTS_AT_ONCE):
        values = fleet.values[begin : begin + HOSTS_AT_ONCE]
        seen = np.asarray(np.isfinite(values).any(axis=1))
        steps = seen.sum(axis=1).tolist()
        if not len(fleet.times):
            yield from (Newest(None, {}, 0) for _ in steps)
            continue
        last = len(fleet.times) - 1 - seen[:, ::-1].argmax(axis=1)
        rows = values[np.arange(len(values)), :, last]
        told = zip(steps, fleet.times[last].tolist(), rows.tolist(), np.isfinite(rows).tolist(), strict=True)
        for count, time, row, known in told:
            at = datetime.fromtimestamp(time, UTC) if count else None
            yield Newest(at, dict(compress(zip(fleet.features, row, strict=True), known)), count)
