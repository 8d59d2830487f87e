"""Training: when a host is learned, from what, and what is never thrown away."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Fetched, Fleet, Host, Learning, Window
from analyzer.errors import SourceUnreachable
from analyzer.host_models import HostModels
from analyzer.judge.calibration import Ranges
from analyzer.names import Rename
from analyzer.training import Trainer

STEP = timedelta(seconds=15)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass
class ShortSource:
    """Knows one host for its last `known` steps only."""

    known: int
    down: bool = False
    name: str = "short"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        if self.down:
            raise SourceUnreachable("can't reach the short source: it is down")
        noise = np.random.default_rng(7).normal(0.5, 0.1, (1, 2, window.steps)).astype(np.float32)
        noise[:, :, : max(0, window.steps - self.known)] = np.nan
        return Fetched(Fleet((Host(host or "web-1"),), ("cpu", "memory"), window.times, noise), self.name)

    async def close(self) -> None:
        """Nothing is open."""


def steps_of(trainer: Trainer) -> int:
    models = trainer.models("web-1")
    assert isinstance(models, HostModels)
    return models.steps


async def test_a_host_with_little_history_is_learning_and_says_how_much_it_needs() -> None:
    trainer = Trainer(ShortSource(known=20), STEP)
    await trainer.train(NOW, ["web-1"])
    assert trainer.models("web-1") == Learning(20, trainer.steps_needed)
    assert trainer.due(NOW + timedelta(minutes=1), ["web-1"]) == ()


async def test_however_fine_the_grid_a_host_is_learned_after_ten_minutes_at_the_earliest() -> None:
    second, source = timedelta(seconds=1), ShortSource(known=599)
    trainer = Trainer(source, second)
    await trainer.train(NOW, ["web-1"])
    assert trainer.models("web-1") == Learning(599, 600)
    source.known = 600
    await trainer.train(NOW + second, ["web-1"])
    assert steps_of(trainer) == 600
    coarse = Trainer(ShortSource(known=30), timedelta(minutes=1))
    await coarse.train(NOW, ["web-1"])
    assert steps_of(coarse) == 30


async def test_a_host_that_changed_is_learned_sooner_and_never_later() -> None:
    trainer = Trainer(ShortSource(known=1000), STEP)
    trainer.hasten("web-1", NOW)
    assert trainer.hosts == frozenset()
    await trainer.train(NOW, ["web-1"])
    soon = NOW + timedelta(minutes=10)
    trainer.hasten("web-1", soon)
    trainer.hasten("web-1", soon + timedelta(hours=1))
    assert trainer.due(soon - STEP, ["web-1"]) == ()
    assert trainer.due(soon, ["web-1"]) == ("web-1",)


async def test_a_host_that_became_another_one_is_learned_from_then_on_alone() -> None:
    trainer = Trainer(ShortSource(known=1000), STEP)
    await trainer.train(NOW, ["web-1"])
    changed = NOW + timedelta(minutes=1)
    trainer.begin_anew("web-1", changed)
    assert trainer.models("web-1") == Learning(0, trainer.steps_needed)
    await trainer.train(changed + timedelta(minutes=5), ["web-1"])
    assert trainer.models("web-1") == Learning(21, trainer.steps_needed)
    await trainer.train(changed + timedelta(minutes=20), ["web-1"])
    assert steps_of(trainer) == 81
    trainer.begin_anew("web-1", changed)
    assert steps_of(trainer) == 81, "to be told again changes nothing"


async def test_a_host_known_only_lately_is_learned_from_what_there_is() -> None:
    trainer = Trainer(ShortSource(known=100), STEP, history=timedelta(days=2))
    await trainer.train(NOW, ["web-1"])
    assert steps_of(trainer) == 100


async def test_minutes_of_a_fallback_never_replace_what_was_learned_on_days() -> None:
    source = ShortSource(known=1000)
    trainer = Trainer(source, STEP)
    await trainer.train(NOW, ["web-1"])
    source.known = 100
    await trainer.train(NOW + timedelta(days=1), ["web-1"])
    assert steps_of(trainer) == 1000
    source.known = 10
    await trainer.train(NOW + timedelta(days=2), ["web-1"])
    assert steps_of(trainer) == 1000
    source.known = 900
    await trainer.train(NOW + timedelta(days=3), ["web-1"])
    assert steps_of(trainer) == 900


async def test_a_source_that_is_down_leaves_the_host_due_and_its_models_in_place() -> None:
    source = ShortSource(known=200)
    trainer = Trainer(source, STEP)
    await trainer.train(NOW, ["web-1"])
    source.down = True
    later = NOW + timedelta(days=1)
    with pytest.raises(SourceUnreachable):
        await trainer.train(later, ["web-1"])
    assert trainer.due(later, ["web-1"]) == ("web-1",)
    assert steps_of(trainer) == 200


async def test_hosts_longest_overdue_are_learned_first_and_no_more_than_asked() -> None:
    trainer = Trainer(ShortSource(known=200), STEP)
    assert await trainer.train(NOW, ["a", "b", "c"], most=2) == ("a", "b")
    assert await trainer.train(NOW, ["a", "b", "c"], most=2) == ("c",)


async def test_hosts_that_are_gone_are_forgotten() -> None:
    trainer = Trainer(ShortSource(known=200), STEP)
    await trainer.train(NOW, ["web-1"])
    trainer.forget(["web-1"])
    assert trainer.models("web-1") == Learning(0, trainer.steps_needed)


async def test_what_was_learned_of_a_host_goes_on_under_its_new_name() -> None:
    source = ShortSource(known=1000)
    trainer = Trainer(source, STEP)
    await trainer.train(NOW, ["web-1", "web-2"], most=2)
    changed = NOW - timedelta(hours=1)
    trainer.begin_anew("web-2", changed)
    source.known = 10
    await trainer.train(NOW, ["db-1"])
    assert isinstance(trainer.models("db-1"), Learning)
    trainer.rename([Rename("web-1", "db-1", NOW.timestamp()), Rename("web-2", "db-2", NOW.timestamp())])
    models = trainer.models("db-1")
    assert isinstance(models, HostModels)
    assert (models.host, models.steps, models.fitted_at) == ("db-1", 1000, NOW)
    assert trainer.hosts == {"db-1"}
    assert trainer.due(NOW + timedelta(hours=1), ["db-1"]) == (), "it is due when it was"
    source.known = 1000
    await trainer.train(NOW, ["db-2"])
    trainer.begin_anew("db-2", changed)
    learned = trainer.models("db-2")
    assert isinstance(learned, HostModels), "to be told again changes nothing"
    assert learned.steps == 241, "what it was before it became another host is still not learned"


async def test_hosts_without_models_come_before_those_whose_models_are_old() -> None:
    trainer = Trainer(ShortSource(known=1000), STEP)
    await trainer.train(NOW, ["web-1"])
    later = NOW + timedelta(days=1)
    assert trainer.due(later, ["web-1", "new-1", "new-2"]) == ("new-1", "new-2", "web-1")
    assert (trainer.scored(["web-1"]), trainer.scored(["web-1", "new-1"])) == (1, 1)


async def test_hosts_learned_side_by_side_are_what_they_are_one_after_the_other() -> None:
    names = ["web-1", "web-2", "web-3"]
    one, two = Trainer(ShortSource(known=1000), STEP), Trainer(ShortSource(known=1000), STEP, cores=2)
    for trainer in (one, two):
        assert await trainer.train(NOW, names, most=3) == ("web-1", "web-2", "web-3")
    for name in names:
        alone, beside = one.models(name), two.models(name)
        assert isinstance(alone, HostModels)
        assert isinstance(beside, HostModels)
        assert (beside.host, beside.steps) == (name, 1000)
        assert pickle.dumps(alone.fitted) == pickle.dumps(beside.fitted)


async def test_what_is_kept_of_a_host_shares_its_names_with_others_and_holds_on_to_nothing_it_came_in() -> None:
    trainer = Trainer(ShortSource(known=1000), STEP)
    await trainer.train(NOW, ["web-1", "web-2"], most=2)
    one, other = (trainer.models(name) for name in ("web-1", "web-2"))
    assert isinstance(one, HostModels)
    assert isinstance(other, HostModels)
    trainer.adopt(pickle.loads(pickle.dumps(other)))
    received = trainer.models("web-2")
    assert isinstance(received, HostModels)
    assert received.features is one.features
    for each in (one, received):
        assert each.hours is not None
        assert each.states is not None
        assert isinstance(each.calibration.usual, Ranges)
        assert {id(part.features) for part in (each.hours, each.states, each.calibration.usual)} == {id(one.features)}
        every = (each.hours.medians, each.hours.always, each.states.centroids, each.calibration.episodes)
        assert all(array.base is None for array in every)
    assert received.calibration.usual == other.calibration.usual
