"""What people said of findings: useful, or no anomaly at all. One word for each finding, and it can be taken back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Row, select

from analyzer.data import Opinion, Opinionated
from analyzer.store import schema
from analyzer.store.audit import AuditEntry, note
from analyzer.store.causes import shares_from_json
from analyzer.store.database import Database

TABLE = schema.feedback


@dataclass(frozen=True, slots=True)
class Judged:
    """An opinion of one finding, and since when it stands."""

    fingerprint: str
    opinion: Opinion
    given_at: datetime


@dataclass(frozen=True)
class Feedback:
    database: Database

    async def give(self, fingerprint: str, opinion: Opinion, now: datetime) -> None:
        """The newest opinion stands; the audit keeps the earlier ones."""
        values = {"opinion": opinion, "given_at": now}
        insert = self.database.insert(TABLE).values(fingerprint=fingerprint, **values)
        async with self.database.write() as connection:
            await connection.execute(insert.on_conflict_do_update(index_elements=["fingerprint"], set_=values))
            await note(connection, AuditEntry(now, "feedback given", fingerprint, opinion))

    async def take_back(self, fingerprint: str, now: datetime) -> bool:
        """False when there was none."""
        async with self.database.write() as connection:
            gone = await connection.execute(TABLE.delete().where(TABLE.c.fingerprint == fingerprint))
            if gone.rowcount:
                await note(connection, AuditEntry(now, "feedback taken back", fingerprint))
        return bool(gone.rowcount)

    async def of(self, fingerprint: str) -> Opinion | None:
        async with self.database.read() as connection:
            found = await connection.scalar(select(TABLE.c.opinion).where(TABLE.c.fingerprint == fingerprint))
        return cast("Opinion | None", found)

    async def newest(self, limit: int = 1000) -> tuple[Judged, ...]:
        """What was said, the newest first."""
        query = select(TABLE.c.fingerprint, TABLE.c.opinion, TABLE.c.given_at).order_by(TABLE.c.given_at.desc())
        async with self.database.read() as connection:
            return tuple(Judged(*row) for row in await connection.execute(query.limit(limit)))

    async def opinions(self, limit: int = 1000) -> tuple[Opinionated, ...]:
        """For whoever learns from it: what was said and of what, the newest first; of findings that are still kept."""
        told = schema.findings
        query = (
            select(TABLE.c.opinion, told)
            .join(told, told.c.fingerprint == TABLE.c.fingerprint)
            .order_by(TABLE.c.given_at.desc(), TABLE.c.fingerprint)
            .limit(limit)
        )
        async with self.database.read() as connection:
            return tuple(_opinionated(row) for row in await connection.execute(query))


def _opinionated(row: Row[tuple[object, ...]]) -> Opinionated:
    shares, score = shares_from_json(row.causes), math.nan if row.score is None else row.score
    return Opinionated(row.fingerprint, row.opinion, row.kind, row.host, row.severity, score, shares, row.starts_at)
