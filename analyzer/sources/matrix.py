"""Prometheus's range answers as flat arrays, read for speed: most of them differ from the last in their numbers only.

The labels of each series stay raw JSON, to be looked up in a cache; all numbers of an answer are read in one go. What
is not laid out as Prometheus mostly writes it (spaces, other orders of keys, NaN, which is no JSON number) takes the
general way and gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from analyzer.data import Times, Values

Counts = npt.NDArray[np.intp]
_SERIES = b'{"metric":'
_VALUES = b',"values":'
_END = b"]]}"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Series by series: raw JSON labels, how many samples each has, and all their times and values on end."""

    labels: tuple[bytes, ...]
    counts: Counts
    times: Times
    values: Times
    warnings: tuple[str, ...] = ()

    def series(self, start: float, step_seconds: float) -> Iterator[tuple[bytes, Counts, Times]]:
        """Each series with the grid points of its samples, counted from `start`."""
        points = _grid_points(self.times, start, step_seconds)
        ends = np.cumsum(self.counts)
        for labels, first, end in zip(self.labels, ends - self.counts, ends, strict=True):
            yield labels, points[first:end], self.values[first:end]

    def place(self, rows: Counts, start: float, step_seconds: float, out: Values) -> None:
        """Put each series' samples into its row of `out` (hosts × steps).

        Row -1, what lies off the grid and the infinities of a division by zero stay out.
        """
        row = np.repeat(rows, self.counts)
        point = _grid_points(self.times, start, step_seconds)
        inside = (row >= 0) & (point >= 0) & (point < out.shape[1]) & np.isfinite(self.values)
        out[row[inside], point[inside]] = self.values[inside]


class NoMatrix(ValueError):
    """The body holds no range answer."""


def read_matrix(body: bytes) -> Matrix:
    """The range answer in the body. NoMatrix when there is none."""
    try:
        return _read_fast(body)
    except ValueError:
        return _read_any(body)


def _grid_points(times: Times, start: float, step_seconds: float) -> Counts:
    return np.rint((times - start) / step_seconds).astype(np.intp)


def _read_fast(body: bytes) -> Matrix:
    head, found, rest = body.partition(_SERIES)
    if not found:
        raise ValueError("no series")
    pieces = rest.split(b"," + _SERIES)
    end = pieces[-1].index(_END) + len(_END)
    envelope = _envelope(head + pieces[-1][end:])
    pieces[-1] = pieces[-1][:end]
    parts = [piece.partition(_VALUES) for piece in pieces]
    texts = [part[2] for part in parts]
    counts = np.array([text.count(b',"') for text in texts], dtype=np.intp)
    text = b",".join(texts).translate(None, b'[]"}')
    numbers = np.array(orjson.loads(b"[" + text + b"]"), dtype=np.float64)
    if not counts.all() or len(numbers) != 2 * counts.sum():
        raise ValueError("not pairs of time and value")
    return Matrix(tuple(part[0] for part in parts), counts, numbers[::2], numbers[1::2], _warnings(envelope))


def _read_any(body: bytes) -> Matrix:
    envelope = _envelope(body)
    found = envelope["data"]["result"]
    plain = [series for series in found if "values" in series]
    pairs = [(at, float(value)) for series in plain for at, value in series["values"]]
    numbers = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    counts = np.array([len(series["values"]) for series in plain], dtype=np.intp)
    warnings = _warnings(envelope)
    if len(plain) < len(found):
        warnings += (f"{len(found) - len(plain)} series left out: native histograms are no numbers",)
    labels = tuple(orjson.dumps(series["metric"]) for series in plain)
    return Matrix(labels, counts, numbers[:, 0], numbers[:, 1], warnings)


def _envelope(body: bytes) -> dict[str, Any]:
    """What stands around the series. NoMatrix unless it is a range answer's."""
    try:
        envelope: dict[str, Any] = orjson.loads(body)
        if envelope["data"]["resultType"] == "matrix":
            return envelope
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    raise NoMatrix(body[:100])


def _warnings(envelope: dict[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, envelope.get("warnings") or ()))
