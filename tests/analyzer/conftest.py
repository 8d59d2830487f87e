"""What the analyzer's tests share: a store in each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from analyzer.store import Store
from tests.postgresql import postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One PostgreSQL for all of these tests."""
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store, in SQLite and in a real PostgreSQL (its schema `public` is emptied)."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("server")
        connection = await asyncpg.connect(url)
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.close()
    opened = await Store.open(tmp_path / "data", url)
    yield opened
    await opened.close()
