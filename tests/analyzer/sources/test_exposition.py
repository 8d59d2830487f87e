"""The text format: read as Prometheus's own client library reads it, and refused where it is something else."""

from __future__ import annotations

import math
import urllib.request
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from analyzer.sources.exposition import NotMetrics, Reader, parse_series
from tests.processes import Program

Found = dict[tuple[tuple[str, str], ...], float]


class Rows:
    """Gives each series the next row and remembers whose it is."""

    def __init__(self, *unwanted: str) -> None:
        self.series: list[Mapping[str, str]] = []
        self.unwanted = unwanted

    def learn(self, labels: Mapping[str, str]) -> int | None:
        if labels["__name__"] in self.unwanted:
            return None
        self.series.append(labels)
        return len(self.series) - 1


def read(body: str, rows: Rows, reader: Reader | None = None) -> Found:
    numbers, values = (reader or Reader(rows.learn)).read(body.encode())
    return {tuple(sorted(rows.series[row].items())): value for row, value in zip(numbers, values, strict=True)}


def test_a_real_exporters_page_reads_as_the_client_library_reads_it(node_exporter: Program) -> None:
    with urllib.request.urlopen(node_exporter.url + "/metrics", timeout=10) as response:
        page = response.read().decode()
    expected = {
        tuple(sorted({**sample.labels, "__name__": sample.name}.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    found = read(page, Rows())
    assert found.keys() == expected.keys()
    assert len(found) > 300
    for series, value in expected.items():
        assert found[series] == value or math.isnan(value), series


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z_0-9]{0,5}", fullmatch=True), st.text(), max_size=3), st.floats())
def test_any_label_value_comes_through_its_escapes(labels: dict[str, str], value: float) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    written = ",".join(f'{name}="{escaped(text)}"' for name, text in labels.items())
    rows = Rows()
    found = read(f"x{{{written}}} {value}\n", rows)
    series = tuple(sorted({**labels, "__name__": "x"}.items()))
    assert found.keys() == {series}
    assert found[series] == value or math.isnan(value)


def test_a_known_series_is_learned_once_and_unwanted_ones_are_passed_over() -> None:
    rows = Rows("other")
    reader = Reader(rows.learn)
    assert read('# HELP x a b\n# TYPE x gauge\nx{a="b c"} 1\nother 5\n\n', rows, reader) == {
        (("__name__", "x"), ("a", "b c")): 1.0
    }
    assert read('x{a="b c"} 2\nother 6\n', rows, reader) == {(("__name__", "x"), ("a", "b c")): 2.0}
    assert len(rows.series) == 1


def test_a_samples_own_timestamp_is_passed_over() -> None:
    rows = Rows()
    reader = Reader(rows.learn)
    assert read('x 1 1795000000000\ny{a="b"} 2 1795000000000', rows, reader) == {
        (("__name__", "x"),): 1.0,
        (("__name__", "y"), ("a", "b")): 2.0,
    }
    assert not reader._rows


def test_series_that_are_gone_are_forgotten_in_time() -> None:
    reader = Reader(Rows().learn)
    for number in range(100):
        reader.read(f'x{{number="{number}"}} 1\n'.encode())
    assert len(reader._rows) < 12


def test_spaces_and_trailing_commas_are_allowed() -> None:
    assert parse_series(b'x { a = "1" , b="2", } 3') == ({"__name__": "x", "a": "1", "b": "2"}, b" 3")
    assert parse_series(b"x 3") == ({"__name__": "x"}, b"3")


@pytest.mark.parametrize(
    "body", ["<html>\n<body>Not found</body>", "x", 'x{a="b"}', "x one", '{"status":"ok"}', 'x{a="b} 1', "x{a=b} 1"]
)
def test_a_page_that_is_not_metrics_is_refused(body: str) -> None:
    with pytest.raises(NotMetrics):
        Reader(Rows().learn).read(body.encode())


def test_a_known_series_with_a_broken_number_is_refused() -> None:
    reader = Reader(Rows().learn)
    reader.read(b"x 1\n")
    with pytest.raises(NotMetrics, match=r"a sample without a number: .*one"):
        reader.read(b"x one\n")
