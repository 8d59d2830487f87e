"""Deliveries still owed: written first, sent later, kept until they are settled. Sends nothing and reads no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, Row, ScalarSelect, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.store import schema
from analyzer.store.audit import AuditEntry, note
from analyzer.store.database import Database

TABLE = schema.deliveries
TOTALS = schema.totals
LONGEST_ERROR = 500
COUNTED = {"delivered": ("delivered",), "refused": ("failures", "refused")}


@dataclass(frozen=True, slots=True)
class Owed:
    """Something to send. (`sink`, `key`) names it for ever; deliveries of one `subject` are sent in the order given."""

    sink: str
    key: str
    subject: str
    payload: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something owed and what became of it. `attempts` counts those begun; `before` is the subject's last remote id."""

    id: int
    owed: Owed
    attempts: int
    created_at: datetime
    due_at: datetime
    last_error: str = ""
    delivered_at: datetime | None = None
    remote_id: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """One sink's deliveries: what waits now, and what happened since the store was made."""

    sink: str
    pending: int
    oldest_at: datetime | None
    attempts: int
    failures: int
    delivered: int
    refused: int


@dataclass(frozen=True)
class Outbox:
    """`lease` is how long a begun attempt keeps others from beginning one: longer than any sink's timeout.

    `unwritten` is what the database did not take: what is owed is told only once, so it is kept for next time.
    """

    database: Database
    lease: timedelta = timedelta(minutes=2)
    unwritten: dict[tuple[str, str], Owed] = field(default_factory=dict, repr=False)

    async def enqueue(self, owed: Iterable[Owed], now: datetime) -> int:
        """Write down what is owed; what is known already is left as it is. Returns how many were new."""
        self.unwritten.update({(one.sink, one.key): one for one in owed})
        new, told = 0, dict(self.unwritten)
        rows = [_row(one, now) for one in told.values()]
        # Mostly all is known, in every cycle of a long episode: then there is no write, and no wait for the disk.
        if rows and not await self._all_known(rows):
            async with self.database.write() as connection:
                for row in rows:
                    insert = self.database.insert(TABLE).values(row)
                    result = await connection.execute(insert.on_conflict_do_nothing(index_elements=["sink", "key"]))
                    new += result.rowcount
        for key in told:
            self.unwritten.pop(key, None)
        return new

    async def due(self, sink: str, now: datetime, limit: int = 100) -> tuple[Delivery, ...]:
        """What may be sent now: of each subject only the first still owed."""
        earlier = TABLE.alias()
        waits = select(earlier.c.id).where(_same_subject(earlier), earlier.c.id < TABLE.c.id, _open(earlier))
        query = select(TABLE, _before().label("before")).where(
            TABLE.c.sink == sink, _open(TABLE), TABLE.c.due_at <= now
        )
        query = query.where(~waits.exists()).order_by(TABLE.c.due_at, TABLE.c.id).limit(limit)
        async with self.database.read() as connection:
            return tuple(_delivery(row) for row in await connection.execute(query))

    async def begin(self, delivery: Delivery, now: datetime) -> Delivery | None:
        """Count an attempt before it is made, so that a crash in the middle shows. None when someone else has it."""
        taken = update(TABLE).where(TABLE.c.id == delivery.id, _open(TABLE), TABLE.c.attempts == delivery.attempts)
        async with self.database.write() as connection:
            changed = await connection.execute(taken.values(attempts=delivery.attempts + 1, due_at=now + self.lease))
            if not changed.rowcount:
                return None
            await self._count(connection, delivery.owed.sink, "attempts")
        return replace(delivery, attempts=delivery.attempts + 1)

    async def delivered(self, delivery: Delivery, remote_id: str | None, now: datetime) -> None:
        values = {"settled_at": now, "delivered_at": now, "remote_id": remote_id, "last_error": ""}
        await self._settle(delivery, values, "delivered", remote_id or "", now)

    async def refused(self, delivery: Delivery, error: str, now: datetime) -> None:
        """It will never be taken: kept for people to see, sent no more."""
        await self._settle(delivery, {"settled_at": now, "last_error": error[:LONGEST_ERROR]}, "refused", error, now)

    async def delayed(self, delivery: Delivery, error: str, due_at: datetime) -> None:
        later = update(TABLE).where(TABLE.c.id == delivery.id)
        async with self.database.write() as connection:
            await connection.execute(later.values(due_at=due_at, last_error=error[:LONGEST_ERROR]))
            await self._count(connection, delivery.owed.sink, "failures")

    async def of_subject(self, sink: str, subject: str) -> tuple[Delivery, ...]:
        """All that was ever owed about a subject and is still kept, in order."""
        query = select(TABLE, _before().label("before")).where(TABLE.c.sink == sink, TABLE.c.subject == subject)
        async with self.database.read() as connection:
            return tuple(_delivery(row) for row in await connection.execute(query.order_by(TABLE.c.id)))

    async def newest(self, sink: str) -> tuple[Delivery, ...]:
        """What was owed last about each subject that is still kept, in order."""
        last = select(func.max(TABLE.c.id)).where(TABLE.c.sink == sink).group_by(TABLE.c.subject)
        query = select(TABLE, _before().label("before")).where(TABLE.c.id.in_(last)).order_by(TABLE.c.id)
        async with self.database.read() as connection:
            return tuple(_delivery(row) for row in await connection.execute(query))

    async def status(self) -> tuple[OutboxStatus, ...]:
        """One entry for each sink that ever owed anything, by name."""
        oldest = func.min(TABLE.c.created_at).label("oldest")
        waiting = select(TABLE.c.sink, func.count().label("pending"), oldest).where(_open(TABLE)).group_by(TABLE.c.sink)
        async with self.database.read() as connection:
            pending = {row.sink: row for row in await connection.execute(waiting)}
            counted = {row.sink: row for row in await connection.execute(select(TOTALS))}
        return tuple(_status(sink, pending.get(sink), counted.get(sink)) for sink in sorted({*pending, *counted}))

    async def _all_known(self, rows: list[dict[str, object]]) -> bool:
        keys = [row["key"] for row in rows]
        query = select(TABLE.c.sink, TABLE.c.key).where(TABLE.c.key.in_(keys))
        async with self.database.read() as connection:
            known = {(row.sink, row.key) for row in await connection.execute(query)}
        return all((row["sink"], row["key"]) in known for row in rows)

    async def _settle(
        self, delivery: Delivery, values: Mapping[str, object], outcome: str, detail: str, now: datetime
    ) -> None:
        owed = delivery.owed
        async with self.database.write() as connection:
            await connection.execute(update(TABLE).where(TABLE.c.id == delivery.id).values(values))
            await self._count(connection, owed.sink, *COUNTED[outcome])
            await note(connection, AuditEntry(now, f"{owed.sink} {outcome}", owed.subject, f"{owed.key} {detail}"))

    async def _count(self, connection: AsyncConnection, sink: str, *names: str) -> None:
        insert = self.database.insert(TOTALS).values(sink=sink, **dict.fromkeys(names, 1))
        counted = {name: TOTALS.c[name] + 1 for name in names}
        await connection.execute(insert.on_conflict_do_update(index_elements=["sink"], set_=counted))


