"""A fleet scored step by step is scored as each host alone over its whole history; hosts don't touch each other."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.data import Fleet, Frame, Host, HostScores, Scores, Values
from analyzer.detectors import DETECTORS, ENSEMBLE, Lesson, scored
from analyzer.detectors.fitted import Fitted
from analyzer.detectors.fleet import FleetModels

FEATURES = ("cpu", "memory", "disk", "network")
STEP, BEGIN = 60.0, 1_767_600_000.0
NAMES = ("a", "b", "c")
KNOWN, NEW = 300, 40


def lived(seed: int) -> Values:
    """A host's rows: a slow wave, noise, and a blow near the end."""
    random = np.random.default_rng(seed)
    rows = KNOWN + NEW
    wave = np.sin(np.arange(rows) / 30 + seed)[:, None] * [1.0, 0.5, 0.0, 2.0]
    values = 10.0 + wave + random.normal(0.0, 1.0, (rows, 4))
    values[KNOWN + 20 : KNOWN + 24, seed % 4] += 15.0
    return values.astype(np.float32)


LIVES = np.stack([lived(seed) for seed in range(len(NAMES))])
TIMES = BEGIN + STEP * np.arange(KNOWN + NEW, dtype=np.float64)


def fleet(rows: slice, lives: Values = LIVES, names: tuple[str, ...] = NAMES) -> Fleet:
    return Fleet(tuple(Host(name) for name in names), FEATURES, TIMES[rows], lives[:, rows].transpose(0, 2, 1))


def frame(host: int, rows: slice, lives: Values = LIVES) -> Frame:
    return Frame(NAMES[host], FEATURES, TIMES[rows], lives[host, rows])


@pytest.fixture(scope="module")
def learned() -> dict[str, Fitted]:
    every = tuple(DETECTORS.values())
    return {name: Lesson.of(frame(host, slice(0, KNOWN)), every, {}).fit() for host, name in enumerate(NAMES)}


@pytest.fixture
def models(learned: dict[str, Fitted]) -> FleetModels:
    fleet_models = FleetModels()
    for name, fitted in learned.items():
        fleet_models.put(name, FEATURES, fitted)
    return fleet_models


def step_by_step(models: FleetModels, lives: Values = LIVES) -> list[dict[str, HostScores]]:
    """The fleet's newest 100 rows at each new step, as cycles give them."""
    return [dict(models.score(fleet(slice(end - 100, end), lives))) for end in range(KNOWN, KNOWN + NEW + 1)]


def by_themselves(said: Scores) -> Values:
    assert said.moments is not None
    return said.moments


def test_step_by_step_is_as_all_at_once(models: FleetModels, learned: dict[str, Fitted]) -> None:
    steps = step_by_step(models)
    for host, name in enumerate(NAMES):
        whole = scored(learned[name], FEATURES, frame(host, slice(KNOWN - 100, None)))
        for step, told in enumerate(steps):
            row = 99 + step
            expected = {each.model: float(each.values[row]) for each in whole}
            assert told[name].newest == pytest.approx(expected, abs=2e-4)
            shares = dict(zip(FEATURES, whole[-1].shares[row].tolist(), strict=True))
            assert told[name].shares == pytest.approx(shares, abs=2e-3)
        worth = np.concatenate([told[name].ensemble.values for told in steps[1:]])
        np.testing.assert_allclose(worth, whole[-1].values[100:], atol=2e-4)
        assert worth.max() > 0.6
        moments = np.concatenate([by_themselves(told[name].ensemble) for told in steps[1:]])
        np.testing.assert_allclose(moments, by_themselves(whole[-1])[100:], atol=2e-4)
        assert moments.max() > worth.max()


def test_a_row_is_scored_once(models: FleetModels) -> None:
    first, second = models.score(fleet(slice(0, KNOWN))), models.score(fleet(slice(0, KNOWN + 1)))
    again = models.score(fleet(slice(0, KNOWN + 1)))
    assert [len(told["a"].ensemble.times) for told in (first, second, again)] == [240, 1, 0]
    assert again["a"].newest == second["a"].newest


def test_several_new_rows_are_scored_one_after_the_other(models: FleetModels, learned: dict[str, Fitted]) -> None:
    models.score(fleet(slice(0, KNOWN)))
    told = models.score(fleet(slice(0, KNOWN + 30)))["b"].ensemble
    whole = scored(learned["b"], FEATURES, frame(1, slice(KNOWN - 240, KNOWN + 30)))[-1]
    assert told.times.tolist() == TIMES[KNOWN : KNOWN + 30].tolist()
    np.testing.assert_allclose(told.values, whole.values[240:], atol=2e-4)


