"""A host's history is that of all its names, and a name that was given away is another host's."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from analyzer.data import Fleet, Host, Opinionated, Precedent
from analyzer.names import Names, Rename, opinions_now, precedents_now

NAN = math.nan
MOVED = Rename("10.0.0.5", "db-1", 300.0)
BACK = Names((MOVED, Rename("db-1", "10.0.0.5", 900.0)))


def fleet(**rows: list[float]) -> Fleet:
    """One feature of each host, at 100, 200, ... seconds."""
    values = np.array(list(rows.values()), np.float32)[:, None, :]
    times = 100.0 * np.arange(1, values.shape[2] + 1, dtype=np.float64)
    return Fleet(tuple(Host(name) for name in rows), ("cpu",), times, values)


def told(merged: Fleet) -> dict[str, list[float]]:
    return {host.name: row[0].tolist() for host, row in zip(merged.hosts, merged.values, strict=True)}


@pytest.mark.parametrize(
    ("host", "at", "now"),
    [
        ("10.0.0.5", 100.0, "10.0.0.5"),
        ("db-1", 500.0, "10.0.0.5"),
        ("10.0.0.5", 1000.0, "10.0.0.5"),
        ("db-1", 1000.0, "db-1"),
        ("web-1", 100.0, "web-1"),
    ],
)
def test_a_name_that_was_given_back_is_that_host_all_the_time(host: str, at: float, now: str) -> None:
    assert BACK.now(host, at) == now


def test_a_chain_of_one_moment_is_followed_to_its_end_in_the_order_given() -> None:
    chain = Names((Rename("b", "c", 300.0), Rename("a", "b", 300.0), Rename("x", "y", 100.0)))
    assert (chain.now("a", 1.0), chain.now("b", 1.0)) == ("b", "c"), "b was given up first, then taken"
    following = Names((Rename("a", "b", 300.0), Rename("b", "c", 300.0)))
    assert following.now("a", 1.0) == "c"
    assert following.earlier("c") == ("b", "a")


def test_names_from_before_a_time_are_not_asked_for() -> None:
    names = Names((Rename("a", "b", 300.0), Rename("b", "c", 600.0)))
    assert names.earlier("c", since=400.0) == ("b",)
    assert names.earlier("b") == ("a",)
    assert names.changed(since=600.0) == ("b", "c")
    assert BACK.earlier("10.0.0.5") == ("db-1",), "its own name is asked for anyway"


def test_what_was_told_under_the_old_name_stands_under_the_new_one() -> None:
    merged = Names((MOVED,)).merged(fleet(**{"10.0.0.5": [1, 2, 3, NAN], "db-1": [NAN, NAN, 30, 40]}))
    assert told(merged) == {"db-1": [1, 2, 30, 40]}


def test_a_new_machine_of_the_old_name_keeps_its_own_history_alone() -> None:
    merged = Names((MOVED,)).merged(fleet(**{"10.0.0.5": [1, 2, NAN, 4], "db-1": [NAN, NAN, 30, 40]}))
    assert told(merged)["db-1"] == [1, 2, 30, 40]
    np.testing.assert_array_equal(told(merged)["10.0.0.5"], [NAN, NAN, NAN, 4])
    alone = Names((MOVED,)).merged(fleet(**{"10.0.0.5": [1, 2, NAN, 4]}))
    np.testing.assert_array_equal(told(alone)["10.0.0.5"], [NAN, NAN, NAN, 4])


def test_a_host_that_got_its_name_back_has_all_of_its_history() -> None:
    row = {"10.0.0.5": [1, 2, 3, *[NAN] * 6, 10], "db-1": [NAN, NAN, NAN, 4, 5, 6, 7, 8, 9, NAN]}
    assert told(BACK.merged(fleet(**row))) == {"10.0.0.5": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}


def test_names_without_any_value_are_no_hosts() -> None:
    assert told(Names((MOVED,)).merged(fleet(**{"10.0.0.5": [NAN], "db-1": [NAN], "web-1": [1.0]}))) == {"web-1": [1.0]}


def test_renames_from_before_all_rows_change_nothing() -> None:
    late = Fleet((Host("10.0.0.5"),), ("cpu",), np.array([400.0]), np.ones((1, 1, 1), np.float32))
    assert Names((MOVED,)).merged(late) is late


def test_what_people_said_and_what_came_before_are_known_under_the_new_name() -> None:
    early, late = datetime.fromtimestamp(200, UTC), datetime.fromtimestamp(400, UTC)
    said = [Opinionated("x", "useful", "anomaly", "10.0.0.5", 1, 0.9, {}, when) for when in (early, late, None)]
    assert [one.host for one in opinions_now(said, Names((MOVED,)))] == ["db-1", "10.0.0.5", "10.0.0.5"]
    past = [Precedent("10.0.0.5", when, when, 1, 0.9, {}) for when in (early, late)]
    assert [one.host for one in precedents_now(past, Names((MOVED,)))] == ["db-1", "10.0.0.5"]
