"""The ring of scrapes: bounded in time and in size, and never a value in another series' row."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.sources.ring import Ring, Scraped, Snapshot


def held(snapshot: Snapshot, name: str) -> dict[str, list[float]]:
    """The values of a metric's series by their label `a`."""
    rows = snapshot.named(name)
    return {snapshot.labels(r).get("a", ""): v.tolist() for r, v in zip(rows, snapshot.values(rows), strict=True)}


def test_it_keeps_the_newest_rounds_and_no_more() -> None:
    ring = Ring(targets=1, rounds=10)
    row = ring.row(0, {"__name__": "x"})
    for number in range(100):
        ring.add([Scraped(0, 15.0 * number, [row], [float(number)])])
        snapshot = ring.snapshot()
        newest = list(range(max(0, number - 9), number + 1))
        assert held(snapshot, "x") == {"": newest}
        assert snapshot.times[0].tolist() == [15.0 * n for n in newest]


def test_many_series_keep_their_own_values_while_the_table_grows() -> None:
    ring = Ring(targets=2, rounds=10)
    for number in range(25):
        rows = [ring.row(0, {"__name__": "x", "a": str(a)}) for a in range(20 * (number + 1))]
        ring.add(
            [Scraped(0, 10.0 * number, rows, [float(1000 * a + number) for a in range(len(rows))]), Scraped(1, 10.0)]
        )
    values = held(ring.snapshot(), "x")
    assert len(values) == 500
    assert values["3"] == [3000.0 + n for n in range(15, 25)]
    np.testing.assert_array_equal(values["499"], [np.nan] * 9 + [499024.0])


def test_series_that_are_gone_are_forgotten_and_their_rows_given_to_others() -> None:
    ring = Ring(targets=1, rounds=10)
    for number in range(200):
        rows = [ring.row(0, {"__name__": "x", "a": f"{number // 5}"}), ring.row(0, {"__name__": "y"})]
        ring.add([Scraped(0, float(number), rows, [float(number), -float(number)])])
    snapshot = ring.snapshot()
    assert len(snapshot.named("x")) < 6
    np.testing.assert_array_equal(held(snapshot, "x")["39"], [np.nan] * 5 + [195.0, 196.0, 197.0, 198.0, 199.0])
    assert held(snapshot, "y")[""] == [-float(n) for n in range(190, 200)]
    assert ring.generation > 0


def test_a_target_that_did_not_answer_leaves_gaps_in_all_its_series() -> None:
    ring = Ring(targets=2, rounds=10)
    rows = [ring.row(target, {"__name__": "x", "a": str(target)}) for target in (0, 1)]
    ring.add([Scraped(0, 1.0, rows[:1], [1.0]), Scraped(1, 1.5, rows[1:], [10.0])])
    ring.add([Scraped(0, 2.0), Scraped(1, 2.5, rows[1:], [20.0])])
    np.testing.assert_array_equal(held(ring.snapshot(), "x")["0"], [1.0, np.nan])
    assert held(ring.snapshot(), "x")["1"] == [10.0, 20.0]
    assert ring.snapshot().times.tolist() == [[1.0, 2.0], [1.5, 2.5]]


def test_the_same_labels_on_two_targets_are_two_series() -> None:
    ring = Ring(targets=2, rounds=10)
    assert ring.row(0, {"__name__": "x"}) != ring.row(1, {"__name__": "x"})
    assert ring.row(0, {"__name__": "x"}) == ring.row(0, {"__name__": "x"})


def test_memory_stays_bounded_by_keeping_fewer_rounds_of_many_series() -> None:
    ring = Ring(targets=1, rounds=1000, most_samples=20_000)
    for number in range(300):
        rows = [ring.row(0, {"__name__": "x", "a": str(a)}) for a in range(1000)]
        ring.add([Scraped(0, float(number), rows, [float(number)] * 1000)])
    snapshot = ring.snapshot()
    assert snapshot.times[0].tolist() == [float(n) for n in range(281, 300)]
    assert ring._values.size < 30_000


def test_a_snapshot_does_not_change_with_later_rounds() -> None:
    ring = Ring(targets=1, rounds=10)
    for number in range(8):
        ring.add([Scraped(0, float(number), [ring.row(0, {"__name__": "x"})], [float(number)])])
    before = ring.snapshot()
    for number in range(8, 60):
        rows = [ring.row(0, {"__name__": "x", "a": str(a)}) for a in range(number)]
        ring.add([Scraped(0, float(number), rows, [0.0] * number)])
    assert held(before, "x") == {"": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]}


def test_a_round_that_leaves_a_target_out_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 scrapes for 2 targets"):
        Ring(targets=2, rounds=10).add([Scraped(0, 1.0)])
