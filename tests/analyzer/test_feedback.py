"""People's opinions of findings, in a real store."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.data import Cause, Evidence, Finding, Opinionated, Quiet, Severity, Window
from analyzer.store import Judged, Store

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
FINDING = Finding("anomaly", "web-1:9100", Severity.WARNING, NOW, None, 0.9, ())
ABOUT = FINDING.fingerprint


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


async def test_an_opinion_is_kept_changed_and_taken_back(store: Store) -> None:
    assert await store.feedback.of(ABOUT) is None
    await store.feedback.give(ABOUT, "useful", NOW)
    await store.feedback.give(ABOUT, "not_an_anomaly", LATER)
    assert await store.feedback.of(ABOUT) == "not_an_anomaly"
    assert await store.feedback.newest() == (Judged(ABOUT, "not_an_anomaly", LATER),)
    assert await store.feedback.take_back(ABOUT, LATER) is True
    assert await store.feedback.of(ABOUT) is None
    assert await store.feedback.take_back(ABOUT, LATER) is False


async def test_each_change_of_opinion_is_audited(store: Store) -> None:
    await store.feedback.give(ABOUT, "useful", NOW)
    await store.feedback.take_back(ABOUT, LATER)
    await store.feedback.take_back(ABOUT, LATER)
    said = [(entry.at, entry.event, entry.subject, entry.detail) for entry in await store.audit.newest()]
    assert said == [(LATER, "feedback taken back", ABOUT, ""), (NOW, "feedback given", ABOUT, "useful")]


async def test_an_opinion_is_forgotten_with_its_finding_and_not_before(store: Store) -> None:
    await store.findings.record([FINDING], NOW)
    await store.feedback.give(ABOUT, "useful", NOW)
    await store.forget(LATER)
    assert await store.feedback.of(ABOUT) == "useful"
    await store.findings.record([replace(FINDING, ends_at=NOW)], NOW)
    await store.forget(LATER)
    assert await store.feedback.of(ABOUT) is None


async def test_who_learns_from_opinions_gets_them_with_what_they_were_said_of_the_newest_first(store: Store) -> None:
    window = Window(NOW, NOW, timedelta(seconds=15))
    causes = tuple(
        Cause(n, s, Evidence("x", window, "web-1:9100", n, "", 1.0)) for n, s in {"cpu": 0.7, "io": 0.2}.items()
    )
    other = replace(FINDING, kind="silent", severity=Severity.CRITICAL, score=1.0)
    await store.findings.record([replace(FINDING, causes=causes), other], NOW)
    await store.feedback.give(ABOUT, "not_an_anomaly", NOW)
    await store.feedback.give(other.fingerprint, "useful", LATER)
    await store.feedback.give("forgotten", "useful", LATER)
    assert await store.feedback.opinions() == (
        Opinionated(other.fingerprint, "useful", "silent", "web-1:9100", 3, 1.0, {}, other.starts_at),
        Opinionated(
            ABOUT, "not_an_anomaly", "anomaly", "web-1:9100", 2, 0.9, {"cpu": 0.7, "io": 0.2}, FINDING.starts_at
        ),
    )
    assert [one.fingerprint for one in await store.feedback.opinions(limit=1)] == [other.fingerprint]


async def test_why_a_finding_is_quiet_is_kept_and_changes_with_it(store: Store) -> None:
    quiet = Quiet("silence", "s1", "kernel upgrade")
    await store.findings.record([replace(FINDING, quiet=quiet)], NOW)
    assert (await store.findings.get(ABOUT)) == replace(FINDING, quiet=quiet)
    await store.findings.record([FINDING], LATER)
    assert (await store.findings.get(ABOUT)) == FINDING


async def test_a_finding_is_read_by_its_fingerprint(store: Store) -> None:
    await store.findings.record([FINDING], NOW)
    assert await store.findings.get(ABOUT) == FINDING
    assert await store.findings.get("never") is None


async def test_a_store_from_before_feedback_and_silences_gets_their_tables(tmp_path: Path) -> None:
    await (await Store.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / "openmanager.db") as older:
        older.execute("DROP TABLE feedback")
        older.execute("DROP TABLE silences")
        older.execute("ALTER TABLE findings DROP COLUMN quiet")
        older.execute("UPDATE schema_version SET version = 1")
    older.close()
    store = await Store.open(tmp_path)
    await store.feedback.give(ABOUT, "useful", NOW)
    assert await store.feedback.of(ABOUT) == "useful"
    assert await store.silences.newest() == ()
    await store.findings.record([FINDING], NOW)
    assert await store.findings.get(ABOUT) == FINDING
    await store.close()
