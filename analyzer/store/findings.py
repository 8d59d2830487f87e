"""The history of findings: each episode once, firing or closed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.data import Finding, FindingFilter, Precedent, Severity
from analyzer.store import schema
from analyzer.store.audit import AuditEntry, note
from analyzer.store.causes import causes_from_json, causes_to_json, shares_from_json
from analyzer.store.companions import companions_from_json, companions_to_json
from analyzer.store.database import Database
from analyzer.store.quiet import quiet_from_json, quiet_to_json

TABLE = schema.findings


@dataclass(frozen=True)
class Findings:
    """`unwritten` is what the database did not take: a close is told only once, so it is kept for next time."""

    database: Database
    unwritten: dict[str, Finding] = field(default_factory=dict, repr=False)

    async def record(self, findings: Iterable[Finding], now: datetime) -> None:
        """Write each finding as it is now; a closed one is never opened again. Opening and closing are audited.

        Closing keeps the causes as they last were while it fired, and the worst severity: what is measured when all is
        well again would prove nothing.
        """
        self.unwritten.update({finding.fingerprint: finding for finding in findings})
        told = dict(self.unwritten)
        if not told:
            return
        async with self.database.write() as connection:
            for finding in told.values():
                await self._record(connection, finding, now)
        for fingerprint in told:
            self.unwritten.pop(fingerprint, None)

    async def find(self, wanted: FindingFilter) -> tuple[Finding, ...]:
        """Newest first."""
        query = select(TABLE).where(and_(True, *_conditions(wanted)))
        query = query.order_by(TABLE.c.starts_at.desc(), TABLE.c.fingerprint).limit(wanted.limit)
        async with self.database.read() as connection:
            return tuple(finding_of(row) for row in await connection.execute(query))

    async def get(self, fingerprint: str) -> Finding | None:
        """None when no such finding was ever recorded, or it is forgotten."""
        async with self.database.read() as connection:
            row = (await connection.execute(select(TABLE).where(TABLE.c.fingerprint == fingerprint))).first()
        return finding_of(row) if row else None

    async def over(self, kind: str, since: datetime) -> tuple[Precedent, ...]:
        """Those of this kind that ended then or later, the oldest first."""
        query = select(TABLE).where(TABLE.c.kind == kind, TABLE.c.ends_at >= since).order_by(TABLE.c.starts_at)
        async with self.database.read() as connection:
            return tuple(_precedent(row) for row in await connection.execute(query))

    async def _record(self, connection: AsyncConnection, finding: Finding, now: datetime) -> None:
        row = _row(finding)
        new = self.database.insert(TABLE).values(row).on_conflict_do_nothing(index_elements=["fingerprint"])
        if (await connection.execute(new)).rowcount:
            await note(connection, _entry("finding opened", finding, now))
        else:
            known = update(TABLE).where(TABLE.c.fingerprint == finding.fingerprint, TABLE.c.ends_at.is_(None))
            if not (await connection.execute(known.values(row if finding.firing else _closing(finding)))).rowcount:
                return
        if not finding.firing:
            await note(connection, _entry("finding closed", finding, now))


def _entry(event: str, finding: Finding, now: datetime) -> AuditEntry:
    why = f": {finding.end_reason}" if finding.end_reason else ""
    what = f"{finding.severity.label} {finding.kind} on {finding.host}{why}"
    return AuditEntry(now, event, finding.fingerprint, what)


def _row(finding: Finding) -> dict[str, object]:
    return {
        "fingerprint": finding.fingerprint,
        "kind": finding.kind,
        "host": finding.host,
        "severity": int(finding.severity),
        "starts_at": finding.starts_at,
        "ends_at": finding.ends_at,
        "score": float(finding.score) if math.isfinite(finding.score) else None,  # not every database knows NaN
        "causes": causes_to_json(finding.causes),
        "companions": companions_to_json(finding.companions),
        "quiet": quiet_to_json(finding.quiet),
        "incident": finding.incident,
        "end_reason": finding.end_reason,
    }


def _closing(finding: Finding) -> dict[str, object]:
    severity = int(finding.severity)
    worst = case((TABLE.c.severity > severity, TABLE.c.severity), else_=severity)
    quiet = quiet_to_json(finding.quiet)
    return {"ends_at": finding.ends_at, "severity": worst, "quiet": quiet, "end_reason": finding.end_reason}


def finding_of(row: Row[tuple[object, ...]]) -> Finding:
    return Finding(
        kind=row.kind,
        host=row.host,
        severity=Severity(row.severity),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        score=math.nan if row.score is None else row.score,
        causes=causes_from_json(row.causes),
        companions=companions_from_json(row.companions),
        quiet=quiet_from_json(row.quiet),
        incident=row.incident,
        end_reason=row.end_reason,
    )


def _precedent(row: Row[tuple[object, ...]]) -> Precedent:
    shares, score = shares_from_json(row.causes), math.nan if row.score is None else row.score
    quiet = quiet_from_json(row.quiet)
    reason = quiet.reason if quiet else None
    return Precedent(row.host, row.starts_at, row.ends_at, row.severity, score, shares, row.fingerprint, quiet=reason)


def _conditions(wanted: FindingFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.host is not None:
        yield TABLE.c.host == wanted.host
    if wanted.kind is not None:
        yield TABLE.c.kind == wanted.kind
    if wanted.severity is not None:
        yield TABLE.c.severity == int(wanted.severity)
    if wanted.firing is not None:
        yield TABLE.c.ends_at.is_(None) if wanted.firing else TABLE.c.ends_at.is_not(None)
    if wanted.since is not None:
        yield or_(TABLE.c.ends_at.is_(None), TABLE.c.ends_at >= wanted.since)
