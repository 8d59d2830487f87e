"""Some hosts with the same features, stacked: their models and what these carry from row to row, scored together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.data import Times, Told, Values
from analyzer.detectors.ensemble import Remembered, blamed, lasting, momentary, shares_of
from analyzer.detectors.fitted import Fitted, each_array
from analyzer.detectors.past import Past
from analyzer.detectors.scores import looked_back, score_of

# Few enough that a step of all of them stays near the processor, many enough that Python's part is small.
ROOM = 256

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Carried:
    """What is known of each host up to and with its newest row."""

    past: Past
    remembered: Remembered


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of one row of each host, in [0, 1]: `models[h, m]`, `values[h, t]`, `shares[h, t, f]`.

    `blame[h, t]` is how much there is to share, `moments[h, t]` each row by itself.
    """

    models: Values
    values: Values
    shares: Values
    blame: Values
    moments: Values


class Block:
    """Has room for `ROOM` hosts; the system gives memory only for those that are in. Not thread-safe.

    `names[h]` is empty where a row is free; `until[h]` the time of the newest row scored, -inf before the first.
    """

    def __init__(self, features: tuple[str, ...], example: Fitted) -> None:
        self.features = features
        self.models = tuple(model.name for model in example.models)
        self.names: list[str] = []
        self.until: Times = np.full(ROOM, -np.inf)
        past = Past.before(np.zeros((1, len(features)), np.float32), len(example.levels))
        self._fitted: Fitted = each_array(_roomy, example)
        self._carried: Carried = each_array(_roomy, Carried(past, Remembered.nothing(1, len(features))))

    def takes(self, features: tuple[str, ...], fitted: Fitted) -> bool:
        """Whether there is room, and these models are of the same shapes as those here."""
        room = len(self.names) < ROOM or "" in self.names
        return room and features == self.features and self._fits(fitted)

    def put(self, host: str, fitted: Fitted) -> Fitted:
        """Take the host's models in, in place of those it has. The same models, held in this block's memory."""
        if host not in self.names:
            free = self.names.index("") if "" in self.names else len(self.names)
            self.names[free : free + 1] = [host]
        row = self.names.index(host)
        each_array(partial(_set, row), self._fitted, fitted)
        self.until[row] = -np.inf
        return each_array(partial(_only, row), self._fitted)

    def drop(self, host: str) -> None:
        self.names[self.names.index(host)] = ""

    def look_back(self, row: int, times: Times, values: Values) -> Row:
        """What is said of one host's newest `values[t, f]`, each with some value; carries on from the last of them."""
        told, past = looked_back(each_array(partial(_only, row), self._fitted), values)
        said, remembered = _said(told, Remembered.nothing(1, values.shape[1]))
        each_array(partial(_set, row), self._carried, Carried(past, remembered))
        self.until[row] = times[-1]
        return said

    def look_on(self, time: float, values: Values, seen: Flags) -> Row:
        """What is said of the next row of every host, `values[h, f]`; those not `seen` carry nothing on."""
        count = len(self.names)
        fitted = each_array(partial(_first, count), self._fitted)
        carried = each_array(partial(_first, count), self._carried)
        z = fitted.scaling.apply(values[:, None])
        views, past = carried.past.advance(z, fitted.levels, fitted.scaling.worth)
        said, remembered = _said(fitted.ask(views), carried.remembered)
        each_array(partial(_set, seen), carried, each_array(partial(_where, seen), Carried(past, remembered)))
        self.until[:count][seen] = time
        return said

    def _fits(self, fitted: Fitted) -> bool:
        alike: list[bool] = []
        each_array(lambda ours, new: alike.append(ours.shape[1:] == new.shape[1:]), self._fitted, fitted)
        return all(alike)


def _said(told: Told, remembered: Remembered) -> tuple[Row, Remembered]:
    moment = momentary(told)
    worth, remembered = remembered.advance(moment)
    parts, remembered = remembered.blamed(blamed(told))
    newest = np.stack([np.log1p(numbers.ratio[:, -1]) for numbers in told.values()], axis=1)
    models = score_of(np.concatenate([newest, worth[:, -1:]], axis=1))
    moments = score_of(lasting(moment))
    return Row(models, score_of(worth), shares_of(parts), parts.sum(axis=2), moments), remembered


def _roomy(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.zeros((ROOM, *array.shape[1:]), array.dtype)


def _set(rows: int | Flags, ours: npt.NDArray[Any], new: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if isinstance(rows, int):
        ours[rows] = new[0]
    elif rows.all():
        ours[:] = new
    else:
        ours[rows] = new
    return ours


def _first(count: int, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array[:count]


def _where(seen: Flags, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array if seen.all() else array[seen]


def _only(row: int, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array[row : row + 1]
