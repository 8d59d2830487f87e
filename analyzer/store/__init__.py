"""The analyzer's own store: only what Prometheus can't hold. Findings, deliveries owed, a stage's memory, an audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from analyzer.data import Opinion
from analyzer.store.audit import Audit, AuditEntry
from analyzer.store.database import Database, open_database
from analyzer.store.feedback import Feedback, Judged
from analyzer.store.findings import Findings
from analyzer.store.incidents import Incidents
from analyzer.store.memory import Memory
from analyzer.store.outbox import Delivery, Outbox, OutboxStatus, Owed
from analyzer.store.reaches import Reaches
from analyzer.store.retention import forget
from analyzer.store.silences import Silences

__all__ = [
    "AuditEntry",
    "Delivery",
    "Feedback",
    "Incidents",
    "Judged",
    "Opinion",
    "Outbox",
    "OutboxStatus",
    "Owed",
    "Reaches",
    "Silences",
    "Store",
]


@dataclass(frozen=True)
class Store:
    """Every method of every part raises StoreError when the database can't be read or written."""

    database: Database
    findings: Findings
    incidents: Incidents
    feedback: Feedback
    silences: Silences
    outbox: Outbox
    memory: Memory
    reaches: Reaches
    audit: Audit

    @classmethod
    async def open(cls, folder: Path, url: str = "") -> Store:
        """SQLite in `folder` (made where absent), or PostgreSQL at `url`; migrated to this program's schema."""
        database = await open_database(folder, url)
        return cls(
            database,
            Findings(database),
            Incidents(database),
            Feedback(database),
            Silences(database),
            Outbox(database),
            Memory(database),
            Reaches(database),
            Audit(database),
        )

    async def forget(self, before: datetime) -> int:
        """Delete what is settled and older; what fires or is owed stays."""
        return await forget(self.database, before)

    async def close(self) -> None:
        await self.database.close()
