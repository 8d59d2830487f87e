"""Kernel settings that the user asks for, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Sample, metric_name
from exporter.collectors import setting
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

INFO = Family("node_sysctl_info", "Kernel settings that are texts, in labels.", labels=("index", "name", "value"))


@dataclass(frozen=True, slots=True)
class SysctlCollector:
    """Source: /proc/sys, sysctl(8)."""

    trees: Trees
    include: tuple[str, ...] = setting(
        (), "A setting with numbers, such as kernel.threads-max; NAME:A,B names the numbers of one with several."
    )
    include_info: tuple[str, ...] = setting((), "A setting with texts, told as labels.")
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        samples = [sample for one in self.include for sample in numbers(self.trees.proc, one)]
        samples += [sample for one in self.include_info for sample in texts(self.trees.proc, one)]
        return [self.listing.block(samples)]


def words(tree: Tree, name: str) -> list[bytes]:
    return tree.read("sys/" + name.replace(".", "/")).split()


def numbers(tree: Tree, given: str) -> Iterator[Sample]:
    name, _, parts = given.partition(":")
    values = words(tree, name)
    metric, text = f"node_sysctl_{metric_name(name)}", f"Kernel setting {name}"
    if parts:
        for part, value in zip(parts.split(","), values, strict=True):
            yield Family(f"{metric}_{part}", f"{text}, {part}.", "untyped"), (), value
    elif len(values) == 1:
        yield Family(metric, f"{text}.", "untyped"), (), values[0]
    else:
        several = Family(metric, f"{text}.", "untyped", ("index",))
        yield from ((several, (str(index),), value) for index, value in enumerate(values))


def texts(tree: Tree, name: str) -> Iterator[Sample]:
    yield from ((INFO, (str(index), name, value), 1) for index, value in enumerate(words(tree, name)))
