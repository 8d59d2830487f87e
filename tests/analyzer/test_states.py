"""States: as many as there are, the same labels after a refit, and silence where nothing can be told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.data import Frame
from analyzer.errors import NotEnoughHistory
from analyzer.states import fit_states

START = 1_790_000_000.0


def host(levels: npt.NDArray[np.float64], seed: int = 1, features: int = 6) -> Frame:
    """Features of noise 1 around each row's level; the last feature never moves."""
    noise = np.random.default_rng(seed).normal(size=(len(levels), features))
    values = noise + levels[:, None] * np.arange(features)
    values[:, -1] = 7.0
    times = START + np.arange(len(levels)) * np.float64(60.0)
    return Frame("web-1", tuple(f"f{i}" for i in range(features)), times, values.astype(np.float32))


def busy_evenings(days: int = 4) -> npt.NDArray[np.float64]:
    minutes = np.arange(days * 1440)
    return np.where(minutes % 1440 >= 1080, 5.0, 0.0)


def test_a_host_that_only_idles_has_one_state() -> None:
    states = fit_states(host(np.zeros(2000)))
    assert states.labels == ("A",)


def test_one_wide_cloud_is_not_cut_into_states() -> None:
    wide = np.random.default_rng(3).normal(0.0, 5.0, 4000)
    assert fit_states(host(wide)).labels == ("A",)


def test_busy_evenings_make_two_states_and_the_usual_one_is_a() -> None:
    frame = host(busy_evenings())
    states = fit_states(frame)
    assert sorted(states.labels) == ["A", "B"]
    assert states.shares[states.labels.index("A")] == pytest.approx(0.75, abs=0.01)
    newest = states.state(frame)
    assert newest is not None
    assert (newest.label, newest.count) == ("B", 2)
    assert newest.distance == pytest.approx(1.0, abs=0.6)


def test_what_falls_in_step_with_the_pieces_of_history_is_found_too() -> None:
    # Six days: each evening is just one of 24 pieces, always the fourth of its day.
    assert sorted(fit_states(host(busy_evenings(days=6))).labels) == ["A", "B"]


def test_labels_survive_a_refit_that_swaps_what_is_usual() -> None:
    before = fit_states(host(busy_evenings()))
    swapped = host(5.0 - busy_evenings(), seed=2)
    after = fit_states(swapped, before)
    newest = after.state(swapped)
    assert newest is not None
    assert newest.label == "A"
    assert after.shares[after.labels.index("A")] == pytest.approx(0.25, abs=0.01)


def three_states(days: float) -> npt.NDArray[np.float64]:
    """Idle, busy in the evenings, and a backup that does something else again from two to five at night."""
    minutes = np.arange(round(days * 1440)) % 1440
    return np.select([minutes >= 1080, (minutes >= 120) & (minutes < 300)], [5.0, -6.0], 0.0)


def test_labels_stay_through_a_day_of_refits_on_a_moving_history() -> None:
    """What a label means never changes, once its state was found: each refit sees two days that end two hours later."""
    frame = host(three_states(3.0))
    evening, night, noon = 1380, 200, 720
    states, told = None, set()
    for end in range(2 * 1440 + 240, 3 * 1440 + 1, 120):
        part = Frame("web-1", frame.features, frame.times[end - 2880 : end], frame.values[end - 2880 : end])
        states = fit_states(part, states)
        members, _ = states.assign(frame)
        told.add(tuple(states.labels[members[minute]] for minute in (evening, night, noon)))
    assert len(told) == 1
    assert len(set(*told)) == 3


def test_a_state_that_is_not_met_any_more_is_forgotten() -> None:
    before = fit_states(host(busy_evenings()))
    assert fit_states(host(np.zeros(4000), seed=5), before).labels in {("A",), ("B",)}


def test_centroids_are_in_the_features_own_units() -> None:
    states = fit_states(host(busy_evenings()))
    busy = states.labels.index("B")
    assert states.centroids[busy] == pytest.approx([0.0, 5.0, 10.0, 15.0, 20.0, 7.0], abs=0.2)


def test_far_from_every_state_is_a_great_distance() -> None:
    states = fit_states(host(busy_evenings()))
    strange = host(np.array([-30.0]))
    newest = states.state(strange)
    assert newest is not None
    assert newest.distance > 4


def test_a_row_without_values_has_no_state() -> None:
    states = fit_states(host(busy_evenings()))
    blank = Frame("web-1", states.features, np.array([START]), np.full((1, 6), np.nan, dtype=np.float32))
    assert states.state(blank) is None


def test_a_step_that_has_no_values_yet_takes_no_state_away() -> None:
    """Where steps are as short as the time between scrapes, the last one is often still empty."""
    frame = host(busy_evenings())
    states = fit_states(frame)
    empty = np.full((2, 6), np.nan, dtype=np.float32)
    times = np.append(frame.times, frame.times[-1] + np.array([60.0, 120.0]))
    late = Frame("web-1", frame.features, times, np.vstack([frame.values, empty]))
    assert states.state(late) == states.state(frame) is not None
    silent = Frame("web-1", frame.features, times[-2:], empty)
    assert states.state(silent) is None


def test_features_may_come_in_another_order() -> None:
    frame = host(busy_evenings())
    states = fit_states(frame)
    turned = Frame("web-1", frame.features[::-1], frame.times, frame.values[:, ::-1])
    assert states.state(turned) == states.state(frame)


def test_too_short_a_history_says_what_is_missing() -> None:
    with pytest.raises(NotEnoughHistory, match="need 60 steps with values, have 59"):
        fit_states(host(np.zeros(59)))


def test_a_history_of_constants_has_no_states() -> None:
    frame = host(np.zeros(100))
    still = Frame("web-1", frame.features, frame.times, np.full_like(frame.values, 3.0))
    with pytest.raises(NotEnoughHistory, match="all are constant"):
        fit_states(still)


def test_fitting_leaves_the_history_unchanged() -> None:
    frame = host(busy_evenings())
    before = frame.values.copy()
    fit_states(frame)
    np.testing.assert_array_equal(frame.values, before)


def test_a_state_at_the_wrong_hour_is_unusual() -> None:
    levels = busy_evenings()
    states = fit_states(host(levels))
    evening = host(np.array([5.0]))
    busy_at_its_hour = Frame("web-1", evening.features, np.array([START + 1200 * 60.0]), evening.values)
    busy_in_the_morning = Frame("web-1", evening.features, np.array([START + 300 * 60.0]), evening.values)
    usual, strange = states.state(busy_at_its_hour), states.state(busy_in_the_morning)
    assert usual is not None
    assert strange is not None
    assert usual.unusual == pytest.approx(0.0, abs=0.05)
    assert strange.unusual == pytest.approx(1.0, abs=0.05)


def test_transitions_say_what_follows_what() -> None:
    states = fit_states(host(busy_evenings()))
    idle, busy = states.labels.index("A"), states.labels.index("B")
    assert states.transitions[idle, idle] > 0.99
    assert states.transitions[busy].sum() == pytest.approx(1.0)
    # It goes from idle to busy on each of the four evenings.
    assert states.transitions[idle, busy] == pytest.approx(4 / 4319, rel=0.01)
