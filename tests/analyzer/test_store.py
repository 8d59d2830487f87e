"""The store: what it is given is there after a restart, once, and what goes wrong is said."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from analyzer.data import Cause, Evidence, Figure, Finding, FindingFilter, Severity, Window
from analyzer.errors import StoreError
from analyzer.store import AuditEntry, Delivery, Owed, Store
from analyzer.store.schema import MIGRATIONS, migrate, version

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = Owed("annotations", "f1:open", "f1", '{"time": 1}')
CLOSE = Owed("annotations", "f1:close", "f1", '{"timeEnd": 2}')


def finding(kind: str = "anomaly", host: str = "web-1:9100", at: datetime = NOW) -> Finding:
    window = Window(NOW - HOUR, NOW, timedelta(seconds=15))
    evidence = Evidence(
        'rate(x{instance="web-1:9100"}[60s])',
        window,
        host,
        "disk_writes_per_second",
        "count/s",
        math.nan,
        10.0,
        math.inf,
        id="E1",
        subject="postgres",
        figures=(Figure("highest", 12.5, "count/s"),),
        link="http://127.0.0.1:9090/graph",
    )
    return Finding(kind, host, Severity.WARNING, at, None, 0.9, (Cause("disk_writes_per_second", 0.7, evidence),))


@contextmanager
def broken(folder: Path, table: str) -> Iterator[None]:
    """While it lasts the SQLite store has no such table."""
    with closing(sqlite3.connect(folder / "openmanager.db")) as other:
        other.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
        yield
        other.execute(f"ALTER TABLE elsewhere RENAME TO {table}")


async def send_first(store: Store, remote_id: str = "17", now: datetime = NOW) -> Delivery:
    begun = await store.outbox.begin((await store.outbox.due("annotations", now))[0], now)
    assert begun is not None
    await store.outbox.delivered(begun, remote_id, now)
    return begun


async def test_a_finding_is_read_back_as_it_was_written(store: Store) -> None:
    await store.findings.record([finding()], NOW)
    (kept,) = await store.findings.find(FindingFilter())
    (cause,) = kept.causes
    assert (kept.kind, kept.host, kept.severity, kept.starts_at, kept.ends_at, kept.score) == (
        "anomaly",
        "web-1:9100",
        Severity.WARNING,
        NOW,
        None,
        0.9,
    )
    assert kept.fingerprint == finding().fingerprint
    assert (cause.feature, cause.share) == ("disk_writes_per_second", 0.7)
    assert cause.evidence.window == Window(NOW - HOUR, NOW, timedelta(seconds=15))
    assert cause.evidence.figures == (Figure("highest", 12.5, "count/s"),)
    assert (cause.evidence.usual_low, cause.evidence.id, cause.evidence.subject) == (10.0, "E1", "postgres")


async def test_a_number_that_json_does_not_know_comes_back_as_unknown(store: Store) -> None:
    await store.findings.record([replace(finding(), score=math.nan)], NOW)
    (kept,) = await store.findings.find(FindingFilter())
    assert math.isnan(kept.score)
    assert math.isnan(kept.causes[0].evidence.value)
    assert kept.causes[0].evidence.usual_high is None


async def test_a_number_of_numpy_is_kept_like_any_other(store: Store) -> None:
    (cause,) = finding().causes
    single = Cause(cause.feature, np.float32(0.5), replace(cause.evidence, value=np.float32(2.5)))  # type: ignore[arg-type]
    await store.findings.record([replace(finding(), score=np.float32(0.25), causes=(single,))], NOW)  # type: ignore[arg-type]
    (kept,) = await store.findings.find(FindingFilter())
    assert (kept.score, kept.causes[0].share, kept.causes[0].evidence.value) == (0.25, 0.5, 2.5)


async def test_a_finding_is_updated_while_it_fires_and_final_once_closed(store: Store) -> None:
    first = finding()
    await store.findings.record([first], NOW)
    await store.findings.record([replace(first, severity=Severity.CRITICAL)], NOW)
    closed = replace(first, severity=Severity.CRITICAL, ends_at=NOW + HOUR)
    await store.findings.record([closed], NOW + HOUR)
    await store.findings.record([first], NOW + HOUR)
    (kept,) = await store.findings.find(FindingFilter())
    assert (kept.severity, kept.ends_at) == (Severity.CRITICAL, NOW + HOUR)


async def test_a_closed_finding_keeps_the_causes_it_fired_for_and_its_worst_severity(store: Store) -> None:
    first = replace(finding(), severity=Severity.CRITICAL)
    await store.findings.record([first], NOW)
    recovered = replace(first.causes[0], share=0.1, evidence=replace(first.causes[0].evidence, value=0.0))
    await store.findings.record(
        [replace(first, severity=Severity.INFO, ends_at=NOW + HOUR, causes=(recovered,))], NOW + HOUR
    )
    (kept,) = await store.findings.find(FindingFilter())
    assert (kept.severity, kept.ends_at, kept.causes[0].share) == (Severity.CRITICAL, NOW + HOUR, 0.7)


async def test_a_close_that_could_not_be_written_is_written_with_the_next(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    await store.findings.record([finding()], NOW)
    with broken(tmp_path, "findings"), pytest.raises(StoreError):
        await store.findings.record([replace(finding(), ends_at=NOW + HOUR)], NOW + HOUR)
    await store.findings.record([], NOW + HOUR)
    (kept,) = await store.findings.find(FindingFilter())
    assert kept.ends_at == NOW + HOUR
    await store.close()


async def test_what_could_not_be_owed_is_owed_with_the_next(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    await store.outbox.enqueue([OPEN], NOW)
    with broken(tmp_path, "deliveries"), pytest.raises(StoreError):
        await store.outbox.enqueue([CLOSE], NOW)
    assert await store.outbox.enqueue([OPEN], NOW) == 1
    assert [d.owed for d in await store.outbox.of_subject("annotations", "f1")] == [OPEN, CLOSE]
    assert await store.outbox.enqueue([], NOW) == 0
    await store.close()


async def test_opening_and_closing_are_audited_once_each(store: Store) -> None:
    first = finding()
    for told in (first, first, replace(first, ends_at=NOW + HOUR), replace(first, ends_at=NOW + HOUR)):
        await store.findings.record([told], NOW)
    assert [entry.event for entry in await store.audit.newest()] == ["finding closed", "finding opened"]
    assert (await store.audit.newest(1))[0].detail == "warning anomaly on web-1:9100"


async def test_a_finding_that_is_closed_when_first_seen_is_audited_as_opened_and_closed(store: Store) -> None:
    await store.findings.record([replace(finding(), ends_at=NOW)], NOW)
    assert [entry.event for entry in await store.audit.newest()] == ["finding closed", "finding opened"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (FindingFilter(), ["silent", "saturation:x", "anomaly"]),
        (FindingFilter(host="db-1:9100"), ["saturation:x"]),
        (FindingFilter(kind="anomaly"), ["anomaly"]),
        (FindingFilter(severity=Severity.CRITICAL), ["silent"]),
        (FindingFilter(firing=True), ["silent", "anomaly"]),
        (FindingFilter(firing=False), ["saturation:x"]),
        (FindingFilter(since=NOW + timedelta(minutes=70)), ["silent", "anomaly"]),
        (FindingFilter(since=NOW + timedelta(minutes=61)), ["silent", "saturation:x", "anomaly"]),
        (FindingFilter(limit=1), ["silent"]),
        (FindingFilter(host="db-1:9100", firing=True), []),
    ],
)
async def test_findings_are_found_by_every_filter_newest_first(
    store: Store, wanted: FindingFilter, expected: list[str]
) -> None:
    full = replace(finding("saturation:x", "db-1:9100", NOW + HOUR), ends_at=NOW + timedelta(minutes=65))
    quiet = replace(finding("silent", at=NOW + 2 * HOUR), severity=Severity.CRITICAL)
    await store.findings.record([finding(), full, quiet], NOW)
    assert [found.kind for found in await store.findings.find(wanted)] == expected


async def test_owing_the_same_twice_owes_one_delivery(store: Store) -> None:
    assert await store.outbox.enqueue([OPEN], NOW) == 1
    assert await store.outbox.enqueue([OPEN, OPEN], NOW) == 0
    assert [delivery.owed for delivery in await store.outbox.due("annotations", NOW)] == [OPEN]


async def test_the_same_key_of_another_sink_is_another_delivery(store: Store) -> None:
    await store.outbox.enqueue([OPEN], NOW)
    assert await store.outbox.enqueue([replace(OPEN, sink="alertmanager")], NOW) == 1


async def test_what_was_delivered_is_not_owed_again(store: Store) -> None:
    await store.outbox.enqueue([OPEN], NOW)
    await send_first(store)
    assert await store.outbox.enqueue([OPEN], NOW) == 0
    assert await store.outbox.due("annotations", NOW + HOUR) == ()


async def test_a_close_waits_for_its_open_and_knows_its_remote_id(store: Store) -> None:
    await store.outbox.enqueue([OPEN, CLOSE, replace(OPEN, key="f2:open", subject="f2")], NOW)
    assert [d.owed.key for d in await store.outbox.due("annotations", NOW)] == ["f1:open", "f2:open"]
    await send_first(store, "17")
    due = await store.outbox.due("annotations", NOW)
    assert [(d.owed.key, d.before) for d in due] == [("f1:close", "17"), ("f2:open", None)]


async def test_a_delivery_that_was_given_no_remote_id_does_not_hide_an_earlier_one(store: Store) -> None:
    update = replace(OPEN, key="f1:update")
    await store.outbox.enqueue([OPEN, update, CLOSE], NOW)
    await send_first(store, "17")
    begun = await store.outbox.begin((await store.outbox.due("annotations", NOW))[0], NOW)
    assert begun is not None
    await store.outbox.delivered(begun, None, NOW)
    assert [(d.owed.key, d.before) for d in await store.outbox.due("annotations", NOW)] == [("f1:close", "17")]


async def test_a_delayed_delivery_is_due_when_it_was_put_off_to_and_still_goes_first(store: Store) -> None:
    await store.outbox.enqueue([OPEN, CLOSE], NOW)
    begun = await store.outbox.begin((await store.outbox.due("annotations", NOW))[0], NOW)
    assert begun is not None
    await store.outbox.delayed(begun, "can't reach Grafana", NOW + HOUR)
    assert await store.outbox.due("annotations", NOW + timedelta(minutes=59)) == ()
    (due,) = await store.outbox.due("annotations", NOW + HOUR)
    assert (due.owed.key, due.attempts, due.last_error) == ("f1:open", 1, "can't reach Grafana")


async def test_a_refused_delivery_is_kept_with_its_reason_and_lets_the_next_one_go(store: Store) -> None:
    await store.outbox.enqueue([OPEN, CLOSE], NOW)
    begun = await store.outbox.begin((await store.outbox.due("annotations", NOW))[0], NOW)
    assert begun is not None
    await store.outbox.refused(begun, "400: Failed to save annotation", NOW)
    assert [d.owed.key for d in await store.outbox.due("annotations", NOW)] == ["f1:close"]
    kept = await store.outbox.of_subject("annotations", "f1")
    assert [(d.last_error, d.delivered_at) for d in kept] == [("400: Failed to save annotation", None), ("", None)]
    assert (await store.audit.newest(1))[0].event == "annotations refused"


async def test_two_senders_never_begin_the_same_attempt(store: Store) -> None:
    await store.outbox.enqueue([OPEN], NOW)
    (seen,) = await store.outbox.due("annotations", NOW)
    begun = await asyncio.gather(*(store.outbox.begin(seen, NOW) for _ in range(5)))
    assert [one.attempts for one in begun if one is not None] == [1]
    assert await store.outbox.due("annotations", NOW + timedelta(seconds=119)) == ()


async def test_an_attempt_that_a_crash_cut_short_is_due_again_and_known_to_be_the_second(tmp_path: Path) -> None:
    first = await Store.open(tmp_path)
    await first.outbox.enqueue([OPEN], NOW)
    await first.outbox.begin((await first.outbox.due("annotations", NOW))[0], NOW)
    await first.close()
    second = await Store.open(tmp_path)
    (due,) = await second.outbox.due("annotations", NOW + timedelta(minutes=2))
    assert due.attempts == 1
    await second.close()


async def test_the_outbox_tells_how_much_waits_since_when_and_what_happened(store: Store) -> None:
    await store.outbox.enqueue([OPEN], NOW)
    await store.outbox.enqueue([CLOSE, replace(OPEN, sink="mail")], NOW + HOUR)
    await send_first(store)
    begun = await store.outbox.begin((await store.outbox.due("annotations", NOW + HOUR))[0], NOW)
    assert begun is not None
    await store.outbox.delayed(begun, "busy", NOW + 2 * HOUR)
    annotations, mail = await store.outbox.status()
    assert (annotations.sink, annotations.pending, annotations.oldest_at) == ("annotations", 1, NOW + HOUR)
    assert (annotations.attempts, annotations.failures, annotations.delivered, annotations.refused) == (2, 1, 1, 0)
    assert (mail.sink, mail.pending, mail.attempts) == ("mail", 1, 0)


async def test_memory_gives_back_the_last_bytes_saved_and_none_for_a_name_never_saved(store: Store) -> None:
    await store.memory.save("judge", b"\x00first")
    await store.memory.save("judge", b"\x00second")
    assert await store.memory.load("judge") == b"\x00second"
    assert await store.memory.load("nobody") is None


async def test_all_is_there_after_a_restart(tmp_path: Path) -> None:
    first = await Store.open(tmp_path)
    await first.findings.record([finding()], NOW)
    await first.outbox.enqueue([OPEN], NOW)
    await first.memory.save("judge", b"state")
    await first.audit.add(AuditEntry(NOW, "started", "analyzer"))
    await first.close()
    second = await Store.open(tmp_path)
    assert len(await second.findings.find(FindingFilter(firing=True))) == 1
    assert len(await second.outbox.due("annotations", NOW)) == 1
    assert await second.memory.load("judge") == b"state"
    assert (await second.audit.newest(1))[0] == AuditEntry(NOW, "started", "analyzer")
    await second.close()


KILLED = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from analyzer.store import Owed, Store

async def main():
    store = await Store.open(Path(sys.argv[1]))
    for number in range(10_000):
        await store.outbox.enqueue([Owed("s", str(number), str(number), "{}")], datetime.now(UTC))
        print(number, flush=True)

asyncio.run(main())
"""


