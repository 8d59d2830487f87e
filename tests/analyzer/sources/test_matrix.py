"""Range answers as flat arrays: the quick way gives what the general way gives, whatever the answer holds."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sources.matrix import NoMatrix, read_matrix

LABELS = st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=3)
VALUES = st.floats() | st.integers(-5, 5).map(float)
ANSWERS = st.lists(
    st.tuples(LABELS, st.lists(st.tuples(st.integers(0, 2_000_000_000), VALUES), min_size=1, max_size=4)), max_size=5
)


def number(value: float) -> str:
    """A value as Prometheus writes it."""
    return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value) or ("NaN" if math.isnan(value) else repr(value))


def answer(series: list[tuple[dict[str, str], list[tuple[int, float]]]], *, spaced: bool = False, **more: Any) -> bytes:
    result = [{"metric": labels, "values": [[at, number(v)] for at, v in samples]} for labels, samples in series]
    body = {"status": "success", "data": {"resultType": "matrix", "result": result}, **more}
    return json.dumps(body, ensure_ascii=False, separators=None if spaced else (",", ":")).encode()


@given(ANSWERS)
def test_an_answer_reads_the_same_in_prometheus_own_layout_and_in_any_other(
    series: list[tuple[dict[str, str], list[tuple[int, float]]]],
) -> None:
    for spaced in (False, True):
        matrix = read_matrix(answer(series, spaced=spaced))
        assert [json.loads(labels) for labels in matrix.labels] == [labels for labels, _ in series]
        assert matrix.counts.tolist() == [len(samples) for _, samples in series]
        np.testing.assert_array_equal(matrix.times, [at for _, samples in series for at, _ in samples])
        np.testing.assert_array_equal(matrix.values, [v for _, samples in series for _, v in samples])


def test_what_follows_the_series_is_no_part_of_them() -> None:
    body = answer([({"a": "b"}, [(10, 1.5)])], infos=["might be no counter"], warnings=["a store did not answer"])
    matrix = read_matrix(body)
    assert (matrix.labels, matrix.values.tolist()) == ((b'{"a":"b"}',), [1.5])
    assert matrix.warnings == ("a store did not answer",)


def test_labels_that_look_like_an_answer_stay_labels() -> None:
    trap = '},"values":[[1,"2"]]},{"metric":{'
    matrix = read_matrix(answer([({"path": trap}, [(10, 1.0)]), ({"path": "]]}"}, [(10, 2.0)])]))
    assert [json.loads(labels)["path"] for labels in matrix.labels] == [trap, "]]}"]
    assert matrix.values.tolist() == [1.0, 2.0]


def test_a_native_histogram_is_left_out_and_said_so() -> None:
    body = b"""{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"a":"1"},"histograms":[[10,{"count":"1"}]]},{"metric":{"a":"2"},"values":[[10,"4"]]}]}}"""
    matrix = read_matrix(body)
    assert (matrix.labels, matrix.values.tolist()) == ((b'{"a":"2"}',), [4.0])
    assert matrix.warnings == ("1 series left out: native histograms are no numbers",)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"status":"success","data":null}',
        b'{"status":"success","data":{"resultType":"vector","result":[]}}',
        b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}',
    ],
)
def test_a_body_that_is_no_range_answer_is_refused(body: bytes) -> None:
    with pytest.raises(NoMatrix):
        read_matrix(body)


def test_samples_go_to_their_host_and_step_and_leave_gaps() -> None:
    matrix = read_matrix(
        answer([({"h": "b"}, [(100, 1.0), (130, 2.0)]), ({"h": "x"}, [(100, 9.0)]), ({"h": "a"}, [(115, 3.0)])])
    )
    out = np.full((2, 3), np.nan, dtype=np.float32)
    matrix.place(np.array([1, -1, 0]), 100.0, 15.0, out)
    nan = math.nan
    np.testing.assert_array_equal(out, [[nan, 3.0, nan], [1.0, nan, 2.0]])


def test_infinities_and_times_off_the_grid_stay_gaps() -> None:
    matrix = read_matrix(answer([({}, [(85, 5.0), (100, math.inf), (115, -math.inf), (130, 2.0), (145, 5.0)])]))
    out = np.full((1, 3), np.nan, dtype=np.float32)
    matrix.place(np.array([0]), 100.0, 15.0, out)
    np.testing.assert_array_equal(out, [[math.nan, math.nan, 2.0]])
