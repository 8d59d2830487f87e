"""A fleet that nobody has: many hosts with many features, new in each cycle, behind the real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

from analyzer.data import Health, Host, HostReport, Report
from analyzer.web.endpoints import Door
from tests.analyzer.web.door import FIRING, NOW, REPORT, Inside, door_to, opened_door

FEATURES = 40


def report(hosts: int, cycle: int) -> Report:
    """Every host has another health in each cycle; each tenth has an incident."""
    at = NOW + timedelta(seconds=cycle)
    told = tuple(host_report(number, cycle) for number in range(hosts))
    findings = tuple(replace(FIRING, host=host.host.name) for host in told[::10])
    return Report(at, "prometheus", "", told, findings, (), REPORT.stage_seconds)


def host_report(number: int, cycle: int) -> HostReport:
    name = f"host-{number:03}:9100"
    health = Health(float((number * 7 + cycle * 13) % 100), 1.0)
    latest = {f"feature_{feature}": float(cycle + feature) for feature in range(FEATURES)}
    return HostReport(Host(name, "node", f"host-{number:03}"), NOW, latest, scores={"kmeans": 0.1}, health=health)


@contextmanager
def fleet(hosts: int, port: int) -> Iterator[tuple[str, Inside]]:
    """The address of a server of such a fleet, and what stands behind it: set its `report` for the next cycle."""
    inside = Inside(report=report(hosts, 0), now=NOW, found=report(hosts, 0).findings)

    async def door() -> Door:
        return door_to(inside)

    # The browser's driver keeps a loop in this thread; the server gets another thread.
    with ThreadPoolExecutor(1) as aside, ExitStack() as opened:
        url = aside.submit(opened.enter_context, opened_door(door, port)).result()
        try:
            yield url, inside
        finally:
            aside.submit(opened.close).result()
