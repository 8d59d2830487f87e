"""All that was learned to tell the unusual of one host, or of many with the same features, stacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from analyzer.data import Level, Numbers, Told, Views
from analyzer.detectors.scaling import Scaling
from analyzer.interfaces import Model

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fitted:
    """Models in the order they are asked. Every array in them has a leading host axis."""

    scaling: Scaling
    models: tuple[Model, ...]

    @property
    def levels(self) -> tuple[Level, ...]:
        """What has to be carried from row to row for these models, each once."""
        return tuple(dict.fromkeys(level for model in self.models for level in model.levels))

    def ask(self, views: Views) -> Told:
        """What each model says of the rows; those asked later see the parts of those before."""
        told: dict[str, Numbers] = {}
        for model in self.models:
            told[model.name] = model.numbers(views)
            if told[model.name].residuals is not None:
                views = replace(views, residuals=told[model.name].residuals)
        return told


def each_array(change: Callable[..., Any], first: T, *others: T) -> T:
    """`first` with every array in it replaced by what `change` makes of it and of the same array of the others.

    Works on dataclasses and tuples of them, however deep; what is no array is a setting and stays.
    """
    if isinstance(first, np.ndarray):
        return change(first, *others)  # type: ignore[no-any-return] # an array for an array
    if isinstance(first, tuple):
        return tuple(each_array(change, *same) for same in zip(first, *others, strict=True))  # type: ignore[return-value]
    if is_dataclass(first) and not isinstance(first, type):
        parts = {
            part.name: each_array(change, *(getattr(one, part.name) for one in (first, *others)))
            for part in fields(first)
        }
        return replace(first, **parts)
    return first
