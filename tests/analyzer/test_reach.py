"""How far features ever went outlives the history that models learn from: who often goes far is blamed for less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.data import Frame, Reach, Values
from analyzer.detectors.scores import blame_of
from analyzer.host_models import NOTHING, REACH_HALVES, HostModels, Inheritance, fit_host

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
NAMES = ("cpu", "writes", "reads", "memory")
STEPS, TROUBLE = 600, 20


def noise(seed: int) -> Values:
    return np.random.default_rng(seed).normal(0.0, 1.0, (STEPS, len(NAMES))).astype(np.float32)


def minutes_before(at: datetime, values: Values, names: tuple[str, ...] = NAMES) -> Frame:
    times = at.timestamp() - np.arange(60.0 * (len(values) - 1), -60.0, -60.0)
    return Frame("web-1", names, times, values)


def a_burst_of_writes() -> Inheritance:
    """What is handed on from a history that holds one."""
    values = noise(1)
    values[300:320, NAMES.index("writes")] += 120.0
    return fit_host(minutes_before(NOW, values), NOW, 60.0).inheritance


def blamed_first(models: HostModels, after: timedelta) -> str:
    """Of trouble in which writes go a little farther than memory."""
    values = noise(3)[:200]
    values[-TROUBLE:, NAMES.index("writes")] += 15.0
    values[-TROUBLE:, NAMES.index("memory")] += 12.0
    order = [NAMES.index(name) for name in models.features if name in NAMES]
    names = tuple(NAMES[place] for place in order)
    recent = minutes_before(NOW + after + timedelta(minutes=200), values[:, order], names)
    return models.features[int(blame_of(models.score(recent)[-1])[-TROUBLE:].max(axis=0).argmax())]


def test_what_went_far_before_its_history_is_blamed_for_less() -> None:
    day = timedelta(days=1)
    calm = minutes_before(NOW + day, noise(2))
    assert blamed_first(fit_host(calm, NOW + day, 60.0), day) == "writes"
    assert blamed_first(fit_host(calm, NOW + day, 60.0, inherited=a_burst_of_writes()), day) == "memory"


def test_in_months_that_is_forgotten() -> None:
    late = 10 * REACH_HALVES
    calm = minutes_before(NOW + late, noise(2))
    assert blamed_first(fit_host(calm, NOW + late, 60.0, inherited=a_burst_of_writes()), late) == "writes"


def test_features_are_known_again_by_their_names() -> None:
    """Some are gone, some are new, and their order is another one."""
    day, values = timedelta(days=1), noise(2)
    names = ("errors", "memory", "writes", "cpu")
    calm = minutes_before(NOW + day, values, names)
    assert blamed_first(fit_host(calm, NOW + day, 60.0), day) == "writes"
    before = a_burst_of_writes()
    assert blamed_first(fit_host(calm, NOW + day, 60.0, inherited=before), day) == "memory"
    strange = Inheritance(reach=Reach(NOW, dict.fromkeys(("a", "b"), (-1e3, 1e3))))
    assert blamed_first(fit_host(calm, NOW + day, 60.0, inherited=strange), day) == "writes"


def test_only_blame_goes_by_it() -> None:
    day = timedelta(days=1)
    calm, before = minutes_before(NOW + day, noise(2)), a_burst_of_writes()
    recent = minutes_before(NOW + day + timedelta(minutes=600), 3 * noise(4))
    known = (NOTHING, before)
    alone, after = (fit_host(calm, NOW + day, 60.0, inherited=each).score(recent)[-1] for each in known)
    np.testing.assert_array_equal(after.values, alone.values)
    writes = NAMES.index("writes")
    assert blame_of(after)[:, writes].max() < 0.5 * blame_of(alone)[:, writes].max()
