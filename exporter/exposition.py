"""What collectors say and how it is written: families and samples as text 0.0.4 or OpenMetrics 1.0.0.

The text of a layout (families, label sets) is rendered once and kept; a scrape only puts fresh values between the
kept pieces. Sample names are the same in both formats; only TYPE and HELP lines differ.
https://prometheus.io/docs/instrumenting/exposition_formats/
https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

Kind = Literal["counter", "gauge", "untyped", "histogram", "summary"]
Label = bytes | str
Labels = tuple[Label | None, ...]
"""Values in the order of the family's label names; None leaves that label out of the series."""
Value = bytes | int | float
"""bytes are passed through as they are: a number in decimal notation, as /proc writes it, without blanks."""

UNDECODABLE = re.compile("[\ud800-\udfff]+")
MOST_SURPRISES = 16
"""So many changes in a row, and a block is taken for one that always changes."""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family: its name as samples carry it (counters with their `_total`), help, type, label names."""

    name: str
    help: str
    kind: Kind = "gauge"
    labels: tuple[str, ...] = ()

    def head(self, *, openmetrics: bool) -> bytes:
        """The HELP and TYPE lines. A counter without `_total` keeps its name and becomes unknown in OpenMetrics."""
        name, kind, text = self.name, str(self.kind), self.help.replace("\\", r"\\").replace("\n", r"\n")
        if openmetrics:
            text = text.replace('"', r"\"")
            if kind == "counter" and name.endswith("_total"):
                name = name.removesuffix("_total")
            elif kind in {"counter", "untyped"}:
                kind = "unknown"
        return f"# HELP {name} {text}\n# TYPE {name} {kind}\n".encode()


class Layout:
    """Families with their series, without values: rendered once, asked often.

    `groups` are (family, the series of its samples as `series()` writes them); the values of a scrape come flat, in
    the same order. Series beyond `most_series` of a family, and series said twice, are dropped and counted.
    """

    __slots__ = ("_kept", "_last", "_pieces", "_surprises", "dropped", "families", "groups")

    def __init__(self, groups: Iterable[tuple[Family, Sequence[bytes]]]) -> None:
        # With its newline before it a row is the very piece of text that both formats are made of.
        self.groups = tuple((family, tuple([b"\n" + row for row in rows])) for family, rows in groups)
        self.families = tuple([family.name for family, _ in self.groups])
        self.dropped: dict[str, int] = {}
        self._kept: list[int] | None = None
        self._pieces: dict[bool, list[bytes]] = {}
        self._last: dict[bool, tuple[list[Value], bytes]] = {}
        self._surprises = 0

    def render(self, values: Sequence[Value], *, openmetrics: bool, rules: Rules) -> bytes:
        """The text of these families; ValueError when the values are too few, too many or no numbers.

        What stays the same from scrape to scrape, as much does, is not written again.
        """
        last = self._last.get(openmetrics)
        if last is not None and last[0] == values:
            self._surprises = 0
            return last[1]
        text = self._write(values, openmetrics=openmetrics, rules=rules)
        self._surprises += 1
        if self._surprises <= MOST_SURPRISES:
            self._last[openmetrics] = [*values], text
        else:
            self._last.clear()
        return text

    def _write(self, values: Sequence[Value], *, openmetrics: bool, rules: Rules) -> bytes:
        pieces = self._pieces.get(openmetrics)
        if pieces is None:
            pieces = self._pieces[openmetrics] = self._prepare(rules, openmetrics=openmetrics)
        if self._kept is not None:
            values = [values[at] for at in self._kept]
        raw = values
        try:
            digits = b"".join(values)  # type: ignore[arg-type]
        except TypeError:
            raw = [value for value in values if type(value) is bytes]
            values = [value if type(value) is bytes else number(value) for value in values]  # type: ignore[arg-type]
            digits = b"".join(raw)  # type: ignore[arg-type]
        if raw and not (digits.isdigit() and all(raw)):
            check(raw)  # type: ignore[arg-type]
        pieces[1::2] = values  # type: ignore[assignment]
        return b"".join(pieces)

    def _prepare(self, rules: Rules, *, openmetrics: bool) -> list[bytes]:
        """Every other piece is text, the ones between wait for values."""
        pieces, kept, at, before = [], [], 0, b""
        for family, rows in self.groups:
            chosen = rules.choose(family, rows)
            self.dropped[family.name] = len(rows) - len(chosen)
            head = before + family.head(openmetrics=openmetrics)
            for row in chosen:
                pieces += [head + rows[row][1:] if head else rows[row], b""]
                before, head = b"\n", b""
            kept += [at + row for row in chosen]
            at += len(rows)
        self.dropped = {name: count for name, count in self.dropped.items() if count}
        self._kept = kept if self.dropped else None
        return [*pieces, before]


@dataclass(frozen=True, slots=True)
class Block:
    """A layout with the values of one scrape: what a collector gives."""

    layout: Layout
    values: Sequence[Value]


class Table:
    """Families that share their label sets: rows are label sets, columns are families. The cheapest way to say much.

    Keeps its layout as long as the rows stay the same.
    """

    __slots__ = ("_layout", "_rows", "families")

    def __init__(self, *families: Family) -> None:
        self.families = families
        self._rows: list[Labels] | None = None
        self._layout = Layout(())

    def block(self, rows: Sequence[Labels], columns: Iterable[Sequence[Value]]) -> Block:
        """One column of values for each family, one value for each row."""
        if rows != self._rows:
            self._rows = list(rows)
            self._layout = Layout((family, [series(family, row) for row in rows]) for family in self.families)
        return Block(self._layout, [*chain.from_iterable(columns)])

    def single(self, values: Sequence[Value]) -> Block:
        """Families without labels: one value each."""
        if self._rows is None:
            self._rows = [()]
            self._layout = Layout((family, [series(family, ())]) for family in self.families)
        return Block(self._layout, values)


class Listing:
    """Samples in any order, each with its family and labels, for whatever isn't a table.

    Keeps its layout as long as the same series come in the same order.
    """

    __slots__ = ("_layout", "_order", "_series")

    def __init__(self) -> None:
        self._series: list[tuple[Family, Labels]] | None = None
        self._order: list[int] = []
        self._layout = Layout(())

    def block(self, samples: Iterable[tuple[Family, Labels, Value]]) -> Block:
        listed = list(samples)
        keys = [(family, labels) for family, labels, _ in listed]
        if keys != self._series:
            self._series = keys
            self._arrange(keys)
        return Block(self._layout, [listed[at][2] for at in self._order])

    def _arrange(self, keys: list[tuple[Family, Labels]]) -> None:
        places: dict[Family, list[int]] = {}
        for at, (family, _) in enumerate(keys):
            places.setdefault(family, []).append(at)
        self._order = [*chain.from_iterable(places.values())]
        self._layout = Layout((family, [series(family, keys[at][1]) for at in rows]) for family, rows in places.items())


@dataclass(slots=True)
class Rules:
    """What keeps a page valid and bounded: each family has one owner, no series twice, no family above the cap."""

    most_series: int = 10_000
    owner: str = ""
    owners: dict[str, str] = field(default_factory=dict)

    def choose(self, family: Family, rows: Sequence[bytes]) -> list[int]:
        """Which of these series may be written."""
        if self.owners.setdefault(family.name, self.owner) != self.owner:
            return []
        first = {row: at for at, row in reversed(list(enumerate(rows)))}
        return sorted(first.values())[: self.most_series]


def series(family: Family, labels: Labels, suffix: str = "") -> bytes:
    """A sample up to its value: name, labels, blank. ValueError when labels and label names differ in number."""
    pairs = ",".join(
        f'{name}="{escaped(value)}"' for name, value in zip(family.labels, labels, strict=True) if value is not None
    )
    return f"{family.name}{suffix}{{{pairs}}} ".encode() if pairs else f"{family.name}{suffix} ".encode()


def escaped(label: Label) -> str:
    """A label value as both formats write it. Each run of bytes that aren't UTF-8 becomes one U+FFFD."""
    text = label.decode(errors="surrogateescape") if isinstance(label, bytes) else label
    return UNDECODABLE.sub("\ufffd", text).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number(value: float) -> bytes:
    """A number in decimal notation, shortest form that reads back the same."""
    if isinstance(value, int):
        return b"%d" % value
    if math.isfinite(value):
        return repr(value).encode()
    return b"NaN" if math.isnan(value) else b"+Inf" if value > 0 else b"-Inf"


def check(values: Iterable[bytes]) -> None:
    """ValueError for the first value that isn't a number by itself: one bad value would cost the whole page."""
    for value in values:
        if not value or value.strip() != value or b"_" in value:
            raise ValueError(f"not a number: {value!r}")
        float(value)
