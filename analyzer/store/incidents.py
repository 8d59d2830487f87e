"""The history of incidents: what is said of each as a whole. What it consists of stands with the findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from analyzer.data import Finding, Incident, IncidentFilter
from analyzer.store import schema
from analyzer.store.audit import AuditEntry, note
from analyzer.store.database import Database
from analyzer.store.findings import finding_of

TABLE = schema.incidents
FINDINGS = schema.findings
ALL = 1_000_000


@dataclass(frozen=True)
class Incidents:
    """`unwritten` is what the database did not take yet, `written` what stands there of those that are open."""

    database: Database
    unwritten: dict[str, Incident] = field(default_factory=dict, repr=False)
    written: dict[str, tuple[object, ...]] = field(default_factory=dict, repr=False)

    async def record(self, incidents: Iterable[Incident], now: datetime) -> None:
        """Write what changed; a closed one is never opened again. Opening and closing are audited.

        Its findings are written by `Findings.record`, before this.
        """
        changed = {each.id: each for each in incidents if self.written.get(each.id) != _state(each)}
        self.unwritten.update(changed)
        told = dict(self.unwritten)
        if not told:
            return
        async with self.database.write() as connection:
            for incident in told.values():
                await self._record(connection, incident, now)
        for incident in told.values():
            self.unwritten.pop(incident.id, None)
            self.written[incident.id] = _state(incident)
            if not incident.open:
                self.written.pop(incident.id)

    async def find(self, wanted: IncidentFilter) -> tuple[Incident, ...]:
        """Newest first, each with all its findings."""
        query = select(TABLE).where(and_(True, *_conditions(wanted)))
        query = query.order_by(TABLE.c.starts_at.desc(), TABLE.c.id).limit(wanted.limit)
        async with self.database.read() as connection:
            return await _whole(connection, list(await connection.execute(query)))

    async def open(self) -> tuple[Incident, ...]:
        return await self.find(IncidentFilter(open=True, limit=ALL))

    async def get(self, id_: str) -> Incident | None:
        """None when no such incident was ever recorded, or it is forgotten."""
        async with self.database.read() as connection:
            rows = list(await connection.execute(select(TABLE).where(TABLE.c.id == id_)))
            found = await _whole(connection, rows)
        return found[0] if found else None

    async def _record(self, connection: AsyncConnection, incident: Incident, now: datetime) -> None:
        row = _row(incident)
        new = self.database.insert(TABLE).values(row).on_conflict_do_nothing(index_elements=["id"])
        if (await connection.execute(new)).rowcount:
            await note(connection, _entry("incident opened", incident, now))
        else:
            known = update(TABLE).where(TABLE.c.id == incident.id, TABLE.c.ends_at.is_(None))
            if not (await connection.execute(known.values(row))).rowcount:
                return
        if not incident.open:
            await note(connection, _entry("incident closed", incident, now))


async def _whole(connection: AsyncConnection, rows: Sequence[Row[tuple[object, ...]]]) -> tuple[Incident, ...]:
    """One of which no finding is left says nothing, and is left out."""
    query = select(FINDINGS).where(FINDINGS.c.incident.in_([row.id for row in rows]))
    query = query.order_by(FINDINGS.c.starts_at, FINDINGS.c.host, FINDINGS.c.kind)
    findings: dict[str, list[Finding]] = defaultdict(list)
    for row in await connection.execute(query):
        findings[row.incident].append(finding_of(row))
    return tuple(Incident(row.id, tuple(findings[row.id]), row.ends_at) for row in rows if row.id in findings)


def _state(incident: Incident) -> tuple[object, ...]:
    return incident.severity, incident.starts_at, incident.ends_at


def _row(incident: Incident) -> dict[str, object]:
    return {
        "id": incident.id,
        "severity": int(incident.severity),
        "starts_at": incident.starts_at,
        "ends_at": incident.ends_at,
    }


def _entry(event: str, incident: Incident, now: datetime) -> AuditEntry:
    hosts, kinds = ", ".join(incident.hosts[:5]), ", ".join(incident.kinds[:5])
    return AuditEntry(now, event, incident.id, f"{incident.severity.label} {kinds} on {len(incident.hosts)}: {hosts}")


def _conditions(wanted: IncidentFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.host is not None:
        yield TABLE.c.id.in_(select(FINDINGS.c.incident).where(FINDINGS.c.host == wanted.host))
    if wanted.severity is not None:
        yield TABLE.c.severity == int(wanted.severity)
    if wanted.open is not None:
        yield TABLE.c.ends_at.is_(None) if wanted.open else TABLE.c.ends_at.is_not(None)
    if wanted.since is not None:
        yield or_(TABLE.c.ends_at.is_(None), TABLE.c.ends_at >= wanted.since)
