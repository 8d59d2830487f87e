"""The newest row of each host: when it was, what it holds, and how much is known at all."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from analyzer.data import Fleet, Host
from analyzer.newest import Newest, newest

NAN = float("nan")
TIMES = np.array([1000.0, 1015.0, 1030.0])


def fleet(*hosts: list[list[float]]) -> Fleet:
    names = tuple(Host(f"host-{number}") for number in range(len(hosts)))
    return Fleet(names, ("cpu", "load"), TIMES, np.array(hosts, np.float32))


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_the_last_row_with_any_value_is_the_newest_and_its_gaps_are_left_out() -> None:
    told = list(newest(fleet([[1, 2, 3], [4, 5, 6]], [[1, 2, NAN], [NAN, NAN, NAN]], [[NAN] * 3, [NAN] * 3])))
    assert told == [
        Newest(at(1030), {"cpu": 3.0, "load": 6.0}, 3),
        Newest(at(1015), {"cpu": 2.0}, 2),
        Newest(None, {}, 0),
    ]


def test_infinity_is_no_value() -> None:
    assert list(newest(fleet([[1, 2, float("inf")], [4, 5, NAN]]))) == [Newest(at(1015), {"cpu": 2.0, "load": 5.0}, 2)]


def test_more_hosts_than_are_looked_at_at_once_keep_their_order() -> None:
    told = list(newest(fleet(*([[float(number)] * 3, [NAN] * 3] for number in range(150)))))
    assert [each.values["cpu"] for each in told] == list(range(150))


def test_a_fleet_without_steps_has_no_newest_row() -> None:
    none = Fleet((Host("a"),), ("cpu",), np.zeros(0), np.zeros((1, 1, 0), np.float32))
    assert list(newest(none)) == [Newest(None, {}, 0)]
