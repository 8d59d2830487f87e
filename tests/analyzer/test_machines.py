"""What hosts run on, as the analyzer's own scrape of a real exporter tells it while no Prometheus is there."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from analyzer.machines import METRICS, Inventory
from analyzer.sources.scrape import ScrapeSource
from tests.processes import a_free_port, start_exporter


async def test_a_scraped_host_tells_when_it_started_its_cores_and_its_memory(tmp_path: Path) -> None:
    with start_exporter(tmp_path, a_free_port()) as exporter:
        source = ScrapeSource((), (f"{exporter.url}/metrics",), interval_seconds=1, also_keep=METRICS)
        try:
            await source.poll()
            await asyncio.sleep(0.1)
            found = await Inventory(source, 'instance=~".+"').machines(datetime.now(UTC))
        finally:
            await source.close()
    (machine,) = found.values()
    assert machine.booted_at is not None
    assert abs(machine.booted_at - psutil.boot_time()) < 5
    assert machine.booted_at < time.time()
    assert machine.cores == psutil.cpu_count()
    assert machine.memory_bytes == psutil.virtual_memory().total
