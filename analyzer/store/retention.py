"""What is old and settled goes; what still fires or is still owed stays, however old."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from analyzer.store.database import Database
from analyzer.store.schema import audit, deliveries, feedback, findings, incidents, reaches, silences


async def forget(database: Database, before: datetime) -> int:
    """Delete closed incidents and findings, settled deliveries, audit entries and reaches from before that time.

    A finding stays as long as its incident does. Returns how many went.
    """
    firing = select(findings.c.fingerprint).where(findings.c.ends_at.is_(None))
    open_ = select(incidents.c.id).where(incidents.c.ends_at.is_(None))
    other = deliveries.alias()
    # A close needs what its open learned, and an open that was forgotten would be sent again.
    owed = select(other.c.id).where(
        other.c.sink == deliveries.c.sink, other.c.subject == deliveries.c.subject, other.c.settled_at.is_(None)
    )
    old = (
        delete(deliveries).where(
            deliveries.c.settled_at < before,
            deliveries.c.subject.not_in(firing),
            deliveries.c.subject.not_in(open_),
            ~owed.correlate(deliveries).exists(),
        ),
        delete(incidents).where(incidents.c.ends_at < before),
        delete(findings).where(findings.c.ends_at < before, findings.c.incident.not_in(select(incidents.c.id))),
        delete(feedback).where(
            feedback.c.given_at < before, feedback.c.fingerprint.not_in(select(findings.c.fingerprint))
        ),
        delete(silences).where(silences.c.ends_at < before),
        delete(reaches).where(reaches.c.at < before),
        delete(audit).where(audit.c.at < before),
    )
    async with database.write() as connection:
        return sum([(await connection.execute(statement)).rowcount for statement in old])
