"""How samples are written: both formats, awkward labels, bad values, what keeps a page valid."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.exposition import Block, Family, Kind, Listing, Rules, Table, number

REQUESTS = Family("requests_total", "How many.", "counter", ("code", "path"))


def text(block: Block, *, openmetrics: bool = False, rules: Rules | None = None) -> str:
    return block.layout.render(block.values, openmetrics=openmetrics, rules=rules or Rules()).decode()


def test_a_family_has_its_help_type_and_samples() -> None:
    block = Table(REQUESTS).block([("200", "/"), (b"404", "/a b")], [[b"12", 3]])
    assert text(block) == (
        "# HELP requests_total How many.\n"
        "# TYPE requests_total counter\n"
        'requests_total{code="200",path="/"} 12\n'
        'requests_total{code="404",path="/a b"} 3\n'
    )


def test_columns_become_families_one_after_the_other() -> None:
    table = Table(Family("a", "A.", labels=("x",)), Family("b", "B.", labels=("x",)))
    lines = text(table.block([("1",), ("2",)], [[1, 2], [3, 4]])).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'a{x="1"} 1',
        'a{x="2"} 2',
        'b{x="1"} 3',
        'b{x="2"} 4',
    ]


def test_fresh_values_stand_where_the_old_ones_stood() -> None:
    table = Table(Family("a", "A."), Family("b", "B."))
    first, second = table.single([1, 2]), table.single([30, 40])
    assert first.layout is second.layout
    assert "a 1\n" in text(first)
    assert [line for line in text(second).splitlines() if not line.startswith("#")] == ["a 30", "b 40"]


def test_what_stays_the_same_is_told_again_and_what_changes_is_told_new() -> None:
    table = Table(Family("a", "A."), Family("b", "B."))
    told = [1, 2]
    for number_ in (2, 2, 3, 3, 2, *range(40), 39, 39):
        told[1] = number_  # a collector may use the same list again
        for openmetrics in (False, True, False):
            lines = text(table.single(told), openmetrics=openmetrics).splitlines()
            assert [line for line in lines if not line.startswith("#")] == ["a 1", f"b {number_}"]


def test_rows_that_change_are_written_anew() -> None:
    table = Table(Family("a", "A.", labels=("x",)))
    text(table.block([("1",), ("2",)], [[1, 2]]))
    changed = text(table.block([("2",), ("3",)], [[5, 6]]))
    assert [line for line in changed.splitlines() if not line.startswith("#")] == ['a{x="2"} 5', 'a{x="3"} 6']


def test_a_family_without_samples_says_nothing() -> None:
    assert text(Table(REQUESTS).block([], [[]])) == ""


def test_a_listing_gathers_the_samples_of_each_family() -> None:
    a, b = Family("a", "A.", labels=("x",)), Family("b", "B.")
    listing = Listing()
    for value in (1, 2):
        block = listing.block([(a, ("1",), value), (b, (), 7), (a, ("2",), 9)])
        lines = [line for line in text(block).splitlines() if not line.startswith("#")]
        assert lines == [f'a{{x="1"}} {value}', 'a{x="2"} 9', "b 7"]


@pytest.mark.parametrize(
    ("name", "kind", "head"),
    [
        ("reads_total", "counter", "# HELP reads Help.\n# TYPE reads counter\nreads_total 1\n"),
        ("node_intr", "counter", "# HELP node_intr Help.\n# TYPE node_intr unknown\nnode_intr 1\n"),
        ("pgfault", "untyped", "# HELP pgfault Help.\n# TYPE pgfault unknown\npgfault 1\n"),
        ("size", "gauge", "# HELP size Help.\n# TYPE size gauge\nsize 1\n"),
    ],
)
def test_openmetrics_keeps_the_names_of_samples(name: str, kind: Kind, head: str) -> None:
    block = Table(Family(name, "Help.", kind)).single([1])
    assert text(block, openmetrics=True) == head
    [family] = parse_openmetrics(head + "# EOF\n")  # type: ignore[no-untyped-call]
    assert family.samples[0].name == name


def test_help_is_escaped_as_each_format_wants() -> None:
    block = Table(Family("a", 'Back\\slash, "quotes"\nand lines.')).single([1])
    assert '# HELP a Back\\\\slash, "quotes"\\nand lines.\n' in text(block)
    assert '# HELP a Back\\\\slash, \\"quotes\\"\\nand lines.\n' in text(block, openmetrics=True)


@pytest.mark.parametrize(
    ("label", "written"),
    [
        (b"plain", "plain"),
        (b'say "hi"\\\n', 'say \\"hi\\"\\\\\\n'),
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\xff\xfe\xfd-\xff", "\ufffd-\ufffd"),
        ("name\udcff\udcfe", "name\ufffd"),
        (b"half \xf0\x9f\x92", "half \ufffd"),
    ],
)
def test_labels_are_escaped_and_always_utf8(label: bytes | str, written: str) -> None:
    block = Table(Family("a", "A.", labels=("x",))).block([(label,)], [[1]])
    assert text(block).splitlines()[-1] == f'a{{x="{written}"}} 1'


@given(st.one_of(st.binary(), st.text()))
def test_any_label_reads_back_as_text_in_both_formats(label: bytes | str) -> None:
    block = Table(Family("a", "A.", labels=("x",))).block([(label,)], [[1]])
    [first] = parse_text(text(block))
    [second] = parse_openmetrics(text(block, openmetrics=True) + "# EOF\n")  # type: ignore[no-untyped-call]
    assert first.samples[0].labels == second.samples[0].labels
    if isinstance(label, bytes) and b"\xff" not in label and label.decode(errors="ignore").encode() == label:
        assert first.samples[0].labels["x"] == label.decode()


@given(st.floats() | st.integers(-(2**63), 2**64))
def test_any_number_reads_back_the_same(value: float) -> None:
    read = float(number(value))
    assert read == float(value) or (math.isnan(read) and math.isnan(value))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, b"0"),
        (1.5, b"1.5"),
        (math.inf, b"+Inf"),
        (-math.inf, b"-Inf"),
        (math.nan, b"NaN"),
        (True, b"1"),
        (1e300, b"1e+300"),
    ],
)
def test_numbers_are_written_as_prometheus_reads_them(value: float, written: bytes) -> None:
    assert number(value) == written


@pytest.mark.parametrize("value", [b"", b"12 kB", b"1\n", b" 1", b"unlimited", b"1_000", b"0x10", b"1} 2\nfake 3"])
def test_bytes_that_are_no_number_are_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a number|could not convert"):
        text(Table(Family("a", "A.")).single([value]))


@pytest.mark.parametrize("value", [b"0", b"123.45", b"-1", b"1e6", b"NaN", b"+Inf"])
def test_bytes_that_are_numbers_pass_as_they_are(value: bytes) -> None:
    assert text(Table(Family("a", "A.")).single([value])).endswith(f"a {value.decode()}\n")


@pytest.mark.parametrize("values", [[], [1], [1, 2, 3]])
def test_too_few_or_too_many_values_are_refused(values: list[int]) -> None:
    with pytest.raises(ValueError, match="sequence of size"):
        text(Table(Family("a", "A."), Family("b", "B.")).single(values))


def test_labels_have_to_fit_their_names() -> None:
    with pytest.raises(ValueError, match="zip"):
        Table(REQUESTS).block([("200",)], [[1]])


def test_a_series_said_twice_is_written_once_and_counted() -> None:
    block = Table(REQUESTS).block([("200", "/"), ("200", "/"), ("404", "/")], [[1, 2, 3]])
    lines = [line for line in text(block).splitlines() if not line.startswith("#")]
    assert lines == ['requests_total{code="200",path="/"} 1', 'requests_total{code="404",path="/"} 3']
    assert block.layout.dropped == {"requests_total": 1}


def test_a_family_ends_at_the_cap_and_the_next_one_begins() -> None:
    table = Table(Family("a", "A.", labels=("x",)), Family("b", "B.", labels=("x",)))
    block = table.block([("1",), ("2",), ("3",)], [[1, 2, 3], [4, 5, 6]])
    lines = [line for line in text(block, rules=Rules(most_series=2)).splitlines() if not line.startswith("#")]
    assert lines == ['a{x="1"} 1', 'a{x="2"} 2', 'b{x="1"} 4', 'b{x="2"} 5']
    assert block.layout.dropped == {"a": 1, "b": 1}


def test_a_family_has_one_owner() -> None:
    owners: dict[str, str] = {}
    first, second = Table(Family("a", "A.")), Table(Family("a", "Other."), Family("b", "B."))
    assert "a 1" in text(first.single([1]), rules=Rules(10, "one", owners))
    lines = [
        line for line in text(second.single([2, 3]), rules=Rules(10, "two", owners)).splitlines() if line[0] != "#"
    ]
    assert lines == ["b 3"]
