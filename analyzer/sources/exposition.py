"""Prometheus's text format, read for speed: a line whose series is known costs one look-up and one number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Series = Mapping[str, str]
_NAME = re.compile(rb"[A-Za-z_:][\w:]*")
_LABEL = re.compile(rb'\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?')
_ESCAPES = {b"\\\\": b"\\", b'\\"': b'"', b"\\n": b"\n"}
_ESCAPE = re.compile(rb'\\[\\"n]')
_FORGET_FACTOR = 4


class NotMetrics(ValueError):
    """The body is not in Prometheus's text format."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one target's scrapes. `learn` gives a new series its row, or None when it is not wanted."""

    learn: Callable[[Series], int | None]
    _rows: dict[bytes, int | None] = field(default_factory=dict)

    def read(self, body: bytes) -> tuple[list[int], list[float]]:
        """Rows and values of the wanted series. NotMetrics names the line that can't be read.

        A sample's own timestamp is passed over: all are taken as of the scrape.
        """
        rows: list[int] = []
        numbers: list[bytes] = []
        known = self._rows
        lines = body.split(b"\n")
        if len(known) > _FORGET_FACTOR * len(lines):
            known.clear()
        for line in lines:
            key, _, number = line.rpartition(b" ")
            try:
                row = known[key]
            except KeyError:
                row, number = self._new(line, key, number)
            if row is not None:
                rows.append(row)
                numbers.append(number)
        try:
            return rows, list(map(float, numbers))
        except ValueError as error:
            raise NotMetrics(f"a sample without a number: {error}") from None

    def _new(self, line: bytes, key: bytes, number: bytes) -> tuple[int | None, bytes]:
        if not line.strip() or line.startswith(b"#"):
            self._rows[key] = None
            return None, number
        series, rest = parse_series(line)
        numbers = rest.split()
        if not numbers or not _is_number(numbers[0]):
            raise NotMetrics(f"no metrics in Prometheus's text format: {line[:80].decode(errors='replace')!r}")
        row = self.learn(series)
        if len(numbers) == 1 and rest.lstrip() == number:  # else the key holds a value, which never comes again
            self._rows[key] = row
        return row, numbers[0]


def parse_series(line: bytes) -> tuple[dict[str, str], bytes]:
    """The labels of a sample line, its name as __name__, and what follows them."""
    name = _NAME.match(line)
    if name is None:
        raise NotMetrics(f"no metrics in Prometheus's text format: {line[:80].decode(errors='replace')!r}")
    labels = {"__name__": name[0].decode()}
    rest = line[name.end() :].lstrip()
    if not rest.startswith(b"{"):
        return labels, rest
    at = 1
    while label := _LABEL.match(rest, at):
        labels[label[1].decode()] = _ESCAPE.sub(lambda found: _ESCAPES[found[0]], label[2]).decode(errors="replace")
        at = label.end()
    closing = rest.find(b"}", at)
    if closing < 0 or rest[at:closing].strip():
        raise NotMetrics(f"labels that can't be read: {line[:80].decode(errors='replace')!r}")
    return labels, rest[closing + 1 :]


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
