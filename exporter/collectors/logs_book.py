"""What is known of the logs: counts, templates, and the most recent lines. Bounded, whatever is written to the logs.

A line is cleaned of secrets before anything else is done with it; nothing here keeps it as it was.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from exporter.collectors.logs_secrets import Blotter
from exporter.collectors.logs_severity import SEVERITIES, of_line
from exporter.collectors.logs_templates import Miner, Template

OTHER = "other"
MOST_SOURCES = 100
BATCH = 50
LONGEST_LINE = 8_000
LONGEST_KEPT = 1_000
UNSEEMLY = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]|[\ud800-\udfff]")
"""Colours of terminals, and what no text should have."""
RANK = {severity: at for at, severity in enumerate(SEVERITIES)}
WORST = frozenset(SEVERITIES[:3])


@dataclass(frozen=True, slots=True)
class Line:
    """A line as a source gives it; seconds since the epoch. A continuation belongs to the message before it."""

    seconds: float
    source: str
    text: str
    severity: str = ""
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it is kept: without secrets."""

    seconds: float
    source: str
    severity: str
    template: str
    text: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Which lines and templates are asked for: those of a time, of a severity or worse, of a source."""

    start: float = 0.0
    end: float = float("inf")
    severity: str = "unknown"
    source: str = ""
    limit: int = 100

    def fits(self, source: str, severity: str) -> bool:
        return RANK[severity] <= RANK[self.severity] and self.source in {"", source}


@dataclass(slots=True)
class Shelf:
    """The most recent entries that fit in so many characters."""

    most: int
    used: int = 0
    entries: deque[Entry] = field(default_factory=deque)

    def put(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.used += len(entry.text)
        while self.used > self.most:
            self.used -= len(self.entries.popleft().text)


@dataclass(slots=True)
class Book:
    """Safe to use from several threads. A flood of harmless lines doesn't push out the warnings."""

    most_templates: int = 500
    most_characters: int = 500_000
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    miner: Miner = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _blotters: dict[str, Blotter] = field(default_factory=dict)
    _latest: dict[str, tuple[str, str]] = field(default_factory=dict)
    _warnings: Shelf = field(init=False)
    _rest: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self.miner = Miner(self.most_templates)
        self._warnings = Shelf(self.most_characters // 2)
        self._rest = Shelf(self.most_characters // 2)

    def add(self, lines: Iterable[Line]) -> None:
        """Count, mine and keep these lines; a scrape gets its turn between any few of them."""
        rest = iter(lines)
        while batch := list(islice(rest, BATCH)):
            with self._lock:
                for line in batch:
                    self._add(line)

    def told(self, most: int) -> tuple[dict[tuple[str, str], int], list[tuple[str, str, str, int]]]:
        """Counts by source and severity; and (identity, source, severity, count) of the templates worth a series."""
        with self._lock:
            chosen = self._chosen(most)
            return dict(self.counts), [(one.identity, one.source, one.severity, one.count) for one in chosen]

    def lines(self, wish: Wish) -> list[Entry]:
        """The most recent entries that fit, oldest first."""
        with self._lock:
            entries = [*self._warnings.entries, *self._rest.entries]
        entries.sort(key=lambda entry: entry.seconds)
        fitting = [
            entry
            for entry in entries
            if wish.start <= entry.seconds <= wish.end and wish.fits(entry.source, entry.severity)
        ]
        return fitting[-wish.limit :]

    def templates(self, wish: Wish) -> list[tuple[Template, str]]:
        """Templates seen in that time, those of most lines first, each with its text."""
        with self._lock:
            fitting = [
                (one, one.text)
                for one in self.miner
                if wish.start <= one.last_seconds
                and one.first_seconds <= wish.end
                and wish.fits(one.source, one.severity)
            ]
        return sorted(fitting, key=lambda pair: (-pair[0].count, pair[1]))[: wish.limit]

    def _add(self, line: Line) -> None:
        source = self._source(line.source)
        blotter = self._blotters.setdefault(source, Blotter())
        text = UNSEEMLY.sub("", line.text[:LONGEST_LINE]).replace("\n", " ").rstrip()
        text = blotter.clean(text)[:LONGEST_KEPT]
        if line.continues and source in self._latest:
            severity, identity = self._latest[source]
        else:
            severity = line.severity or of_line(text)
            identity = self.miner.learn(text, source, severity, line.seconds).identity
            self._latest[source] = severity, identity
            self.counts[source, severity] = self.counts.get((source, severity), 0) + 1
        shelf = self._warnings if severity in WORST else self._rest
        shelf.put(Entry(line.seconds, source, severity, identity, text))

    def _source(self, source: str) -> str:
        return source if source in self._blotters or len(self._blotters) < MOST_SOURCES else OTHER

    def _chosen(self, most: int) -> list[Template]:
        """The templates told of as metrics: the worst and most frequent, and a few of the newest bad ones."""
        by_count = sorted(self.miner, key=lambda one: (one.severity not in WORST, -one.count, one.identity))
        share = most - most // 4
        newest = sorted(by_count[share:], key=lambda one: (one.severity not in WORST, -one.first_seconds))
        chosen = by_count[:share] + newest[: most - share]
        return sorted(chosen, key=lambda one: one.identity)
