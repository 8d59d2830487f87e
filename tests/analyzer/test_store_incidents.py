"""Incidents in the store: what is known of each is there after a restart, and each opens and closes once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from analyzer.data import Finding, Incident, IncidentFilter, Severity
from analyzer.errors import StoreError
from analyzer.store import AuditEntry, Owed, Store
from analyzer.store.schema import MIGRATIONS, migrate
from tests.analyzer.test_store import broken

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPENER = Finding("anomaly", "web-1", Severity.WARNING, NOW, None, 0.9, ())
ID = OPENER.fingerprint
FIRST = replace(OPENER, incident=ID)
SECOND = replace(FIRST, host="web-2", starts_at=NOW + timedelta(minutes=1), severity=Severity.CRITICAL)
SPREAD = Incident(ID, (FIRST, SECOND))
CLOSED = Incident(ID, tuple(replace(each, ends_at=NOW + HOUR) for each in SPREAD.findings), NOW + HOUR)

OLDER = ("fingerprint", "kind", "host", "severity", "starts_at", "causes")


async def record(store: Store, incident: Incident, now: datetime = NOW) -> None:
    await store.findings.record(incident.findings, now)
    await store.incidents.record([incident], now)


async def test_an_incident_is_read_back_with_its_findings_in_order(store: Store) -> None:
    await record(store, SPREAD)
    assert await store.incidents.open() == (SPREAD,)
    assert await store.incidents.get(ID) == SPREAD
    assert await store.incidents.get("nobody") is None


async def test_an_incident_opens_and_closes_once_in_the_audit_whatever_is_said_again(store: Store) -> None:
    for told in (SPREAD, SPREAD, CLOSED, CLOSED, SPREAD):
        await record(store, told)
    events = [entry for entry in await store.audit.newest() if entry.event.startswith("incident")]
    assert events == [
        AuditEntry(NOW, "incident closed", ID, "critical anomaly on 2: web-1, web-2"),
        AuditEntry(NOW, "incident opened", ID, "critical anomaly on 2: web-1, web-2"),
    ]
    assert await store.incidents.open() == ()
    assert await store.incidents.get(ID) == CLOSED


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (IncidentFilter(), ["db-1", "web-1"]),
        (IncidentFilter(host="web-2"), ["web-1"]),
        (IncidentFilter(severity=Severity.CRITICAL), ["web-1"]),
        (IncidentFilter(open=True), ["db-1"]),
        (IncidentFilter(open=False), ["web-1"]),
        (IncidentFilter(since=NOW + timedelta(minutes=61)), ["db-1"]),
        (IncidentFilter(limit=1), ["db-1"]),
    ],
)
async def test_incidents_are_found_by_every_filter_newest_first(
    store: Store, wanted: IncidentFilter, expected: list[str]
) -> None:
    later = replace(OPENER, host="db-1", starts_at=NOW + HOUR)
    await record(store, CLOSED)
    await record(store, Incident(later.fingerprint, (replace(later, incident=later.fingerprint),)))
    assert [incident.hosts[0] for incident in await store.incidents.find(wanted)] == expected


async def test_why_a_finding_ended_is_kept_and_audited(store: Store) -> None:
    await record(store, SPREAD)
    await store.findings.record([replace(FIRST, ends_at=NOW + HOUR, end_reason="nobody knew of it")], NOW)
    kept = await store.findings.get(ID)
    assert kept is not None
    assert kept.end_reason == "nobody knew of it"
    assert (await store.audit.newest(1))[0].detail == "warning anomaly on web-1: nobody knew of it"


async def test_a_close_that_could_not_be_written_is_written_with_the_next(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    await record(store, SPREAD)
    with broken(tmp_path, "incidents"), pytest.raises(StoreError):
        await store.incidents.record([CLOSED], NOW + HOUR)
    await store.incidents.record([], NOW + HOUR)
    found = await store.incidents.get(ID)
    assert found is not None
    assert found.ends_at == NOW + HOUR
    await store.close()


async def test_forgetting_takes_an_incident_whole_and_leaves_all_of_one_that_is_open(store: Store) -> None:
    other = replace(OPENER, host="db-1")
    still = Incident(other.fingerprint, (replace(other, incident=other.fingerprint, ends_at=NOW),))
    await record(store, CLOSED)
    await record(store, still)
    await store.outbox.enqueue([Owed("s", f"{i}:open", i, "{}") for i in (ID, still.id)], NOW)
    for delivery in await store.outbox.due("s", NOW):
        begun = await store.outbox.begin(delivery, NOW)
        assert begun is not None
        await store.outbox.delivered(begun, "1", NOW)
    await store.forget(NOW + HOUR)
    assert {incident.id for incident in await store.incidents.find(IncidentFilter())} == {still.id, ID}
    await store.forget(NOW + 2 * HOUR)
    assert await store.incidents.find(IncidentFilter()) == (still,)
    assert await store.findings.get(ID) is None
    kept = {i: len(await store.outbox.of_subject("s", i)) for i in (ID, still.id)}
    assert kept == {ID: 0, still.id: 1}


async def test_the_outbox_tells_what_was_owed_last_about_each_subject(store: Store) -> None:
    await store.outbox.enqueue([Owed("mail", key, key[0], "{}") for key in ("a:1", "b:1", "a:2")], NOW)
    await store.outbox.enqueue([Owed("chat", "a:3", "a", "{}")], NOW)
    assert [delivery.owed.key for delivery in await store.outbox.newest("mail")] == ["b:1", "a:2"]


def test_a_store_from_before_incidents_gets_room_for_them_and_keeps_its_findings(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.db")
    with engine.begin() as connection:
        migrate(connection, MIGRATIONS)
        for statement in (
            "DROP TABLE incidents",
            "DROP INDEX findings_by_incident",
            "ALTER TABLE findings DROP COLUMN incident",
            "ALTER TABLE findings DROP COLUMN end_reason",
            "UPDATE schema_version SET version = 4",
            f"INSERT INTO findings ({', '.join(OLDER)}) VALUES ('f', 'k', 'h', 1, 0, '[]')",
        ):
            connection.execute(text(statement))
        migrate(connection, MIGRATIONS)
        assert connection.execute(text("SELECT fingerprint, incident, end_reason FROM findings")).one() == ("f", "", "")
        assert inspect(connection).has_table("incidents")
    engine.dispose()
