"""Silences that people planned: kept until long after they ended, so that one can see why nothing was told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import Row, select, update

from analyzer.data import Matcher, Silence
from analyzer.store import schema
from analyzer.store.audit import AuditEntry, note
from analyzer.store.database import Database

TABLE = schema.silences
MOST = 1000


@dataclass(frozen=True)
class Silences:
    database: Database

    async def add(self, silence: Silence) -> None:
        """Under a new id: what was said before is never changed, only ended."""
        async with self.database.write() as connection:
            await connection.execute(TABLE.insert().values(_row(silence)))
            detail = f"by {silence.created_by or 'nobody named'}: {silence.comment}"
            await note(connection, AuditEntry(silence.created_at, "silence added", silence.id, detail))

    async def end(self, silence_id: str, now: datetime) -> Silence | None:
        """The silence as it is after it ended at once; one that is over stays as it was. None: there is none."""
        still = update(TABLE).where(TABLE.c.id == silence_id, TABLE.c.ends_at > now)
        async with self.database.write() as connection:
            if (await connection.execute(still.values(ends_at=now))).rowcount:
                await note(connection, AuditEntry(now, "silence ended", silence_id))
        return await self.get(silence_id)

    async def get(self, silence_id: str) -> Silence | None:
        async with self.database.read() as connection:
            row = (await connection.execute(select(TABLE).where(TABLE.c.id == silence_id))).first()
        return _silence(row) if row else None

    async def newest(self, ending_after: datetime | None = None) -> tuple[Silence, ...]:
        """At most `MOST`, those that end last first; of those that end later than a time, when one is given."""
        query = select(TABLE).order_by(TABLE.c.ends_at.desc(), TABLE.c.id).limit(MOST)
        if ending_after is not None:
            query = query.where(TABLE.c.ends_at > ending_after)
        async with self.database.read() as connection:
            return tuple(_silence(row) for row in await connection.execute(query))


def _row(silence: Silence) -> dict[str, object]:
    matchers = orjson.dumps([asdict(matcher) for matcher in silence.matchers]).decode()
    return {
        "id": silence.id,
        "matchers": matchers,
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "comment": silence.comment,
        "created_by": silence.created_by,
        "created_at": silence.created_at,
    }


def _silence(row: Row[tuple[object, ...]]) -> Silence:
    matchers = tuple(Matcher(**matcher) for matcher in orjson.loads(row.matchers))
    return Silence(row.id, matchers, row.starts_at, row.ends_at, row.comment, row.created_by, row.created_at)
