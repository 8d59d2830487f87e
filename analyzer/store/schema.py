"""The store's tables and how an older store becomes a newer one. Knows no queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    inspect,
    select,
)
from sqlalchemy.schema import CreateColumn

from analyzer.errors import StoreError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware time as whole microseconds since the epoch: the same, and in the same order, in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else EPOCH + value * MICROSECOND


# SQLite counts up by itself only in a column that is literally INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

versions = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

findings = Table(
    "findings",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("score", Float),
    Column("causes", Text, nullable=False),
    Column("quiet", Text, nullable=False, server_default=""),
    Column("incident", Text, nullable=False, server_default=""),
    Column("end_reason", Text, nullable=False, server_default=""),
    Column("companions", Text, nullable=False, server_default=""),
    Index("findings_by_start", "starts_at"),
    Index("findings_by_host", "host", "starts_at"),
    Index("findings_by_end", "ends_at"),
    Index("findings_by_incident", "incident"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("severity", Integer, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Index("incidents_by_start", "starts_at"),
    Index("incidents_by_end", "ends_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("sink", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text, nullable=False, default=""),
    Column("settled_at", Instant),
    Column("delivered_at", Instant),
    Column("remote_id", Text),
    UniqueConstraint("sink", "key"),
    Index("deliveries_by_subject", "sink", "subject", "id"),
    Index("deliveries_by_settled", "settled_at"),
)

totals = Table(
    "delivery_totals",
    metadata,
    Column("sink", Text, primary_key=True),
    Column("attempts", Number, nullable=False, default=0),
    Column("failures", Number, nullable=False, default=0),
    Column("delivered", Number, nullable=False, default=0),
    Column("refused", Number, nullable=False, default=0),
)

memory = Table("memory", metadata, Column("name", Text, primary_key=True), Column("value", LargeBinary, nullable=False))

feedback = Table(
    "feedback",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("opinion", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    Column("id", Text, primary_key=True),
    Column("matchers", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("silences_by_end", "ends_at"),
)

reaches = Table(
    "reaches",
    metadata,
    Column("host", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("ends", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("event", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_by_time", "at"),
)

Migration = Callable[[Connection], object]


def _why_findings_are_quiet(connection: Connection) -> None:
    if "quiet" not in {column["name"] for column in inspect(connection).get_columns(findings.name)}:
        connection.exec_driver_sql("ALTER TABLE findings ADD COLUMN quiet TEXT NOT NULL DEFAULT ''")


def _added(table: Table, *names: str) -> Migration:
    """A step that adds these columns to a table that was made without them."""

    def add(connection: Connection) -> None:
        known = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for name in names:
            if name not in known:
                column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column}")

    return add


def _incidents(connection: Connection) -> None:
    _added(findings, "incident", "end_reason")(connection)
    incidents.create(connection, checkfirst=True)
    (index,) = (index for index in findings.indexes if index.name == "findings_by_incident")
    index.create(connection, checkfirst=True)


# One step for each version, in order; a step that has been released is never changed, only followed by another.
# The first makes every table that this program knows, so the later ones must bear with what is there already.
MIGRATIONS: tuple[Migration, ...] = (
    metadata.create_all,
    lambda connection: feedback.create(connection, checkfirst=True),
    lambda connection: silences.create(connection, checkfirst=True),
    _why_findings_are_quiet,
    _incidents,
    _added(findings, "companions"),
    lambda connection: reaches.create(connection, checkfirst=True),
)


def migrate(connection: Connection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Run the steps this store has not seen yet. StoreError when it was written by a newer program."""
    known = version(connection)
    if known > len(steps):
        raise StoreError(f"it has schema version {known}, this program knows up to {len(steps)}: use a newer program")
    for step in steps[known:]:
        step(connection)
    if known < len(steps):
        connection.execute(versions.delete())
        connection.execute(versions.insert().values(version=len(steps)))


def version(connection: Connection) -> int:
    """0 for a store that is still empty."""
    if not inspect(connection).has_table(versions.name):
        return 0
    return connection.scalar(select(versions.c.version)) or 0
