"""What runs on a host: process groups and services, from the newest samples of its exporter."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from analyzer.companions.resources import COUNT, CPU, MEMORY
from analyzer.data import Sample
from analyzer.features import matcher
from analyzer.interfaces import Queries
from analyzer.web.page_schema import ProcessesTold, ProcessGroupTold, ServicesTold, ServiceTold

MOST_GROUPS = 12
MOST_SERVICES = 200
RATE = "120s"
UNITS = 'node_systemd_unit_state{name=~".+[.]service",$s} == 1'
ORDER = {"failed": 0, "activating": 1, "deactivating": 2, "active": 3}

Values = dict[str, float]


async def processes(queries: Queries, host: str, at: datetime) -> ProcessesTold:
    """The groups that use most CPU or memory. SourceError, with its reason, when nobody can be asked."""
    asked = [queries.instant(_of(resource.groups, host), at) for resource in (CPU, MEMORY, COUNT)]
    cpu, memory, count = (_by_group(samples) for samples in await asyncio.gather(*asked))
    busy, large = _greatest(cpu), _greatest(memory)
    names = sorted({*busy, *large}, key=lambda name: (-cpu.get(name, 0.0), -memory.get(name, 0.0), name))
    groups = [
        ProcessGroupTold(name=n, cpu_cores=cpu.get(n), memory_bytes=memory.get(n), processes=count.get(n))
        for n in names
    ]
    return ProcessesTold(host=host, at=at, groups=groups)


async def services(queries: Queries, host: str, at: datetime) -> ServicesTold:
    """Services of systemd by state. SourceError, with its reason, when nobody can be asked."""
    units = await queries.instant(_of(UNITS, host), at)
    found = [ServiceTold(name=u.labels.get("name", ""), state=u.labels.get("state", "")) for u in units]
    found.sort(key=lambda service: (ORDER.get(service.state, len(ORDER)), service.name))
    states = dict(Counter(service.state for service in found))
    return ServicesTold(host=host, at=at, states=states, services=found[:MOST_SERVICES])


def _of(promql: str, host: str) -> str:
    return promql.replace("$s", matcher("instance", host)).replace("$w", RATE)


def _greatest(values: Values) -> list[str]:
    used = [name for name, value in values.items() if value > 0]
    return sorted(used, key=lambda name: -values[name])[:MOST_GROUPS]


def _by_group(samples: Sequence[Sample]) -> Values:
    return {sample.labels.get("groupname", ""): sample.value for sample in samples}
