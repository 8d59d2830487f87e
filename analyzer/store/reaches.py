"""How far each host's features went, by host: Prometheus soon forgets it, and each learning must know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from sqlalchemy import select

from analyzer.data import Reach
from analyzer.store import schema
from analyzer.store.database import Database

TABLE = schema.reaches


@dataclass(frozen=True)
class Reaches:
    database: Database

    async def record(self, reaches: Mapping[str, Reach]) -> None:
        """In place of what was known of these hosts."""
        async with self.database.write() as connection:
            for host, reach in reaches.items():
                told = {"at": reach.at, "ends": orjson.dumps(reach.ends).decode()}
                insert = self.database.insert(TABLE).values(host=host, **told)
                await connection.execute(insert.on_conflict_do_update(index_elements=["host"], set_=told))

    async def all(self) -> dict[str, Reach]:
        """Of every host that was learned and is not forgotten."""
        async with self.database.read() as connection:
            rows = await connection.execute(select(TABLE.c.host, TABLE.c.at, TABLE.c.ends))
        return {host: Reach(at, _ends(ends)) for host, at, ends in rows}


def _ends(told: str) -> dict[str, tuple[float, float]]:
    return {name: (low, high) for name, (low, high) in orjson.loads(told).items()}
