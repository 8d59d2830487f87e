"""One collector and its runs, timed and guarded.

A collector that raises costs its own metrics; one that hangs costs its own metrics, one thread until it returns, and
nothing at the scrapes behind it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.collectors import Collector, NoData, Resuming
from exporter.exposition import Layout, Rules
from exporter.procfs import Trees

log = logging.getLogger("exporter")

SWEEP_EVERY = 32


@dataclass(slots=True)
class Guard:
    """One collector and what is known of it from scrape to scrape.

    Where there is nothing of its kind it is asked again after `absent_seconds`: hardware doesn't come by the second.
    """

    name: str
    collector: Collector
    trees: Trees
    rules: Rules
    deadline_seconds: float
    absent_seconds: float
    resumes: bool = field(init=False)
    current: object = None
    layouts: tuple[Layout, ...] = ()
    drops: bool = False
    absent_until: float = 0.0
    complaints: set[str] = field(default_factory=set)
    runs: int = 0

    def __post_init__(self) -> None:
        self.resumes = isinstance(self.collector, Resuming)
        if isinstance(self.collector, Resuming):
            self.deadline_seconds = min(self.deadline_seconds, self.collector.deadline_seconds)

    def write(self, *, openmetrics: bool) -> list[bytes]:
        """Everything this collector has to say, as text."""
        blocks = tuple(self.collector.collect())
        layouts = tuple([block.layout for block in blocks])
        changed = layouts != self.layouts
        if changed:
            _check_families(layouts)
        rules = self.rules
        text = [block.layout.render(block.values, openmetrics=openmetrics, rules=rules) for block in blocks]
        if changed:
            self.layouts = layouts
            self.drops = any(layout.dropped for layout in layouts)
        self.complaints.clear()
        self.runs += 1
        if self.runs % SWEEP_EVERY == 0:
            self.trees.sweep()
        return text

    def complain(self, error: Exception) -> None:
        """Log each kind of error once until the collector works again."""
        kind = type(error).__name__
        if kind in self.complaints:
            return
        self.complaints.add(kind)
        if isinstance(error, NoData):
            log.debug("collector has nothing to tell", extra={"collector": self.name, "reason": str(error)})
        else:
            log.error("collector failed", exc_info=error, extra={"collector": self.name})


def _check_families(layouts: Sequence[Layout]) -> None:
    names = [name for layout in layouts for name in layout.families]
    if len(names) != len(set(names)):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"these families stand in two blocks: {', '.join(twice)}")


class Collection:
    """One run of one collector in one scrape: a step that may hang."""

    __slots__ = ("_run", "_started", "ends", "guard", "openmetrics", "seconds", "success", "text")

    def __init__(self, guard: Guard, ends: float, *, openmetrics: bool) -> None:
        self.guard = guard
        self.openmetrics = openmetrics
        self.ends = ends
        self.text: list[bytes] = []
        self.success = False
        self.seconds = 0.0
        self._started = 0.0
        self._run: object = None

    def deadline(self, began: float) -> float:
        return min(began + self.guard.deadline_seconds, self.ends)

    def work(self) -> None:
        guard, began = self.guard, time.monotonic()
        if began < guard.absent_until or began > self.ends or (guard.current is not None and not guard.resumes):
            return
        run = self._run = guard.current = object()
        self._started = self._started or began
        try:
            text = guard.write(openmetrics=self.openmetrics)
        except Exception as error:  # noqa: BLE001 - the one place where a failure becomes success 0
            if self._run is run:
                guard.complain(error)
                if isinstance(error, NoData):
                    guard.absent_until = began + guard.absent_seconds
        else:
            if self._run is run:
                self.text, self.success = text, True
        finally:
            if guard.current is run:
                guard.current = None
            if self._run is run:
                self.seconds = time.monotonic() - self._started

    def give_up(self) -> bool:
        """Whatever the run under way still finds comes too late."""
        self._run = None
        self.seconds = time.monotonic() - self._started
        log.error("collector hangs", extra={"collector": self.guard.name, "seconds": f"{self.seconds:.1f}"})
        return self.guard.resumes
