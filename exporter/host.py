"""The host as a whole: runs, times and guards its collectors, and writes the page.

A collector that raises costs its own metrics; one that hangs costs its own metrics, one thread until it returns, and
nothing at the scrapes behind it.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporter.collectors import Closing, Collector, NoData
from exporter.exposition import Block, Family, Layout, Rules, Table
from exporter.patience import Batch, Lane
from exporter.procfs import Trees

log = logging.getLogger("exporter")

SECONDS = Family(
    "node_scrape_collector_duration_seconds", "How long this collector took in this scrape.", labels=("collector",)
)
SUCCESS = Family(
    "node_scrape_collector_success",
    "Whether this collector told all it had to (1) or failed (0).",
    labels=("collector",),
)
DROPPED = Family(
    "openmanager_exporter_series_dropped_total",
    "Series left out of scrapes: beyond the cap of their family, said twice, or of another collector's family.",
    "counter",
    ("family",),
)
SWEEP_EVERY = 32
GZIP_LEVEL = 1
SMALLEST_TO_COMPRESS = 1000


class Own(Protocol):
    """What the exporter says about itself, beside the collectors."""

    def collect(self) -> Iterable[Block]: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """A scrape as it was asked for: whose samples, in which format. Equal wishes can share one answer."""

    collectors: tuple[str, ...]
    openmetrics: bool = False
    gzip: bool = False


@dataclass(slots=True)
class Guard:
    """One collector and what is known of it from scrape to scrape."""

    name: str
    collector: Collector
    trees: Trees
    rules: Rules
    busy: bool = False
    complaints: set[str] = field(default_factory=set)
    layouts: tuple[Layout, ...] = ()
    runs: int = 0

    def write(self, *, openmetrics: bool) -> list[bytes]:
        """Everything this collector has to say, as text."""
        blocks = tuple(self.collector.collect())
        layouts = tuple(block.layout for block in blocks)
        if layouts != self.layouts:
            self._check_families(layouts)
            self.layouts = layouts
        text = [b.layout.render(b.values, openmetrics=openmetrics, rules=self.rules) for b in blocks]
        self.runs += 1
        if self.runs % SWEEP_EVERY == 0:
            self.trees.sweep()
        return text

    def complain(self, error: Exception) -> None:
        """Once for each kind of error until it works again; the traceback is for bugs and broken files alike."""
        kind = type(error).__name__
        if kind in self.complaints:
            return
        self.complaints.add(kind)
        if isinstance(error, NoData):
            log.debug("collector has nothing to tell", extra={"collector": self.name, "reason": str(error)})
        else:
            log.error("collector failed", exc_info=error, extra={"collector": self.name})

    def _check_families(self, layouts: Sequence[Layout]) -> None:
        names = [name for layout in layouts for name in layout.families]
        if len(names) != len(set(names)):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"these families stand in two blocks: {', '.join(twice)}")


class Collection:
    """One run of one collector in one scrape: a step that may hang."""

    __slots__ = ("ends", "guard", "openmetrics", "seconds", "started", "success", "text")

    def __init__(self, guard: Guard, ends: float, *, openmetrics: bool) -> None:
        self.guard = guard
        self.openmetrics = openmetrics
        self.ends = ends
        self.text: list[bytes] = []
        self.success = False
        self.started = self.seconds = 0.0

    def work(self) -> None:
        guard, began = self.guard, time.monotonic()
        if guard.busy or began > self.ends:
            return
        self.started, guard.busy = began, True
        try:
            self.text = guard.write(openmetrics=self.openmetrics)
            self.success = True
            guard.complaints.clear()
        except Exception as error:  # noqa: BLE001 - the one place where a failure becomes node_scrape_collector_success 0
            guard.complain(error)
        finally:
            guard.busy = False
            self.seconds = time.monotonic() - began


class Scrape:
    """One answer to /metrics on its way."""

    def __init__(self, host: Host, wish: Wish, ends: float, on_done: Callable[[Scrape], None]) -> None:
        self.host = host
        self.wish = wish
        self.ends = ends
        self.body = b""
        self.collections = [
            Collection(host.guards[name], ends, openmetrics=wish.openmetrics) for name in wish.collectors
        ]
        self.batch = Batch([*self.collections, self], lambda: on_done(self))

    def work(self) -> None:
        """The last step: what was collected becomes the page."""
        self.body = self.host.page(self)

    def watch(self) -> float:
        """Seconds until to look again; gives up the collector under way when its time is over."""
        remaining = max(self.ends - time.monotonic(), 0.0)
        return self.host.lane.watch(self.batch, min(self.host.deadline_seconds, remaining))


class Host:
    """All collectors of this host."""

    def __init__(
        self,
        collectors: Mapping[str, tuple[Collector, Trees]],
        own: Sequence[Own] = (),
        deadline_seconds: float = 5.0,
        most_series: int = 10_000,
    ) -> None:
        owners: dict[str, str] = {}
        self.guards = {
            name: Guard(name, collector, trees, Rules(most_series, name, owners))
            for name, (collector, trees) in collectors.items()
        }
        self.own = tuple(own)
        self.deadline_seconds = deadline_seconds
        self.lane = Lane("collect")
        self._rules = Rules(most_series, "exporter", owners)
        self._results = Table(SECONDS, SUCCESS)
        self._dropped: dict[str, int] = {}
        self._dropped_table = Table(DROPPED)

    def start(self, wish: Wish, ends: float, on_done: Callable[[Scrape], None]) -> Scrape:
        """Begin a scrape that is to be done by then (monotonic seconds); `on_done` is called on another thread.

        One at a time.
        """
        scrape = Scrape(self, wish, ends, on_done)
        self.lane.start(scrape.batch)
        return scrape

    def page(self, scrape: Scrape) -> bytes:
        """The text of a scrape whose collectors are done or given up."""
        pieces: list[bytes] = []
        for collection in scrape.collections:
            pieces += collection.text
            self._count_dropped(collection)
        blocks = [self._outcome(scrape.collections), *self._drops()]
        for own in self.own:
            blocks += own.collect()
        openmetrics = scrape.wish.openmetrics
        pieces += [block.layout.render(block.values, openmetrics=openmetrics, rules=self._rules) for block in blocks]
        body = b"".join([*pieces, b"# EOF\n"] if openmetrics else pieces)
        return compress(body) if scrape.wish.gzip else body

    def close(self) -> None:
        self.lane.stop()
        for guard in self.guards.values():
            if isinstance(guard.collector, Closing):
                guard.collector.close()

    def _outcome(self, collections: Sequence[Collection]) -> Block:
        now = time.monotonic()
        rows = [(collection.guard.name,) for collection in collections]
        seconds = [one.seconds or (now - one.started if one.started else 0.0) for one in collections]
        return self._results.block(rows, [seconds, [int(collection.success) for collection in collections]])

    def _count_dropped(self, collection: Collection) -> None:
        if collection.success:
            for layout in collection.guard.layouts:
                for family, count in layout.dropped.items():
                    self._dropped[family] = self._dropped.get(family, 0) + count

    def _drops(self) -> list[Block]:
        rows = [(family,) for family in self._dropped]
        return [self._dropped_table.block(rows, [list(self._dropped.values())])] if rows else []


def compress(body: bytes) -> bytes:
    """Pack as gzip, at level 1: the network is cheaper than the host's processor."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()
