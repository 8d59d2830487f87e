"""Operators between scalars and vectors, with PromQL's rules of which series meet which."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from promql_parser import BinaryExpr, BinModifier, LabelModifierType, VectorMatchCardinality

from analyzer.data import Times
from analyzer.errors import QueryRefused, QueryUnsupported
from analyzer.sources.promql.vectors import (
    Flags,
    Labels,
    LabelSet,
    Scalar,
    Vector,
    empty,
    joined,
    label_set,
    only,
    unnamed,
    without,
)

ARITHMETIC: Mapping[str, Callable[[Any, Any], Times]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SETS = ("and", "or", "unless")


def combine(expression: BinaryExpr, left: Scalar | Vector, right: Scalar | Vector) -> Scalar | Vector:
    """The operator's result, for operands that were computed already."""
    sign = str(expression.op)
    modifier = expression.modifier
    if sign not in {*ARITHMETIC, *COMPARISONS, *SETS}:
        raise QueryUnsupported(f"the operator {sign}")
    if isinstance(left, Vector) and isinstance(right, Vector):
        if sign in SETS:
            return _SET_OPERATORS[sign](left, right, _key(modifier))
        return _vectors(sign, left, right, modifier)
    as_number = modifier is not None and modifier.return_bool
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return Scalar(_numbers(sign, left.values, right.values))
    return _with_scalar(sign, left, right, as_number=as_number)


def _numbers(sign: str, left: Times, right: Times) -> Times:
    if sign in ARITHMETIC:
        return ARITHMETIC[sign](left, right)
    compared: Times = COMPARISONS[sign](left, right).astype(float)
    return compared


def _with_scalar(sign: str, left: Scalar | Vector, right: Scalar | Vector, *, as_number: bool) -> Vector:
    vector = left if isinstance(left, Vector) else right
    if not isinstance(vector, Vector):
        raise TypeError("one side is a vector")
    result = _numbers(sign, left.values, right.values)
    if sign in ARITHMETIC or as_number:
        return vector.with_values(result)
    return Vector(vector.labels, vector.values, vector.present & (result != 0))


def _vectors(sign: str, left: Vector, right: Vector, modifier: BinModifier | None) -> Vector:
    """One to one, or many to one; the result is labelled as the many side, or with what was matched on."""
    key, card = _key(modifier), modifier.card if modifier else VectorMatchCardinality.OneToOne
    partners = _by_key(right, key), _by_key(left, key)
    if card != VectorMatchCardinality.ManyToOne:
        _refuse_several(left, partners[1], "left")
    if card != VectorMatchCardinality.OneToMany:
        _refuse_several(right, partners[0], "right")
    pairs = [(row, other) for row, labels in enumerate(left.labels) for other in partners[0].get(key(labels), ())]
    if not pairs:
        return empty(left.values.shape[1])
    lefts, rights = (list(side) for side in zip(*pairs, strict=True))
    present = left.present[lefts] & right.present[rights]
    values = _numbers(sign, left.values[lefts], right.values[rights])
    filters = sign in COMPARISONS and not (modifier and modifier.return_bool)
    if filters:
        present, values = present & (values != 0), left.values[lefts]
    sides = [(left.labels[row], right.labels[other]) for row, other in pairs]
    if card == VectorMatchCardinality.OneToMany:
        sides = [(many, one) for one, many in sides]
    labels = tuple(_result_labels(many, one, modifier, keep_name=filters) for many, one in sides)
    return joined([Vector(labels, values, present)])


def _by_key(side: Vector, key: Callable[[Labels], LabelSet]) -> dict[LabelSet, list[int]]:
    rows: dict[LabelSet, list[int]] = {}
    for row, labels in enumerate(side.labels):
        rows.setdefault(key(labels), []).append(row)
    return rows


def _refuse_several(side: Vector, rows_of_key: Mapping[LabelSet, Sequence[int]], name: str) -> None:
    """A side that is to be one may not have two series of one key at the same step."""
    for key, rows in rows_of_key.items():
        if len(rows) > 1 and (side.present[rows].sum(axis=0) > 1).any():
            raise QueryRefused(
                f"several series on the {name} side match {dict(key)}: say which with on() or group_left()"
            )


def _result_labels(many: Labels, one: Labels, modifier: BinModifier | None, *, keep_name: bool) -> Labels:
    labels = many if keep_name else unnamed(many)
    matching = modifier.matching if modifier else None
    if matching is not None and modifier and modifier.card == VectorMatchCardinality.OneToOne:
        including = matching.type == LabelModifierType.Include
        return only(labels, matching.labels) if including else without(labels, matching.labels)
    added = modifier.group_labels if modifier and modifier.group_labels else []
    return {**{name: value for name, value in labels.items() if name not in added}, **only(one, added)}


def _key(modifier: BinModifier | None) -> Callable[[Labels], LabelSet]:
    """What two series must have alike to meet."""
    matching = modifier.matching if modifier else None
    if matching is None:
        return lambda labels: label_set(unnamed(labels))
    names = matching.labels
    if matching.type == LabelModifierType.Include:
        return lambda labels: label_set(only(labels, names))
    return lambda labels: label_set(without(labels, names))


def _seen(side: Vector, key: Callable[[Labels], LabelSet]) -> dict[LabelSet, Flags]:
    """At which steps the side has any series of each key."""
    seen: dict[LabelSet, Flags] = {}
    for labels, present in zip(side.labels, side.present, strict=True):
        seen[key(labels)] = present | seen.get(key(labels), False)
    return seen


def _facing(vector: Vector, other: Vector, key: Callable[[Labels], LabelSet]) -> Flags:
    """At which steps each series of the vector meets one of the other side."""
    seen, never = _seen(other, key), np.zeros(vector.values.shape[1], dtype=np.bool_)
    found: Sequence[Flags] = [seen.get(key(labels), never) for labels in vector.labels]
    return np.array(found, dtype=np.bool_).reshape(vector.present.shape)


def _and(left: Vector, right: Vector, key: Callable[[Labels], LabelSet]) -> Vector:
    return Vector(left.labels, left.values, left.present & _facing(left, right, key))


def _unless(left: Vector, right: Vector, key: Callable[[Labels], LabelSet]) -> Vector:
    return Vector(left.labels, left.values, left.present & ~_facing(left, right, key))


def _or(left: Vector, right: Vector, key: Callable[[Labels], LabelSet]) -> Vector:
    return joined([left, _unless(right, left, key)])


_SET_OPERATORS: Mapping[str, Callable[[Vector, Vector, Callable[[Labels], LabelSet]], Vector]] = {
    "and": _and,
    "or": _or,
    "unless": _unless,
}
