"""What hosts run on: when each started, how many cores it has and how much memory. Asks; decides nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from analyzer.features import metrics_of
from analyzer.interfaces import Queries

# Names of node_exporter: on Linux, and on macOS.
BOOTED = "node_boot_time_seconds{$selector}"
CORES = 'count by (instance) (node_cpu_seconds_total{mode="idle",$selector})'
MEMORY = "node_memory_MemTotal_bytes{$selector} or node_memory_total_bytes{$selector}"
# All that these read, for sources that keep only what they are told to.
METRICS = tuple(sorted(metrics_of(" or ".join(promql.replace("$selector", "") for promql in (BOOTED, CORES, MEMORY)))))


@dataclass(frozen=True, slots=True)
class Machine:
    """`booted_at` in epoch seconds; None for what a host doesn't tell."""

    booted_at: float | None = None
    cores: float | None = None
    memory_bytes: float | None = None


Machines = Mapping[str, Machine]


@dataclass(frozen=True)
class Inventory:
    """`selector` is the label matchers that pick hosts, as of the features."""

    queries: Queries
    selector: str = ""

    async def machines(self, at: datetime) -> Mapping[str, Machine]:
        """Every host's, by its instance label. SourceError when nobody could be asked."""
        booted, cores, memory = await asyncio.gather(
            *(self._of_hosts(promql.replace("$selector", self.selector), at) for promql in (BOOTED, CORES, MEMORY))
        )
        hosts = booted.keys() | cores.keys() | memory.keys()
        return {host: Machine(booted.get(host), cores.get(host), memory.get(host)) for host in hosts}

    async def _of_hosts(self, promql: str, at: datetime) -> Mapping[str, float]:
        samples = await self.queries.instant(promql, at)
        return {each.labels.get("instance", ""): each.value for each in samples if math.isfinite(each.value)}
