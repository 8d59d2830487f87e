"""What happened, in order, for people who ask later: opened, closed, delivered, refused. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.store import schema
from analyzer.store.database import Database


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`event` is a verb such as "finding opened"; `subject` the fingerprint or name it happened to."""

    at: datetime
    event: str
    subject: str
    detail: str = ""


@dataclass(frozen=True)
class Audit:
    database: Database

    async def add(self, *entries: AuditEntry) -> None:
        async with self.database.write() as connection:
            await note(connection, *entries)

    async def newest(self, limit: int = 100) -> tuple[AuditEntry, ...]:
        table = schema.audit
        newest = select(table.c.at, table.c.event, table.c.subject, table.c.detail).order_by(table.c.id.desc())
        async with self.database.read() as connection:
            return tuple(AuditEntry(*row) for row in await connection.execute(newest.limit(limit)))


async def note(connection: AsyncConnection, *entries: AuditEntry) -> None:
    """Add entries within a transaction of someone else, so that the deed and its record stand or fall together."""
    rows = [{"at": e.at, "event": e.event, "subject": e.subject, "detail": e.detail} for e in entries]
    if rows:
        await connection.execute(schema.audit.insert(), rows)
