"""What a stage must remember over a restart, as bytes under a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from analyzer.store import schema
from analyzer.store.database import Database


@dataclass(frozen=True)
class Memory:
    database: Database

    async def load(self, name: str) -> bytes | None:
        """None when nothing was ever saved under this name."""
        async with self.database.read() as connection:
            return await connection.scalar(select(schema.memory.c.value).where(schema.memory.c.name == name))

    async def save(self, name: str, value: bytes) -> None:
        await self.save_all({name: value})

    async def save_all(self, values: Mapping[str, bytes]) -> None:
        """All of them or none: what belongs together is never of two times."""
        async with self.database.write() as connection:
            for name, value in values.items():
                insert = self.database.insert(schema.memory).values(name=name, value=value)
                await connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
