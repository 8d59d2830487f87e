"""Folders of sysfs, and files of counters, as samples: which attribute is which family, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from exporter.exposition import Family, Labels, Value
from exporter.procfs import Tree

Sample = tuple[Family, Labels, Value]
Convert = Callable[[bytes], Value]

NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_:]")


def plain(raw: bytes) -> Value:
    """The number as the kernel writes it."""
    return raw


def times(factor: float) -> Convert:
    """A number in larger units than ours: kilohertz, sectors."""
    return lambda raw: int(raw) * factor


def per(divisor: float) -> Convert:
    """A number in smaller units than ours: milliseconds, microvolts."""
    return lambda raw: int(raw) / divisor


@dataclass(frozen=True, slots=True)
class Attribute:
    """One file of a device's folder, and what it is told as."""

    path: str
    family: Family
    convert: Convert = plain


def told(tree: Tree, folder: str, labels: Labels, attributes: Iterable[Attribute]) -> Iterator[Sample]:
    """The samples of one device; attributes that its driver doesn't have, or won't tell, are left out."""
    for attribute in attributes:
        raw = tree.value(f"{folder}/{attribute.path}")
        if raw:
            yield attribute.family, labels, attribute.convert(raw)


def metric_name(text: str) -> str:
    """A text of the kernel's as a part of a metric's name."""
    return NOT_IN_NAMES.sub("_", text)
