"""Metrics from files: node_exporter's own examples, and what must not get through."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.textformat import Malformed, read
from tests.exporter.golden import kinds, samples, told

EXAMPLES = (
    "client_side_timestamp",
    "different_metric_types",
    "histogram",
    "histogram_extra_dimension",
    "inconsistent_metrics",
    "metrics_merge_different_help",
    "metrics_merge_empty_help",
    "metrics_merge_no_help",
    "metrics_merge_same_help",
    "no_metric_files",
    "nonexistent_path",
    "summary",
    "two_metric_files",
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_files_are_told_as_node_exporter_tells_them(example: str, fixtures: Path) -> None:
    page = told("textfile", fixtures, f"--collector.textfile.directory={fixtures}/textfile/{example}")
    wanted = (fixtures / f"textfile/{example}.out").read_text()
    ours = {series: value for series, value in samples(page).items() if series[0] != "node_textfile_mtime_seconds"}
    theirs = {series: value for series, value in samples(wanted).items() if series[0] != "node_textfile_mtime_seconds"}
    assert ours == theirs
    assert {name: kind for name, kind in kinds(page).items() if "mtime" not in name} == {
        name: kind for name, kind in kinds(wanted).items() if "mtime" not in name
    }


def test_a_folder_may_be_a_pattern_and_given_several_times(fixtures: Path) -> None:
    page = told(
        "textfile",
        fixtures,
        f"--collector.textfile.directory={fixtures}/textfile/metrics_merge_s*",
        f"--collector.textfile.directory={fixtures}/textfile/two_metric_files",
    )
    names = {name for name, _ in samples(page)}
    assert names == {
        "events_total",
        "node_textfile_mtime_seconds",
        "node_textfile_scrape_error",
        "testmetric1_1",
        "testmetric1_2",
        "testmetric2_1",
        "testmetric2_2",
    }


def test_the_time_of_a_file_is_told(tmp_path: Path, fixtures: Path) -> None:
    (tmp_path / "a.prom").write_text("backup_bytes 5\n")
    page = told("textfile", fixtures, f"--collector.textfile.directory={tmp_path}")
    told_time = samples(page)["node_textfile_mtime_seconds", frozenset({("file", f"{tmp_path}/a.prom")})]
    assert told_time == pytest.approx((tmp_path / "a.prom").stat().st_mtime)


def test_a_broken_file_costs_only_its_own_metrics(tmp_path: Path, fixtures: Path) -> None:
    (tmp_path / "a.prom").write_text("backup_bytes 5\n")
    (tmp_path / "b.prom").write_text("backup_bytes{ 5\n")
    found = samples(told("textfile", fixtures, f"--collector.textfile.directory={tmp_path}"))
    assert found["backup_bytes", frozenset()] == 5
    assert found["node_textfile_scrape_error", frozenset()] == 1


def test_a_file_cannot_speak_for_the_exporter(tmp_path: Path, fixtures: Path) -> None:
    (tmp_path / "a.prom").write_text("node_textfile_scrape_error 7\n")
    found = samples(told("textfile", fixtures, f"--collector.textfile.directory={tmp_path}"))
    assert found == {("node_textfile_scrape_error", frozenset()): 1}


def test_escapes_blanks_and_special_values_are_read() -> None:
    (family,) = read('# TYPE a gauge\na { b = "x\\n\\"\\\\}" , } +Inf\na NaN')
    assert family.kind == "gauge"
    assert family.samples[0] == ("", (("b", 'x\n"\\}'),), float("inf"))
    assert family.samples[1][2] != family.samples[1][2]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("a 1 1441205977284", "line 1: a has a timestamp, and the time of a sample is the scrape's"),
        ("a 1\nb 1_000", "line 2: not a number: '1_000'"),
        ("a one", "line 1: could not convert string to float: 'one'"),
        ('a{b="1",b="2"} 1', 'line 1: not labels: {b="1",b="2"}'),
        ('a{b="1"c="2"} 1', 'line 1: not labels: {b="1"c="2"}'),
        ("# TYPE a meter\na 1", "line 1: type 'meter' of a is unknown, or comes after its samples"),
        ("a", "line 1: not a sample: 'a'"),
    ],
)
def test_what_is_no_page_is_refused_with_its_line(page: str, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(page)
    assert str(caught.value) == reason
