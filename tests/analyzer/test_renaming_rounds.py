"""Machines change their names while the analyzer looks, is away, can't ask, or crashes: told once, or not at all."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.cycle import Cycle
from analyzer.data import (
    Cause,
    Evidence,
    Feature,
    Fetched,
    Finding,
    FindingFilter,
    Fleet,
    Host,
    Sample,
    Series,
    Severity,
    Window,
)
from analyzer.errors import SourceUnreachable
from analyzer.identities import Registry
from analyzer.judge import Judge
from analyzer.machines import Inventory
from analyzer.names import Names
from analyzer.prospects import Prospects
from analyzer.renaming import Renaming
from analyzer.rounds import Rounds
from analyzer.store import Store
from analyzer.training import Trainer

STEP, MINUTE = timedelta(seconds=15), timedelta(minutes=1)
BEGIN = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
LOAD = Feature("load", "count", "cpu", "node_load1{$selector}", {"en": "load", "ko": "load"})


@dataclass(frozen=True)
class Life:
    """A machine under one name, from one minute until another; `booted` is the minute of its start."""

    instance: str
    machine: str
    first: float
    last: float
    booted: float = -1000.0

    def lives(self, at: float) -> bool:
        return self.first <= (at - BEGIN.timestamp()) / 60 < self.last


@dataclass
class World:
    """Hosts as a source, and what can be asked about them: their own names are those of their machines."""

    lives: Sequence[Life]
    names: Names = field(default_factory=Names)
    fallback_reason: str = ""
    mute: bool = False
    asked: list[str] = field(default_factory=list)
    name: str = "world"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        hosts = tuple(dict.fromkeys(life.instance for life in self.lives))
        values = [
            [
                [
                    1.0 if any(one.instance == name and one.lives(at) for one in self.lives) else np.nan
                    for at in window.times
                ]
            ]
            for name in hosts
        ]
        fleet = Fleet(tuple(Host(n, "node") for n in hosts), ("load",), window.times, np.array(values, np.float32))
        return Fetched(self.names.merged(fleet), self.name, fallback_reason=self.fallback_reason)

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        gone = re.findall(r'=~"([^"]*)"', promql)
        if gone:
            self.asked.append(promql)
            if self.mute:
                raise SourceUnreachable("nobody answers")
        named = {name.replace("\\\\", "") for each in gone for name in each.split("|")}
        moment = at.timestamp()
        return tuple(
            Sample({"instance": life.instance, "job": "node", **labels}, moment, value)
            for life in self.lives
            if life.lives(moment) or (life.instance in named and BEGIN.timestamp() + 60 * life.first <= moment)
            for labels, value in self._told(promql, life)
        )

    def _told(self, promql: str, life: Life) -> list[tuple[dict[str, str], float]]:
        if promql.startswith("max by"):
            return [({}, BEGIN.timestamp() + 60 * life.last - 1)]
        if "node_boot_time" in promql:
            return [({}, BEGIN.timestamp() + 60 * life.booted)]
        if "node_uname" in promql:
            return [({"nodename": life.machine}, 1.0)]
        if "node_dmi" in promql:
            return [({"product_uuid": f"4c4c4544-0042-3510-8052-{life.machine:0>12}".replace("m", "a")}, 1.0)]
        return [({}, 8.0)] if "node_cpu" in promql or "node_memory" in promql else []

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        raise AssertionError(f"asked for {promql} in {window}")

    async def close(self) -> None:
        """Nothing is open."""


def rounds(world: World, store: Store) -> Rounds:
    """A fresh analyzer on what the store has."""
    world.names = Names()
    cycle = Cycle(
        source=world,
        trainer=Trainer(world, STEP),
        prospects=Prospects(world, ()),
        judge=Judge((LOAD,), STEP),
        forecasters=(),
        sinks=(),
        step=STEP,
        recent=timedelta(minutes=30),
        inventory=Inventory(world),
        renaming=Renaming(world.names, Registry(world)),
    )
    return Rounds(cycle, store, timedelta(days=90))


async def live(analyzer: Rounds, first: int, last: int) -> None:
    for minute in range(first, last + 1):
        await analyzer.look(BEGIN + minute * MINUTE)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


async def told(store: Store) -> list[tuple[str, str, bool, str]]:
    """Of every finding its kind, host, whether it fires and why it ended, in order of time."""
    found = await store.findings.find(FindingFilter())
    return [(one.kind, one.host, one.firing, one.end_reason) for one in reversed(found)]


def hosts(analyzer: Rounds) -> list[str]:
    return [host.host.name for host in analyzer.report.hosts] if analyzer.report else []


STEADY = Life("web-1", "m1", 0, 999)


async def test_a_host_that_comes_back_from_its_start_under_another_address_is_silent_no_more(store: Store) -> None:
    analyzer = rounds(World([STEADY, Life("10.0.0.5", "m2", 0, 5), Life("10.0.0.9", "m2", 15, 99, booted=14)]), store)
    await live(analyzer, 4, 14)
    assert await told(store) == [("silent", "10.0.0.5", True, "")]
    await live(analyzer, 15, 16)
    assert await told(store) == [
        ("silent", "10.0.0.5", False, "the host is called 10.0.0.9 now"),
        ("reboot", "10.0.0.9", True, ""),
        ("renamed", "10.0.0.9", True, ""),
    ]
    assert hosts(analyzer) == ["web-1", "10.0.0.9"]


async def test_a_name_that_is_given_back_and_one_that_changes_again_are_followed(store: Store) -> None:
    world = World([STEADY, *(Life(name, "m2", 10 * n, 10 * n + 10) for n, name in enumerate("abacd"))])
    analyzer = rounds(world, store)
    await live(analyzer, 5, 48)
    assert [(kind, host) for kind, host, *_ in await told(store)] == [("renamed", name) for name in "bacd"]
    assert hosts(analyzer) == ["web-1", "d"]
    again = rounds(world, store)
    await live(again, 49, 49)
    assert hosts(again) == ["web-1", "d"]
    assert world.names.earlier("d") == ("c", "a", "b")


async def test_a_machine_that_takes_a_name_that_was_given_up_is_a_new_host(store: Store) -> None:
    lives = [STEADY, Life("a", "m2", 0, 10), Life("b", "m2", 10, 99), Life("a", "m3", 20, 30)]
    analyzer = rounds(World(lives), store)
    await live(analyzer, 5, 29)
    assert sorted(hosts(analyzer)) == ["a", "b", "web-1"]
    await live(analyzer, 30, 34)
    assert [(kind, host) for kind, host, *_ in await told(store)] == [("renamed", "b"), ("silent", "a")]


async def test_two_that_swap_their_names_are_asked_nothing(store: Store) -> None:
    lives = [Life("a", "m1", 0, 10), Life("b", "m2", 0, 10), Life("a", "m2", 10, 99), Life("b", "m1", 10, 99)]
    world = World(lives)
    await live(rounds(world, store), 5, 20)
    assert (world.asked, await told(store)) == ([], [])


async def test_blue_and_green_that_live_side_by_side_are_two(store: Store) -> None:
    analyzer = rounds(World([STEADY, Life("blue", "m2", 0, 13), Life("green", "m2", 10, 99)]), store)
    await live(analyzer, 5, 20)
    assert await told(store) == [("silent", "blue", True, "")]
    assert hosts(analyzer) == ["web-1", "blue", "green"]


async def test_the_same_hosts_are_asked_about_once(store: Store) -> None:
    world = World([STEADY, Life("a", "m2", 0, 10), Life("other", "m3", 10, 99)])
    await live(rounds(world, store), 5, 30)
    assert len(world.asked) == 5, "each query once"
    assert await told(store) == [("silent", "a", True, "")]


def over(kind: str, host: str, minute: float, *causes: Cause) -> Finding:
    at = BEGIN + minute * MINUTE
    return Finding(kind, host, Severity.INFO, at, at + MINUTE, 0.9, causes)


async def test_what_was_found_before_is_known_of_its_host_after_a_restart(store: Store) -> None:
    """A nightly job that came under the old name, and a size that was another one under it."""
    size = Cause("cores", 0.5, Evidence("x", Window(BEGIN, BEGIN, STEP), "a", "cores", "", 8.0, 2.0, 2.0))
    await store.findings.record([over("anomaly", "a", 2), over("resized", "a", 3, size)], BEGIN)
    world = World([STEADY, Life("a", "m2", 0, 10), Life("b", "m2", 10, 99)])
    await live(rounds(world, store), 5, 12)
    again = rounds(world, store)
    await live(again, 20, 20)
    assert list(again._memory.judged.past) == ["b"]
    assert again._trainer._since == {"b": BEGIN + 3 * MINUTE}


async def test_a_name_that_changed_while_nobody_looked_is_found_by_the_next_analyzer(store: Store) -> None:
    world = World([STEADY, Life("a", "m2", 0, 10), Life("b", "m2", 11, 99)])
    await live(rounds(world, store), 5, 9)
    again = rounds(world, store)
    await live(again, 20, 21)
    assert [(kind, host) for kind, host, *_ in await told(store)] == [("renamed", "b")]


async def test_an_analyzer_that_starts_again_before_the_old_name_is_silent_still_finds_the_new_one(
    store: Store,
) -> None:
    world = World([STEADY, Life("a", "m2", 0, 10), Life("b", "m2", 10, 99)])
    await live(rounds(world, store), 5, 10)
    await live(rounds(world, store), 11, 12)
    assert [(kind, host) for kind, host, *_ in await told(store)] == [("renamed", "b")]


async def test_a_crash_between_telling_and_remembering_tells_it_once(store: Store) -> None:
    world = World([STEADY, Life("a", "m2", 0, 10), Life("b", "m2", 10, 99)])
    analyzer = rounds(world, store)
    await live(analyzer, 5, 10)
    before = {name: await store.memory.load(name) for name in ("judge", "judged at")}
    await live(analyzer, 11, 12)
    assert [kind for kind, *_ in await told(store)] == ["renamed"]
    await store.memory.save_all({name: value for name, value in before.items() if value is not None})
    again = rounds(world, store)
    await live(again, 13, 20)
    assert await told(store) == [("renamed", "b", True, "")]
    assert hosts(again) == ["web-1", "b"]


async def test_who_can_not_be_asked_about_is_asked_about_again(store: Store) -> None:
    world = World([STEADY, Life("a", "m2", 0, 10), Life("b", "m2", 10, 99)], mute=True)
    analyzer = rounds(world, store)
    await live(analyzer, 5, 13)
    assert analyzer.report is not None
    assert [(one.stage, one.reason) for one in analyzer.report.failures] == [("machines", "nobody answers")]
    assert await told(store) == [("silent", "a", True, "")]
    world.mute = False
    await live(analyzer, 14, 14)
    assert await told(store) == [("silent", "a", False, "the host is called b now"), ("renamed", "b", True, "")]


async def test_a_source_that_stands_in_for_prometheus_is_not_asked(store: Store) -> None:
    world = World([STEADY, Life("a", "m2", 0, 10), Life("b", "m2", 10, 99)], fallback_reason="Prometheus is away")
    await live(rounds(world, store), 5, 20)
    assert (world.asked, await told(store)) == ([], [("silent", "a", True, "")])
