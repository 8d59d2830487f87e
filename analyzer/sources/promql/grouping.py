"""Aggregations: sum, avg, min, max, count, group, stddev and stdvar, by or without labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from promql_parser import AggModifierType, AggregateExpr

from analyzer.data import Times
from analyzer.errors import QueryUnsupported
from analyzer.sources.promql.vectors import Flags, Labels, LabelSet, Vector, label_set, only, without


def aggregate(expression: AggregateExpr, vector: Vector) -> Vector:
    """One series for each group of labels, at the steps where the group has any."""
    operation = AGGREGATIONS.get(str(expression.op))
    if operation is None:
        raise QueryUnsupported(f"the aggregation {expression.op}")
    numbers: dict[LabelSet, int] = {}
    labels: list[Labels] = []
    group = np.empty(len(vector.labels), dtype=np.intp)
    for row, series in enumerate(vector.labels):
        kept = _kept(expression, series)
        group[row] = numbers.setdefault(label_set(kept), len(labels))
        if group[row] == len(labels):
            labels.append(kept)
    count = _total(vector.present.astype(float), group, len(labels))
    return Vector(tuple(labels), operation(_Grouped(vector.values, vector.present, group, count)), count > 0)


def _kept(expression: AggregateExpr, labels: Labels) -> Labels:
    if expression.modifier is None:
        return {}
    if expression.modifier.type == AggModifierType.By:
        return only(labels, expression.modifier.labels)
    return without(labels, expression.modifier.labels)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Values of series (× steps), the group each series is in, and how many of a group are present at each step."""

    values: Times
    present: Flags
    group: npt.NDArray[np.intp]
    count: Times

    def total(self, values: Times) -> Times:
        return _total(np.where(self.present, values, 0.0), self.group, len(self.count))

    def average(self) -> Times:
        return self.total(self.values) / self.count

    def variance(self) -> Times:
        away = self.values - self.average()[self.group]
        return self.total(away * away) / self.count

    def extreme(self, choose: np.ufunc) -> Times:
        """The least or greatest of a group; NaN only where it has nothing else."""
        out = np.full(self.count.shape, np.nan)
        choose.at(out, self.group, np.where(self.present, self.values, np.nan))
        return out


def _total(values: Times, group: npt.NDArray[np.intp], groups: int) -> Times:
    out = np.zeros((groups, values.shape[1]))
    np.add.at(out, group, values)
    return out


AGGREGATIONS: Mapping[str, Callable[[_Grouped], Times]] = {
    "sum": lambda grouped: grouped.total(grouped.values),
    "avg": _Grouped.average,
    "min": lambda grouped: grouped.extreme(np.fmin),
    "max": lambda grouped: grouped.extreme(np.fmax),
    "count": lambda grouped: grouped.count,
    "group": lambda grouped: np.ones_like(grouped.count),
    "stdvar": _Grouped.variance,
    "stddev": lambda grouped: np.sqrt(grouped.variance()),
}
