"""Opens the database, hands out transactions and turns what goes wrong into StoreError. Knows no table's meaning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from analyzer.errors import StoreError
from analyzer.store.schema import migrate

FILE = "openmanager.db"
BUSY_SECONDS = 10

# WAL lets the HTTP door read while a cycle writes; FULL makes every commit outlive a power cut.
PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON")


class Database:
    """A migrated database; `place` names it in messages, without any password."""

    def __init__(self, engine: AsyncEngine, place: str) -> None:
        self._reader = engine
        self._writer = engine.execution_options(writes=True)
        self._place = place

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view. StoreError when it can't be read."""
        try:
            async with self._reader.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"can't read the store {self._place}: {_reason(error)}") from error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """All of it or nothing. StoreError when it can't be written."""
        try:
            async with self._writer.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"can't write the store {self._place}: {_reason(error)}") from error

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT, in the words of this database."""
        return sqlite.insert(table) if self._reader.dialect.name == "sqlite" else postgresql.insert(table)

    async def close(self) -> None:
        await self._reader.dispose()


async def open_database(folder: Path, url: str = "") -> Database:
    """SQLite in `folder`, or what `url` names. StoreError when it can't be opened, is damaged, or is too new."""
    engine, place = _postgresql(url) if url else _sqlite(folder)
    database = Database(engine, place)
    try:
        async with database.write() as connection:
            await connection.run_sync(_prepare)
    except StoreError as error:
        await database.close()
        raise _opening(error, place) from error
    return database


def _sqlite(folder: Path) -> tuple[AsyncEngine, str]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"can't make the storage folder {folder}: {_reason(error)}") from error
    file = folder / FILE
    # One connection writes and one reads; each is a thread, so there are no more of them than work.
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file}", pool_size=2, max_overflow=0, connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    return engine, str(file)


def _postgresql(url: str) -> tuple[AsyncEngine, str]:
    try:
        parsed = make_url(url)
        named = parsed.set(drivername="postgresql+asyncpg") if parsed.drivername == "postgresql" else parsed
        return create_async_engine(named, pool_pre_ping=True), named.render_as_string(hide_password=True)
    except (ArgumentError, ImportError) as error:
        # The URL itself may hold a password: it is not repeated.
        raise StoreError(f"can't use the store's URL: {type(error).__name__}: it should be postgresql://…") from error


def _on_connect(connection: Any, _record: object) -> None:
    # sqlite3 would commit DDL by itself and begin only before the first write; SQLAlchemy's manual gives this way out.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later may lose the race for the lock; one that says so at once waits.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise StoreError(f"it is damaged ({found})")
    migrate(connection)


def _opening(error: StoreError, place: str) -> StoreError:
    reason = str(error).partition(f"{place}: ")[2] or str(error)
    return StoreError(f"can't open the store {place}: {reason}; move it away to begin anew, or name another place")


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)
