"""PromQL evaluated on the ring: the parser's tree, walked once for all steps of a grid.

What isn't known here raises QueryUnsupported with its name; a query that Prometheus would refuse raises QueryRefused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    UnaryExpr,
    VectorSelector,
)

from analyzer.data import Times
from analyzer.errors import QueryRefused, QueryUnsupported
from analyzer.sources.promql.grouping import aggregate
from analyzer.sources.promql.matching import combine
from analyzer.sources.promql.over_time import RANGE_FUNCTIONS
from analyzer.sources.promql.selecting import instant, ranges
from analyzer.sources.promql.vectors import Scalar, Vector, joined
from analyzer.sources.ring import Snapshot


@lru_cache(maxsize=1024)
def parse(promql: str) -> Expr:
    """The query's tree. QueryRefused when it is no PromQL."""
    try:
        return promql_parser.parse(promql)
    except ValueError as error:
        raise QueryRefused(f"{promql!r} is no PromQL: {error}") from None


def evaluate(promql: str, rounds: Snapshot, times: Times) -> Scalar | Vector:
    """What the query gives at each of the times (epoch seconds)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # x/0 and 0/0 are values in PromQL
        result = _Evaluation(rounds, times).of(parse(promql))
    return joined([result]) if isinstance(result, Vector) else result


@dataclass(frozen=True, slots=True)
class _Evaluation:
    rounds: Snapshot
    times: Times

    def of(self, node: Expr) -> Scalar | Vector:
        found: Scalar | Vector
        match node:
            case ParenExpr():
                found = self.of(node.expr)
            case NumberLiteral():
                found = Scalar(np.full(len(self.times), node.val))
            case UnaryExpr():
                found = self._negative(self.of(node.expr))
            case VectorSelector():
                found, _ = instant(node, self.rounds, self.times)
            case AggregateExpr():
                found = aggregate(node, self._vector(node.expr))
            case BinaryExpr():
                found = combine(node, self.of(node.lhs), self.of(node.rhs))
            case Call():
                found = self._call(node)
            case _:
                raise QueryUnsupported(f"{type(node).__name__} in {node}")
        return found

    def _vector(self, node: Expr) -> Vector:
        found = self.of(node)
        if isinstance(found, Vector):
            return found
        raise QueryRefused(f"{node} is a scalar where a vector is needed")

    def _scalar(self, node: Expr) -> Times:
        found = self.of(node)
        if isinstance(found, Scalar):
            return found.values
        raise QueryRefused(f"{node} is a vector where a scalar is needed")

    def _call(self, call: Call) -> Scalar | Vector:
        name = call.func.name
        if name in RANGE_FUNCTIONS:
            return self._over_time(name, call.args[0])
        if name in POINTWISE:
            vector = self._vector(call.args[0])
            return vector.with_values(POINTWISE[name](vector.values, *map(self._scalar, call.args[1:])))
        if name in OTHER_FUNCTIONS:
            return OTHER_FUNCTIONS[name](self, *call.args)
        raise QueryUnsupported(f"the function {name}")

    def _negative(self, found: Scalar | Vector) -> Scalar | Vector:
        return found.with_values(-found.values) if isinstance(found, Vector) else Scalar(-found.values)

    def _over_time(self, name: str, selector: Expr) -> Vector:
        if not isinstance(selector, MatrixSelector):
            raise QueryUnsupported(f"the subquery in {name}({selector})")
        labels, samples_of_steps = ranges(selector, self.rounds, self.times)
        values = np.full((len(labels), len(self.times)), np.nan)
        for step, samples in enumerate(samples_of_steps):
            if samples.valid.any():
                values[:, step] = RANGE_FUNCTIONS[name](samples)
        vector = Vector(labels, values, ~np.isnan(values))
        return vector if name == "last_over_time" else vector.with_values(values)

    def timestamp(self, argument: Expr) -> Vector:
        if isinstance(argument, VectorSelector):
            vector, taken = instant(argument, self.rounds, self.times)
            return vector.with_values(taken)
        vector = self._vector(argument)
        return vector.with_values(np.broadcast_to(self.times, vector.values.shape))

    def only_series(self, argument: Expr) -> Scalar:
        """The value of the one series that is present at a step, NaN where none or several are."""
        vector = self._vector(argument)
        value = np.where(vector.present, vector.values, 0.0).sum(axis=0)
        return Scalar(np.where(vector.present.sum(axis=0) == 1, value, np.nan))

    def series_of(self, argument: Expr) -> Vector:
        return Vector(({},), self._scalar(argument)[None, :], np.ones((1, len(self.times)), dtype=np.bool_))


def _round(values: Times, to_nearest: Times | float = 1.0) -> Times:
    inverse = 1.0 / to_nearest  # as Prometheus rounds: halves up, and by the inverse
    return np.floor(values * inverse + 0.5) / inverse


POINTWISE: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "round": _round,
    "exp": np.exp,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "sgn": np.sign,
    "clamp_min": np.maximum,
    "clamp_max": np.minimum,
    "clamp": lambda values, low, high: np.minimum(np.maximum(values, low), high),
}
OTHER_FUNCTIONS: Mapping[str, Callable[..., Scalar | Vector]] = {
    "time": lambda evaluation: Scalar(evaluation.times),
    "timestamp": _Evaluation.timestamp,
    "scalar": _Evaluation.only_series,
    "vector": _Evaluation.series_of,
}
