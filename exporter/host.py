"""The host as a whole: has its collectors run, one scrape at a time, and writes the page."""

from __future__ import annotations

import gc
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.collectors import Closing, Collector
from exporter.exposition import Block, Family, Rules, Table
from exporter.guard import SWEEP_EVERY, Collection, Guard
from exporter.patience import Batch, Lane
from exporter.procfs import Once, Trees

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
CLOSE_SECONDS = 1.0
WRITE_SECONDS = 60.0
"""To put a page together needs no waiting; on a machine that stands still this is not the moment to give up."""
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


class Page:
    """The last step of a scrape: what was collected becomes the answer."""

    __slots__ = ("body", "collections", "host", "wish")

    def __init__(self, host: Host, wish: Wish, ends: float) -> None:
        self.host = host
        self.wish = wish
        self.body = b""
        guards, openmetrics = host.guards, wish.openmetrics
        self.collections = [Collection(guards[name], ends, openmetrics=openmetrics) for name in wish.collectors]

    def deadline(self, began: float) -> float:
        return began + WRITE_SECONDS

    def give_up(self) -> bool:
        return False

    def work(self) -> None:
        self.body = self.host.write(self.collections, self.wish)


class Scrape:
    """One answer to /metrics on its way."""

    __slots__ = ("batch", "lane")

    def __init__(self, lane: Lane, batch: Batch) -> None:
        self.lane = lane
        self.batch = batch

    def watch(self) -> float:
        """Seconds until to look again; gives up the collector under way when its time is over."""
        return self.lane.watch(self.batch)


class Host:
    """All collectors of this host."""

    def __init__(
        self,
        collectors: Mapping[str, tuple[Collector, Trees]],
        own: Sequence[Own] = (),
        deadline_seconds: float = 5.0,
        most_series: int = 10_000,
        absent_seconds: float = 30.0,
        once: Once | None = None,
    ) -> None:
        owners: dict[str, str] = {}
        self.guards = {
            name: Guard(name, collector, trees, Rules(most_series, name, owners), deadline_seconds, absent_seconds)
            for name, (collector, trees) in collectors.items()
        }
        self.own = tuple(own)
        self.once = once
        self.lane = Lane("collect")
        self._rules = Rules(most_series, "exporter", owners)
        self._results = Table(SECONDS, SUCCESS)
        self._written = 0
        self._dropped: dict[str, int] = {}
        self._dropped_table = Table(DROPPED)

    def start(self, wish: Wish, ends: float, on_done: Callable[[bytes], None]) -> Scrape:
        """Begin a scrape that is to be done by then (monotonic seconds); `on_done` is called on another thread.

        One at a time.
        """
        if self.once is not None:
            self.once.begin()
        page = Page(self, wish, ends)
        batch = Batch([*page.collections, page], lambda: on_done(page.body))
        self.lane.start(batch)
        return Scrape(self.lane, batch)

    def write(self, collections: Sequence[Collection], wish: Wish) -> bytes:
        """The text of a scrape whose collectors are done or given up."""
        self._written += 1
        if self._written % SWEEP_EVERY == 0:
            tidy(first=self._written == SWEEP_EVERY)
            if self.once is not None:
                self.once.tree.sweep()
        pieces: list[bytes] = []
        for collection in collections:
            pieces += collection.text
            if collection.success and collection.guard.drops:
                self._count_dropped(collection.guard)
        blocks = [self._outcome(collections), *self._drops()]
        for own in self.own:
            blocks += own.collect()
        openmetrics, rules = wish.openmetrics, self._rules
        pieces += [block.layout.render(block.values, openmetrics=openmetrics, rules=rules) for block in blocks]
        body = b"".join([*pieces, b"# EOF\n"] if openmetrics else pieces)
        return compress(body) if wish.gzip else body

    def close(self) -> None:
        """Let the collectors end what they began; one that hangs or fails holds up nobody for long."""
        self.lane.stop()
        closing = [guard.collector.close for guard in self.guards.values() if isinstance(guard.collector, Closing)]
        threads = [threading.Thread(target=close, name="close", daemon=True) for close in closing]
        for thread in threads:
            thread.start()
        ends = time.monotonic() + CLOSE_SECONDS
        for thread in threads:
            thread.join(max(ends - time.monotonic(), 0.0))

    def _outcome(self, collections: Sequence[Collection]) -> Block:
        rows = [(one.guard.name,) for one in collections]
        return self._results.block(
            rows, [[one.seconds for one in collections], [int(one.success) for one in collections]]
        )

    def _count_dropped(self, guard: Guard) -> None:
        for layout in guard.layouts:
            for family, count in layout.dropped.items():
                self._dropped[family] = self._dropped.get(family, 0) + count

    def _drops(self) -> list[Block]:
        rows = [(family,) for family in self._dropped]
        return [self._dropped_table.block(rows, [list(self._dropped.values())])] if rows else []


def tidy(*, first: bool) -> None:
    """Give back what Python keeps for reuse: by itself it hoards tuples by the thousand, to some megabytes.

    What is there after the first scrapes stays for good, so that later looks pass over it.
    """
    gc.collect()
    if first:
        gc.freeze()


def compress(body: bytes) -> bytes:
    """Pack as gzip, at level 1: the network is cheaper than the host's processor."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()
