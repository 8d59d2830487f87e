"""How many hosts are learned at once: as many as a while on one processor is enough for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.cycle import Cycle
from analyzer.data import Cause, Evidence, Fetched, Finding, Fleet, Host, Severity, Window
from analyzer.judge import Judge
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.store import Store
from analyzer.training import Trainer

STEP, HOUR = timedelta(seconds=15), timedelta(hours=1)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOSTS = tuple(f"web-{n}" for n in range(5))


@dataclass
class Noise:
    """Five hosts of noise; `learned` are those whose history was asked for, and `spans` how much of it."""

    learned: list[str] = field(default_factory=list)
    spans: list[timedelta] = field(default_factory=list)
    name: str = "noise"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        names = HOSTS if host is None else (host,)
        if host is not None:
            self.learned.append(host)
            self.spans.append(window.end - window.start)
        values = np.random.default_rng(7).normal(0.5, 0.1, (len(names), 2, window.steps)).astype(np.float32)
        return Fetched(Fleet(tuple(map(Host, names)), ("cpu", "memory"), window.times, values), self.name)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


def rounds_of(source: Noise, store: Store, busy_seconds: float) -> Rounds:
    trainer = Trainer(source, STEP, history=HOUR)
    cycle = Cycle(source, trainer, Prospects(source, ()), Judge((), STEP), (), (), STEP, HOUR)
    return Rounds(cycle, store, timedelta(days=90), busy_seconds)


async def test_as_many_hosts_are_learned_as_there_is_time_for(store: Store) -> None:
    source = Noise()
    rounds = rounds_of(source, store, busy_seconds=3600.0)
    await rounds.look(NOW)
    await rounds.train(NOW)
    assert source.learned == list(HOSTS)


async def test_where_one_takes_longer_than_there_is_time_they_are_learned_one_a_call(store: Store) -> None:
    source = Noise()
    rounds = rounds_of(source, store, busy_seconds=0.0)
    await rounds.look(NOW)
    await rounds.train(NOW)
    assert source.learned == ["web-0"]
    await rounds.train(NOW)
    assert source.learned == ["web-0", "web-1"]


def grown(host: str, minutes_ago: float, cores: float) -> Finding:
    """A host of four cores that has another number since."""
    at = NOW - timedelta(minutes=minutes_ago)
    proof = Evidence("x", Window(at, at, STEP), host, "cores", "", cores, 4.0, 4.0)
    over = at + timedelta(minutes=10)
    return Finding("resized", host, Severity.INFO, at, over, 1.0, (Cause("cores", 0.5, proof),))


async def test_after_a_restart_a_host_that_grew_is_still_learned_from_then_on_alone(store: Store) -> None:
    await store.findings.record([grown("web-0", 20, 8), grown("web-1", 20, 5)], NOW)
    source = Noise()
    rounds = rounds_of(source, store, 3600.0)
    await rounds.look(NOW)
    await rounds.train(NOW)
    await rounds.train(NOW)
    spans = dict(zip(source.learned, source.spans, strict=True))
    assert (spans["web-0"], spans["web-1"]) == (timedelta(minutes=20), HOUR)