def _row(owed: Owed, now: datetime) -> dict[str, object]:
    return {
        "sink": owed.sink,
        "key": owed.key,
        "subject": owed.subject,
        "payload": owed.payload,
        "created_at": now,
        "due_at": now,
    }


def _open(table: FromClause) -> ColumnElement[bool]:
    return table.c.settled_at.is_(None)


def _same_subject(other: FromClause) -> ColumnElement[bool]:
    return (other.c.sink == TABLE.c.sink) & (other.c.subject == TABLE.c.subject)


def _before() -> ScalarSelect[str | None]:
    """The remote id that the subject's newest earlier delivery got."""
    earlier = TABLE.alias()
    ids = select(earlier.c.remote_id).where(
        _same_subject(earlier), earlier.c.id < TABLE.c.id, earlier.c.remote_id.is_not(None)
    )
    return ids.order_by(earlier.c.id.desc()).limit(1).scalar_subquery()


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        id=row.id,
        owed=Owed(row.sink, row.key, row.subject, row.payload),
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        last_error=row.last_error,
        delivered_at=row.delivered_at,
        remote_id=row.remote_id,
        before=row.before,
    )


def _status(
    sink: str, pending: Row[tuple[object, ...]] | None, counted: Row[tuple[object, ...]] | None
) -> OutboxStatus:
    return OutboxStatus(
        sink=sink,
        pending=pending.pending if pending else 0,
        oldest_at=pending.oldest if pending else None,
        attempts=counted.attempts if counted else 0,
        failures=counted.failures if counted else 0,
        delivered=counted.delivered if counted else 0,
        refused=counted.refused if counted else 0,
    )
