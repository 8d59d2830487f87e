"""What becomes of deliveries when their receiver is taken out of the settings."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.sinks.retired import Retired
from analyzer.store import Owed, Store

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
GONE = Owed("notify:slack", "a:open", "web-1:9100", "{}")
ENDED = Owed("notify:slack", "a:over", "web-1:9100", "{}")
KEPT = Owed("alertmanager", "a:open", "a", "[]")


async def pending(store: Store) -> dict[str, int]:
    return {told.sink: told.pending for told in await store.outbox.status()}


async def test_what_nobody_delivers_waits_a_day_and_is_given_up_with_a_reason(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.outbox.enqueue([GONE, ENDED, KEPT], NOW)
    retired = Retired(store.outbox, frozenset({"alertmanager"}))
    await retired.settle(NOW + timedelta(hours=23))
    assert await pending(store) == {"alertmanager": 1, "notify:slack": 2}
    await retired.settle(NOW + timedelta(hours=25))
    assert await pending(store) == {"alertmanager": 1, "notify:slack": 0}
    settled = await store.outbox.of_subject("notify:slack", "web-1:9100")
    assert [one.last_error for one in settled] == ["notify:slack is no longer in the settings"] * 2
    assert "1 deliveries given up: notify:slack is no longer in the settings" in caplog.text


async def test_a_receiver_that_comes_back_in_time_gets_all(store: Store) -> None:
    await store.outbox.enqueue([GONE], NOW)
    await Retired(store.outbox, frozenset()).settle(NOW + timedelta(hours=2))
    (due,) = await store.outbox.due("notify:slack", NOW + timedelta(hours=3))
    assert due.owed == GONE


async def test_a_store_that_cant_be_read_is_told_and_asked_again_later(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(tmp_path / "data/openmanager.db")) as database, database:
        database.execute("ALTER TABLE deliveries RENAME TO away")
    await Retired(store.outbox, frozenset()).settle(NOW)
    assert "deliveries to receivers of before can't be settled" in caplog.text
