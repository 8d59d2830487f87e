"""Beside Debian's node_exporter on the same host: whatever series it has by default, and more, is ours too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exporter.golden import kinds, samples
from tests.processes import a_free_port, running, start_exporter

MORE = (
    "buddyinfo",
    "cgroups",
    "interrupts",
    "ksmd",
    "lnstat",
    "meminfo_numa",
    "mountstats",
    "processes",
    "qdisc",
    "tcpstat",
    "zoneinfo",
)
"""Off by default there, and of any host."""

SINCE = {"adminstate", "device_error", "rotational", "tags"}
"""Labels that node_exporter got after the version that Debian has."""

OF_THE_MOMENT = {"node_processes_state", "node_processes_threads_state", "node_scrape_collector_duration_seconds"}
OWN = {"node_exporter_build_info", "node_textfile_scrape_error"}
"""Its version; and Debian's default folder of text files, which may not exist."""


@pytest.fixture(scope="module")
def pages(node_exporter_program: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What node_exporter says of this host, and what we say, at nearly the same moment."""
    folder = tmp_path_factory.mktemp("beside")
    switches = [*(f"--collector.{name}" for name in MORE), "--no-collector.systemd"]
    their_port, our_port = a_free_port(), a_free_port()
    command: list[str | Path] = [node_exporter_program, f"--web.listen-address=127.0.0.1:{their_port}", *switches]
    with (
        running("node_exporter", command, their_port, "/", folder) as peer,
        start_exporter(folder, our_port, *switches) as ours,
    ):
        return peer.get("/metrics")[1], ours.get("/metrics")[1]


def test_no_series_of_node_exporters_is_missing(pages: tuple[str, str]) -> None:
    theirs, told = pages
    found = {identity(name, labels) for name, labels in samples(told)}
    wanted = {identity(name, labels) for name, labels in samples(theirs) if is_asked(name, labels)}
    assert len(wanted) > 500
    assert sorted((name, *sorted(labels)) for name, labels in wanted - found) == []
    types = {name: kind for name, kind in kinds(theirs).items() if name in {name for name, _ in wanted}}
    assert {name: kinds(told)[name] for name in types} == types


def test_collectors_succeed_where_node_exporters_do(pages: tuple[str, str]) -> None:
    theirs, told = pages
    assert successes(theirs) - successes(told) == set()


def successes(page: str) -> set[str]:
    found = samples(page).items()
    return {
        dict(labels)["collector"] for (name, labels), value in found if name.endswith("_collector_success") and value
    }


def is_asked(name: str, labels: frozenset[tuple[str, str]]) -> bool:
    if not name.startswith("node_") or name in OF_THE_MOMENT | OWN:
        return False
    # A device that newer versions leave out by default.
    return not dict(labels).get("device", "").startswith(("zram", "loop"))


def identity(name: str, labels: frozenset[tuple[str, str]]) -> tuple[str, frozenset[tuple[str, str]]]:
    """A series without empty labels, which Prometheus doesn't keep, and without those of newer versions."""
    return name, frozenset((key, value) for key, value in labels if value and key not in SINCE)