def test_a_host_that_is_silent_carries_nothing_on_and_the_others_do(models: FleetModels) -> None:
    lives = LIVES.copy()
    lives[1, KNOWN : KNOWN + 5] = np.nan
    steps = step_by_step(models, lives)
    silent = steps[3]["b"]
    assert silent.newest == {}
    assert silent.shares == {}
    assert np.isnan(silent.ensemble.values).all()
    assert set(steps[3]["a"].newest) == {*DETECTORS, ENSEMBLE}
    assert set(steps[6]["b"].newest) == {*DETECTORS, ENSEMBLE}


def test_a_value_that_comes_late_is_scored_when_it_comes(models: FleetModels) -> None:
    late = LIVES.copy()
    late[2, KNOWN] = np.nan
    models.score(fleet(slice(0, KNOWN)))
    models.score(fleet(slice(0, KNOWN + 1), late))
    told = models.score(fleet(slice(0, KNOWN + 2)))
    assert np.flatnonzero(np.isfinite(told["c"].ensemble.values)).tolist() == [0, 1]
    assert np.flatnonzero(np.isfinite(told["a"].ensemble.values)).tolist() == [1]


def test_hosts_with_other_features_are_scored_beside_each_other(learned: dict[str, Fitted]) -> None:
    models = FleetModels()
    models.put("a", FEATURES, learned["a"])
    some = Frame("b", FEATURES[:2], TIMES[:KNOWN], LIVES[1, :KNOWN, :2])
    models.put("b", FEATURES[:2], Lesson.of(some, tuple(DETECTORS.values()), {}).fit())
    models.score(fleet(slice(0, KNOWN)))
    told = models.score(fleet(slice(0, KNOWN + 1)))
    assert told["a"].ensemble.features == FEATURES
    assert told["b"].ensemble.features == FEATURES[:2]
    assert set(told["b"].shares) <= {"cpu", "memory"}


def test_new_models_look_back_and_score_as_if_they_had_always_been_there(
    models: FleetModels, learned: dict[str, Fitted]
) -> None:
    models.score(fleet(slice(0, KNOWN)))
    models.put("a", FEATURES, learned["b"])
    told = models.score(fleet(slice(0, KNOWN + 1)))
    assert len(told["a"].ensemble.times) == 240
    assert len(told["b"].ensemble.times) == 1
    whole = scored(learned["b"], FEATURES, frame(0, slice(KNOWN - 239, KNOWN + 1)))
    assert told["a"].newest == pytest.approx({each.model: float(each.values[-1]) for each in whole}, abs=2e-4)


def test_a_host_that_is_dropped_makes_room_and_the_others_keep_their_place(
    models: FleetModels, learned: dict[str, Fitted]
) -> None:
    models.score(fleet(slice(0, KNOWN)))
    models.drop(["b"])
    assert set(models.score(fleet(slice(0, KNOWN + 1)))) == {"a", "c"}
    models.put("b", FEATURES, learned["b"])
    told = models.score(fleet(slice(0, KNOWN + 2)))
    assert [len(told[name].ensemble.times) for name in NAMES] == [1, 240, 1]


def test_more_hosts_than_one_block_holds_are_all_scored(learned: dict[str, Fitted]) -> None:
    models = FleetModels()
    names = tuple(f"host-{number}" for number in range(300))
    for name in names:
        models.put(name, FEATURES, learned["a"])
    lives = np.broadcast_to(LIVES[0], (300, *LIVES[0].shape))
    models.score(fleet(slice(0, KNOWN), lives, names))
    told = models.score(fleet(slice(0, KNOWN + 1), lives, names))
    assert {each.newest[ENSEMBLE] for each in told.values()} == {told["host-0"].newest[ENSEMBLE]}
    assert len(told) == 300


def test_a_host_that_has_left_the_fleet_is_not_told_of(models: FleetModels) -> None:
    models.score(fleet(slice(0, KNOWN)))
    told = models.score(fleet(slice(0, KNOWN + 1), LIVES[:2], NAMES[:2]))
    assert set(told) == {"a", "b"}


def test_a_clock_that_goes_back_is_followed(models: FleetModels) -> None:
    models.score(fleet(slice(0, KNOWN + 20)))
    told = models.score(fleet(slice(0, KNOWN)))
    assert told["a"].ensemble.times[-1] == TIMES[KNOWN - 1]
    assert len(models.score(fleet(slice(0, KNOWN + 1)))["a"].ensemble.times) == 1