def killed_writer(folder: Path) -> int:
    """Runs the writer, kills it without warning in the middle, and gives the last number it said was written."""
    with subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if line == "20\n":
                break
        os.kill(writer.pid, signal.SIGKILL)
        return [20, *(int(line) for line in writer.stdout.read().splitlines())][-1]


async def test_what_was_written_before_a_kill_is_there_and_nothing_is_half_written(tmp_path: Path) -> None:
    last = await asyncio.to_thread(killed_writer, tmp_path)
    store = await Store.open(tmp_path)
    kept = [int(delivery.owed.key) for delivery in await store.outbox.due("s", datetime.now(UTC), limit=20_000)]
    await store.close()
    assert kept[: last + 1] == list(range(last + 1))
    assert len(kept) <= last + 2


async def test_forgetting_takes_what_is_settled_and_old_and_leaves_what_fires_or_is_owed(store: Store) -> None:
    old, firing = replace(finding(), ends_at=NOW), finding("silent")
    await store.findings.record([old, firing], NOW)
    opened = [Owed("s", f"{f}:open", f, "{}") for f in (old.fingerprint, firing.fingerprint, "waiting")]
    await store.outbox.enqueue(opened, NOW)
    for delivery in await store.outbox.due("s", NOW):
        begun = await store.outbox.begin(delivery, NOW)
        assert begun is not None
        await store.outbox.delivered(begun, "1", NOW)
    await store.outbox.enqueue([Owed("s", "waiting:close", "waiting", "{}")], NOW)
    await store.forget(NOW + HOUR)
    assert [found.kind for found in await store.findings.find(FindingFilter())] == ["silent"]
    kept = {f: len(await store.outbox.of_subject("s", f)) for f in (old.fingerprint, firing.fingerprint, "waiting")}
    assert kept == {old.fingerprint: 0, firing.fingerprint: 1, "waiting": 2}
    assert await store.audit.newest() == ()


