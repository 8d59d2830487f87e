"""The newest history: what is new is laid over what is known, and nothing is mixed up between hosts."""

from __future__ import annotations

import numpy as np

from analyzer.data import Fleet, Host
from analyzer.recent import extend

NAN = float("nan")


def fleet(values: dict[str, list[list[float]]], times: list[float]) -> Fleet:
    hosts = tuple(Host(name) for name in values)
    return Fleet(hosts, ("cpu", "load"), np.array(times, float), np.array(list(values.values()), np.float32))


def test_new_steps_are_appended_and_old_ones_leave() -> None:
    known = fleet({"a": [[1, 2, 3], [4, 5, 6]]}, [0, 15, 30])
    news = fleet({"a": [[3.5, 7], [6.5, 8]]}, [30, 45])
    merged = extend(known, news, span_seconds=30)
    assert merged.times.tolist() == [15, 30, 45]
    assert merged.values[0].tolist() == [[2, 3.5, 7], [5, 6.5, 8]]


def test_a_gap_in_the_newer_answer_keeps_the_known_value() -> None:
    known = fleet({"a": [[1, 2], [3, 4]]}, [0, 15])
    news = fleet({"a": [[NAN, 9], [8, NAN]]}, [15, 30])
    merged = extend(known, news, span_seconds=60)
    np.testing.assert_array_equal(merged.values[0], np.array([[1, 2, 9], [3, 8, NAN]], np.float32))


def test_hosts_come_and_go_without_touching_each_other() -> None:
    known = fleet({"a": [[1], [2]], "b": [[3], [4]]}, [0])
    news = fleet({"c": [[5], [6]], "b": [[7], [8]]}, [15])
    merged = extend(known, news, span_seconds=15)
    assert [host.name for host in merged.hosts] == ["a", "b", "c"]
    np.testing.assert_array_equal(merged.values[:, 0], np.array([[1, NAN], [3, 7], [NAN, 5]], np.float32))
    later = extend(merged, fleet({"b": [[9], [9]]}, [30]), span_seconds=15)
    assert [host.name for host in later.hosts] == ["b", "c"]


def test_a_host_described_anew_keeps_its_history() -> None:
    known = fleet({"a": [[1], [2]]}, [0])
    renamed = Fleet((Host("a", "node", "web-1"),), known.features, np.array([15.0]), np.full((1, 2, 1), 3, np.float32))
    merged = extend(known, renamed, span_seconds=60)
    assert merged.hosts == (Host("a", "node", "web-1"),)
    assert merged.values[0].tolist() == [[1, 3], [2, 3]]


def test_a_changed_catalogue_starts_anew() -> None:
    known = fleet({"a": [[1], [2]]}, [0])
    other = Fleet((Host("a"),), ("cpu",), np.array([15.0]), np.full((1, 1, 1), 3, np.float32))
    merged = extend(known, other, span_seconds=60)
    assert merged.features == ("cpu",)
    assert merged.times.tolist() == [15]


def test_the_input_stays_as_it_was() -> None:
    known = fleet({"a": [[1, 2], [3, 4]]}, [0, 15])
    before = known.values.copy()
    extend(known, fleet({"a": [[9, 9], [9, 9]]}, [15, 30]), span_seconds=60)
    np.testing.assert_array_equal(known.values, before)


def test_a_large_history_is_written_over_and_says_the_same() -> None:
    rows: dict[str, list[list[float]]] = {"a": [[1, NAN, 3, 4], [5, 6, 7, 8]], "b": [[9, 8, 7, NAN], [5, 4, NAN, 2]]}
    news = fleet({"a": [[4.5, 10, 11], [NAN, 12, 13]], "b": [[6, 5, 4], [1, 0, NAN]]}, [45, 60, 75])
    pure = extend(fleet(rows, [0, 15, 30, 45]), news, span_seconds=45)
    known = fleet(rows, [0, 15, 30, 45])
    large = extend(known, news, span_seconds=45, large_bytes=1)
    assert large.times.tolist() == pure.times.tolist() == [30, 45, 60, 75]
    np.testing.assert_array_equal(large.values, pure.values)
    np.testing.assert_array_equal(large.values[0], np.array([[3, 4.5, 10, 11], [7, 8, 12, 13]], np.float32))
    assert large.values is known.values, "no second one was made"


def test_a_large_history_that_grows_or_gets_a_host_is_made_anew() -> None:
    known = fleet({"a": [[1, 2], [3, 4]]}, [0, 15])
    grown = extend(known, fleet({"a": [[5], [6]]}, [30]), span_seconds=60, large_bytes=1)
    joined = extend(known, fleet({"b": [[5, 6], [7, 8]]}, [0, 15]), span_seconds=60, large_bytes=1)
    assert (grown.values.shape, joined.values.shape) == ((1, 2, 3), (2, 2, 2))
    assert known.values.tolist() == [[[1, 2], [3, 4]]]


def test_which_steps_hold_any_value_is_told_of_every_host_of_a_large_fleet() -> None:
    known = fleet({f"web-{n}": [[NAN, 1, NAN], [NAN, NAN, 2]] for n in range(150)}, [0, 15, 30])
    known.values[149, 0] = NAN
    known.values[130] = NAN
    seen = known.seen()
    assert seen.shape == (150, 3)
    assert seen[0].tolist() == [False, True, True]
    assert seen[149].tolist() == [False, False, True]
    assert not seen[130].any()
    assert seen.sum() == 148 * 2 + 1
