"""How far features ever went is kept: it is known after a restart, of the host that it was, and forgotten with it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.cycle import Cycle
from analyzer.data import Cause, Evidence, Fetched, Finding, Fleet, Host, Reach, Severity, Window
from analyzer.host_models import HostModels
from analyzer.judge import Judge
from analyzer.judge.upheavals import BEFORE
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.store import Store
from analyzer.training import Trainer

STEP, HOUR, DAY = timedelta(seconds=15), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BURST = 1000.0


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


@dataclass
class Web:
    """One host of noise, whose writes went very far in what is known of it before NOW."""

    host: str = "web-1"
    name: str = "noise"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        times = window.times
        values = np.random.default_rng(7).normal(0.5, 0.1, (1, 2, len(times))).astype(np.float32)
        values[0, 1, np.abs(times - (NOW - HOUR / 2).timestamp()) < 60.0] = BURST
        return Fetched(Fleet((Host(self.host),), ("cpu", "writes"), times, values), self.name)

    async def close(self) -> None:
        """Nothing is open."""


async def farthest_writes(store: Store, now: datetime, source: Web | None = None) -> float:
    """As a program that begins now knows it after it has learned."""
    source = source or Web()
    trainer = Trainer(source, STEP, history=HOUR)
    cycle = Cycle(source, trainer, Prospects(source, ()), Judge((), STEP), (), (), STEP, HOUR)
    rounds = Rounds(cycle, store, timedelta(days=90), 3600.0)
    await rounds.look(now)
    await rounds.train(now)
    models = trainer.models(source.host)
    assert isinstance(models, HostModels)
    await rounds.look(now + STEP)
    assert rounds.report is not None
    assert rounds.report.failures == ()
    return models.reach.ends["writes"][1]


def told(kind: str, host: str, cause: Cause) -> Finding:
    return Finding(kind, host, Severity.INFO, NOW + HOUR, NOW + HOUR, 1.0, (cause,))


async def test_how_far_features_went_is_known_after_a_restart_and_fades(store: Store, other: Store) -> None:
    assert await farthest_writes(store, NOW) == pytest.approx(BURST, rel=1e-3)
    after_a_day = await farthest_writes(store, NOW + DAY)
    assert 0.7 * BURST < after_a_day < BURST
    assert await farthest_writes(store, NOW + 60 * DAY) < 0.1 * BURST
    assert await farthest_writes(other, NOW + DAY) < 2.0  # who never knew it


async def test_it_is_known_of_a_host_that_has_another_name_now(store: Store) -> None:
    await farthest_writes(store, NOW)
    proof = Evidence("x", Window(NOW, NOW, STEP), "web-1", BEFORE, "", 1.0)
    await store.findings.record([told("renamed", "web-2", Cause(BEFORE, 1.0, proof))], NOW + HOUR)
    assert await farthest_writes(store, NOW + DAY, Web("web-2")) > 0.7 * BURST


async def test_it_is_not_known_of_a_host_that_became_another_one_since(store: Store) -> None:
    await farthest_writes(store, NOW)
    proof = Evidence("x", Window(NOW, NOW, STEP), "web-1", "cores", "", 16.0, 4.0, 4.0)
    await store.findings.record([told("resized", "web-1", Cause("cores", 0.5, proof))], NOW + HOUR)
    assert await farthest_writes(store, NOW + DAY) < 2.0


async def test_what_is_kept_is_what_was_last_told_of_each_host(store: Store) -> None:
    web, db = Reach(NOW, {"cpu": (0.0, 1.0)}), Reach(NOW + HOUR, {"cpu": (-1.5, 7.25), "writes": (0.0, 1e300)})
    await store.reaches.record({"web-1": web, "db-1": web})
    await store.reaches.record({"db-1": db})
    assert await store.reaches.all() == {"web-1": web, "db-1": db}


async def test_a_host_that_was_long_not_learned_is_forgotten(store: Store) -> None:
    known = {"web-1": Reach(NOW, {"cpu": (0.0, 1.0)}), "db-1": Reach(NOW + DAY, {"cpu": (0.0, 1.0)})}
    await store.reaches.record(known)
    assert await store.forget(NOW + HOUR) == 1
    assert list(await store.reaches.all()) == ["db-1"]


async def test_a_store_from_before_it_was_kept_gets_its_table(tmp_path: Path) -> None:
    await (await Store.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / "openmanager.db") as older:
        older.execute("DROP TABLE reaches")
        older.execute("UPDATE schema_version SET version = 6")
    older.close()
    store = await Store.open(tmp_path)
    assert await store.reaches.all() == {}
    await store.close()


async def test_where_it_could_not_be_read_it_is_not_written_over(other: Store) -> None:
    """The first cycle could not read the store; what was learned meanwhile knows nothing of before."""
    await farthest_writes(other, NOW)
    known = await other.reaches.all()
    async with other.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE incidents RENAME TO elsewhere")
    source = Web()
    trainer = Trainer(source, STEP, history=HOUR)
    cycle = Cycle(source, trainer, Prospects(source, ()), Judge((), STEP), (), (), STEP, HOUR)
    rounds = Rounds(cycle, other, timedelta(days=90), 3600.0)
    await rounds.look(NOW + DAY)
    await rounds.train(NOW + DAY)
    assert isinstance(trainer.models("web-1"), HostModels)
    assert await other.reaches.all() == known
