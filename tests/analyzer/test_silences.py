"""Planned silences in a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.data import Matcher, Silence
from analyzer.store import Store

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MATCHERS = (Matcher("host", "=", "web-1:9100"), Matcher("kind", "!~", "sat.*"))
SILENCE = Silence("s1", MATCHERS, NOW, NOW + HOUR, "upgrade", "kim", NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


async def test_silences_outlive_a_restart(tmp_path: Path) -> None:
    before = await Store.open(tmp_path)
    await before.silences.add(SILENCE)
    await before.close()
    after = await Store.open(tmp_path)
    assert await after.silences.get("s1") == SILENCE
    await after.close()


async def test_those_that_are_not_over_are_given_the_last_to_end_first(store: Store) -> None:
    later = replace(SILENCE, id="s2", starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    over = replace(SILENCE, id="s0", starts_at=NOW - HOUR, ends_at=NOW)
    for silence in (over, SILENCE, later):
        await store.silences.add(silence)
    assert await store.silences.newest(NOW) == (later, SILENCE)
    assert await store.silences.newest() == (later, SILENCE, over)


async def test_a_silence_ends_once_and_stays_on_record(store: Store) -> None:
    await store.silences.add(SILENCE)
    soon, later = NOW + timedelta(minutes=5), NOW + timedelta(minutes=9)
    assert await store.silences.end("s1", soon) == replace(SILENCE, ends_at=soon)
    assert await store.silences.end("s1", later) == replace(SILENCE, ends_at=soon)
    assert await store.silences.end("none", later) is None
    assert [(entry.event, entry.subject, entry.detail) for entry in await store.audit.newest()] == [
        ("silence ended", "s1", ""),
        ("silence added", "s1", "by kim: upgrade"),
    ]


async def test_a_silence_is_forgotten_long_after_it_ended(store: Store) -> None:
    await store.silences.add(SILENCE)
    await store.forget(NOW + HOUR)
    assert await store.silences.get("s1") == SILENCE
    await store.forget(NOW + 2 * HOUR)
    assert await store.silences.get("s1") is None
