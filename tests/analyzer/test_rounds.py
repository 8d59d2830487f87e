"""What an analyzer that starts again knows of what it told before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.cycle import FORGOTTEN
from analyzer.data import Fetched, Finding, FindingFilter, IncidentFilter, Window
from analyzer.errors import SourceUnreachable
from analyzer.store import Store
from tests.analyzer.test_incident_life import BEGIN, World, rounds

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


async def trouble(store: Store) -> World:
    """web-1's processor is full from the third minute on; the last look is in the sixth."""
    world = World()
    world.toggle("web-1", "cpu", BEGIN + 3 * MINUTE)
    before = rounds(world, store)
    for minute in range(1, 7):
        await before.look(BEGIN + minute * MINUTE)
    assert before.report is not None
    assert [(finding.host, finding.kind) for finding in before.report.findings] == [("web-1", "saturation:cpu")]
    return world


async def test_a_restart_goes_on_with_the_same_finding_and_the_same_incident(store: Store) -> None:
    world = await trouble(store)
    (known,) = await store.incidents.open()
    again = rounds(world, store)
    await again.look(BEGIN + 8 * MINUTE)
    assert again.report is not None
    assert [incident.id for incident in again.report.incidents] == [known.id]
    assert [finding.fingerprint for finding in again.report.findings] == [known.findings[0].fingerprint]


async def test_after_a_restart_without_a_source_what_fired_still_stands(store: Store) -> None:
    world = await trouble(store)
    world.down = True
    again = rounds(world, store)
    await again.look(BEGIN + 30 * MINUTE)
    assert again.report is not None
    assert [finding.firing for finding in again.report.findings] == [True]
    assert [incident.open for incident in again.report.incidents] == [True]


async def test_what_a_judge_without_its_memory_no_longer_tells_ended_when_it_was_last_known_to_fire(
    store: Store,
) -> None:
    world = await trouble(store)
    world.toggle("web-1", "cpu", BEGIN + 7 * MINUTE)
    await store.memory.save("judge", b"of another version")
    again = rounds(world, store)
    await again.look(BEGIN + 20 * MINUTE)
    assert again.report is not None
    assert [failure.reason[:59] for failure in again.report.failures] == [
        "what the judge remembered can't be read, so it begins anew:"
    ]
    (kept,) = await store.findings.find(FindingFilter())
    assert (kept.ends_at, kept.end_reason) == (BEGIN + 6 * MINUTE, FORGOTTEN)
    (incident,) = await store.incidents.find(IncidentFilter())
    assert (incident.open, incident.ends_at) == (False, BEGIN + 6 * MINUTE)
    steps = [owed.owed.key.split(":")[1] for owed in await store.outbox.of_subject("annotations", incident.id)]
    assert steps == ["open", "close"]
    assert any(entry.detail.endswith(FORGOTTEN) for entry in await store.audit.newest())


async def test_what_still_holds_after_the_memory_was_lost_continues_its_incident(store: Store) -> None:
    world = await trouble(store)
    (known,) = await store.incidents.open()
    await store.memory.save("judge", b"of another version")
    again = rounds(world, store)
    await again.look(BEGIN + 8 * MINUTE)
    assert again.report is not None
    assert [incident.id for incident in again.report.incidents if incident.open] == [known.id]
    assert len(await store.findings.find(FindingFilter(firing=True))) == 1


async def test_a_store_that_could_not_be_read_is_not_written_over_with_nothing(store: Store) -> None:
    world = await trouble(store)
    saved = await store.memory.load("judge")
    async with store.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE incidents RENAME TO elsewhere")
    again = rounds(world, store)
    await again.look(BEGIN + 7 * MINUTE)
    assert await store.memory.load("judge") == saved
    async with store.database.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO incidents")
    await again.look(BEGIN + 8 * MINUTE)
    assert again.report is not None
    assert again.report.at == datetime(2026, 11, 22, 14, 10, tzinfo=UTC)
    assert len(await store.incidents.open()) == 1


async def anomaly(store: Store) -> Finding:
    """web-1's processor is busy for the first time that its models know of: what is told of it after some minutes."""
    world = World()
    world.toggle("web-1", "cpu", BEGIN + 3 * MINUTE)
    anew = rounds(world, store)
    await anew.look(BEGIN + 2 * MINUTE)
    await anew.train(BEGIN + 2 * MINUTE)
    for minute in range(3, 7):
        await anew.look(BEGIN + minute * MINUTE)
    assert anew.report is not None
    (found,) = [finding for finding in anew.report.findings if finding.kind == "anomaly"]
    return found


async def test_what_came_at_this_hour_on_earlier_days_is_known_after_a_restart(store: Store, tmp_path: Path) -> None:
    before = await Store.open(tmp_path / "before")
    found = await anomaly(before)
    await before.close()
    assert found.quiet is None
    days = [timedelta(days=ago) for ago in (3, 2, 1)]
    earlier = [replace(found, starts_at=found.starts_at - ago, ends_at=BEGIN + 9 * MINUTE - ago) for ago in days]
    await store.findings.record(earlier, BEGIN)
    again = await anomaly(store)
    assert again.quiet is not None
    assert (again.quiet.reason, again.quiet.by) == ("recurring", earlier[-1].fingerprint)


class Slow(World):
    """Answers cycles only when told to; a host's own history can't be had, which is said when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.answers = asyncio.Event(), asyncio.Event()
        self.refused, self.refuses = asyncio.Event(), asyncio.Event()

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        if host is not None:
            self.refused.set()
            await self.refuses.wait()
            raise SourceUnreachable("can't read the history of one host")
        self.asked.set()
        await self.answers.wait()
        return await super().fetch(window, host, features)


async def test_what_fails_while_a_cycle_runs_stands_in_the_next_report(store: Store) -> None:
    world = Slow()
    world.answers.set()
    at_work = rounds(world, store)
    await at_work.look(BEGIN)
    world.answers.clear()
    world.asked.clear()
    learning = asyncio.create_task(at_work.train(BEGIN))
    await world.refused.wait()
    cycle = asyncio.create_task(at_work.look(BEGIN + MINUTE))
    await world.asked.wait()
    world.refuses.set()
    await learning
    world.answers.set()
    await cycle
    await at_work.look(BEGIN + 2 * MINUTE)
    assert at_work.report is not None
    assert "train" in {failure.stage for failure in at_work.report.failures}


async def test_no_history_is_read_while_a_cycle_runs(store: Store) -> None:
    world = Slow()
    world.answers.set()
    at_work = rounds(world, store)
    await at_work.look(BEGIN)
    world.answers.clear()
    world.asked.clear()
    cycle = asyncio.create_task(at_work.look(BEGIN + MINUTE))
    await world.asked.wait()
    learning = asyncio.create_task(at_work.train(BEGIN + MINUTE))
    await asyncio.sleep(0.01)
    assert not world.refused.is_set()
    world.answers.set()
    await cycle
    await world.refused.wait()
    world.refuses.set()
    await learning
