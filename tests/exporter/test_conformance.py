"""Every collector on node_exporter's fixtures, with the flags of its end-to-end test, against its golden output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.conformance import (
    FIXTURES,
    FLAGS,
    NARROWER,
    NETSTAT_FIELDS,
    SWITCHED_ON,
    Page,
    Row,
    compare,
    run,
    table,
)
from tests.exporter.golden import assert_equal, told

LEFT_OUT = {
    "node_network_receive_bytes_total",
    "node_network_receive_packets_total",
    "node_network_transmit_bytes_total",
    "node_network_transmit_packets_total",
    "node_textfile_mtime_seconds",
    "node_time_seconds",
    "node_time_zone_offset_seconds",
    "node_softirqs_total",  # told by stat
    "node_cpu_frequency_hertz",  # from cpuinfo there, and told by cpu: cpufreq tells it where the driver does
}
"""What node_exporter's test leaves out because it differs from run to run, and what another collector tells here."""


@pytest.fixture
def as_there(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The fixtures at the relative path where node_exporter's test has them: some labels tell it."""
    (tmp_path / FIXTURES).parent.mkdir(parents=True)
    (tmp_path / FIXTURES).symlink_to(fixtures)
    monkeypatch.chdir(tmp_path)
    return Path(FIXTURES)


def own_flags(name: str) -> list[str]:
    mine = (f"--collector.{name}.", f"--no-collector.{name}.")
    given = [flag.replace("{fixtures}", FIXTURES).replace("{netstat}", NETSTAT_FIELDS) for flag in (*FLAGS, *NARROWER)]
    return [f"--path.rootfs={FIXTURES}", *(flag for flag in given if flag.startswith(mine))]


@pytest.mark.parametrize("name", sorted(SWITCHED_ON.split()))
def test_a_collector_tells_what_node_exporter_tells_and_nothing_else(
    name: str, as_there: Path, golden: str, shared: Path
) -> None:
    listed = json.loads((shared / "data/node_exporter/collectors.json").read_text())
    families = {family["name"] for family in listed[name]["families"]} - LEFT_OUT
    assert_equal(told(name, as_there, *own_flags(name)), golden, [re.escape(family) for family in families])


GOLDEN = """\
# TYPE node_load1 gauge
node_load1 0.21
# TYPE node_forks_total counter
node_forks_total 26442
# TYPE node_arp_entries gauge
node_arp_entries{device="eth0"} 3
node_arp_entries{device="eth1"} 3
# TYPE node_xfrm_acquire_error_packets_total counter
node_xfrm_acquire_error_packets_total 24532
"""
OURS = """\
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 2.1e-1
# TYPE node_forks_total gauge
node_forks_total 26442
# TYPE node_arp_entries gauge
node_arp_entries{device="eth0"} 4
node_arp_entries{device="eth2"} 3
# TYPE node_xfrm_acquire_error_packets_total counter
node_xfrm_acquire_error_packets_total 24532
"""
COLLECTOR_OF = {
    "node_load1": "loadavg",
    "node_forks_total": "stat",
    "node_arp_entries": "arp",
    "node_xfrm_acquire_error_packets_total": "xfrm",
}


def test_a_sample_is_equal_when_name_labels_value_and_type_are() -> None:
    rows = compare(Page.read(OURS), Page.read(GOLDEN), COLLECTOR_OF)
    assert rows == [
        Row("arp", golden=2, equal=0, missing=1, different=1, surplus=1),
        Row("loadavg", golden=1, equal=1, missing=0, different=0, surplus=0),
        Row("stat", golden=1, equal=0, missing=0, different=1, surplus=0),
        Row("xfrm", golden=1, equal=1, missing=0, different=0, surplus=0),
    ]


def test_the_last_line_of_the_table_sums_up() -> None:
    rows = compare(Page.read(OURS), Page.read(GOLDEN), COLLECTOR_OF)
    assert table(rows).splitlines()[-1] == "equal 2 of 5 golden samples; named collectors: 1 of 4"


def test_the_whole_page_of_the_real_exporter_equals_the_golden_one(shared: Path) -> None:
    rows = run(shared / "data/node_exporter", verbose=False).splitlines()
    assert rows[-1] == "equal 3027 of 3027 golden samples; named collectors: 1621 of 1621"
    # The header, a row for each collector with its surplus samples at the end, a footnote, the sum.
    assert [row for row in rows[1:-2] if not row.endswith(" 0")] == []
