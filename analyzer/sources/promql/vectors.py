"""What PromQL computes with: scalars and vectors, for all steps of a grid at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.data import Times
from analyzer.errors import QueryRefused

Labels = Mapping[str, str]
LabelSet = tuple[tuple[str, str], ...]
Flags = npt.NDArray[np.bool_]
NAME = "__name__"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number for each step, shape (steps,)."""

    values: Times


@dataclass(frozen=True, slots=True)
class Vector:
    """Series with labels, shape (series × steps). `present` tells a missing sample from one that is NaN."""

    labels: tuple[Labels, ...]
    values: Times
    present: Flags

    def with_values(self, values: Times, present: Flags | None = None) -> Vector:
        """The result of a function or operator: other values, and the metric's name is gone."""
        return Vector(tuple(map(unnamed, self.labels)), values, self.present if present is None else present)


def unnamed(labels: Labels) -> Labels:
    return {label: value for label, value in labels.items() if label != NAME}


def only(labels: Labels, names: Iterable[str]) -> Labels:
    return {name: labels[name] for name in names if labels.get(name)}


def without(labels: Labels, names: Sequence[str]) -> Labels:
    return {label: value for label, value in labels.items() if label not in names and label != NAME}


def label_set(labels: Labels) -> LabelSet:
    """The same labels as something to look up by."""
    return tuple(sorted(labels.items()))


def empty(steps: int) -> Vector:
    return Vector((), np.empty((0, steps)), np.empty((0, steps), dtype=np.bool_))


def joined(vectors: Sequence[Vector]) -> Vector:
    """Series of all vectors; those of equal labels become one. QueryRefused where both have a sample at one step."""
    labels = [labels for vector in vectors for labels in vector.labels]
    values = np.concatenate([vector.values for vector in vectors])
    present = np.concatenate([vector.present for vector in vectors])
    rows: dict[LabelSet, list[int]] = {}
    for row, these in enumerate(labels):
        rows.setdefault(label_set(these), []).append(row)
    if len(rows) == len(labels):
        return Vector(tuple(labels), values, present)
    for first, *others in rows.values():
        for other in others:
            if (present[first] & present[other]).any():
                raise QueryRefused(f"the query gives two series with the labels {dict(labels[first])}")
            values[first] = np.where(present[other], values[other], values[first])
            present[first] |= present[other]
    kept = [group[0] for group in rows.values()]
    return Vector(tuple(labels[row] for row in kept), values[kept], present[kept])
