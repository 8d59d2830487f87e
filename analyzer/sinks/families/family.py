"""What a family of metrics is, what one scrape sees, and how samples are taken for each host or from the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from analyzer.data import HostReport, Report
from analyzer.store import OutboxStatus

Samples = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True)
class Scrape:
    """All that one scrape sees. `report` is None before the first cycle; `outbox` None when the store can't be read."""

    now: datetime
    report: Report | None
    cycles: int
    stage_failures: dict[str, int]
    outbox: Sequence[OutboxStatus] | None
    version: str


@dataclass(frozen=True)
class Family:
    """`samples` gives label values, in the order of `labels`, with a value; NaN is left out."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Scrape], Samples]


@dataclass(frozen=True)
class OfHosts:
    """The same for each host of the report, its name put before the other labels."""

    of: Callable[[HostReport], Samples]

    def __call__(self, scrape: Scrape) -> Samples:
        for host in scrape.report.hosts if scrape.report else ():
            for labels, value in self.of(host):
                yield (host.host.name, *labels), value


def of_report(samples: Callable[[Report], Samples]) -> Callable[[Scrape], Samples]:
    return lambda scrape: samples(scrape.report) if scrape.report else ()


def finite(samples: Samples) -> Samples:
    """What could not be told is absent, not a NaN that every query must filter."""
    return (sample for sample in samples if math.isfinite(sample[1]))