async def test_what_is_younger_than_the_limit_is_not_forgotten(store: Store) -> None:
    await store.findings.record([replace(finding(), ends_at=NOW)], NOW)
    assert await store.forget(NOW) == 0
    assert len(await store.findings.find(FindingFilter())) == 1


async def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "openmanager.db").write_bytes(b"not a database, not at all. " * 400)
    with pytest.raises(StoreError) as told:
        await Store.open(tmp_path)
    assert str(told.value) == (
        f"can't open the store {tmp_path}/openmanager.db: file is not a database; "
        "move it away to begin anew, or name another place"
    )


async def test_a_damaged_database_is_found_when_it_is_opened(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    await store.outbox.enqueue([Owed("s", str(n), str(n), "x" * 2000) for n in range(200)], NOW)
    await store.close()
    file = tmp_path / "openmanager.db"
    content = bytearray(file.read_bytes())
    content[20 * 4096 : 40 * 4096] = b"\xff" * (20 * 4096)
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"openmanager\.db: .*(malformed|damaged)"):
        await Store.open(tmp_path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"can't make the storage folder .*/file/data: Not a directory"):
        await Store.open(tmp_path / "file" / "data")


async def test_a_store_that_can_no_longer_be_written_says_so(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    with sqlite3.connect(tmp_path / "openmanager.db") as other:
        other.execute("DROP TABLE memory")
    other.close()
    with pytest.raises(StoreError, match=r"can't write the store .*openmanager.db: no such table: memory"):
        await store.memory.save("judge", b"x")
    with pytest.raises(StoreError, match=r"can't read the store .*openmanager.db: no such table: memory"):
        await store.memory.load("judge")
    await store.close()


async def test_a_transaction_that_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.findings.record([finding(), replace(finding("silent"), host=None)], NOW)  # type: ignore[arg-type]
    assert await store.findings.find(FindingFilter()) == ()


async def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    await (await Store.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / "openmanager.db") as newer:
        newer.execute("UPDATE schema_version SET version = 99")
    newer.close()
    with pytest.raises(StoreError, match=r"it has schema version 99, this program knows up to \d+: use a newer"):
        await Store.open(tmp_path)


def test_an_older_store_is_brought_up_to_date_step_by_step_without_loss(tmp_path: Path) -> None:
    def add_column(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE memory ADD COLUMN written_at BIGINT"))

    engine = create_engine(f"sqlite:///{tmp_path}/store.db")
    with engine.begin() as connection:
        migrate(connection, MIGRATIONS)
        connection.execute(text("INSERT INTO memory (name, value) VALUES ('judge', x'01')"))
    with engine.begin() as connection:
        migrate(connection, (*MIGRATIONS, add_column))
        migrate(connection, (*MIGRATIONS, add_column))
        assert version(connection) == len(MIGRATIONS) + 1
        assert [column["name"] for column in inspect(connection).get_columns("memory")] == [
            "name",
            "value",
            "written_at",
        ]
        assert connection.execute(text("SELECT value FROM memory")).scalar_one() == b"\x01"
    engine.dispose()


async def test_a_url_that_is_none_is_refused_without_repeating_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as told:
        await Store.open(tmp_path, "postgresql//user:secret@host")
    assert "secret" not in str(told.value)
    assert "it should be postgresql://" in str(told.value)


async def test_a_database_server_that_is_away_is_named_without_its_password(tmp_path: Path, free_port: int) -> None:
    with pytest.raises(StoreError) as told:
        await Store.open(tmp_path, f"postgresql://user:secret@127.0.0.1:{free_port}/openmanager")
    assert "secret" not in str(told.value)
    assert f"user:***@127.0.0.1:{free_port}/openmanager" in str(told.value)


async def test_the_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    await store.close()
