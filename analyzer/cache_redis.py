"""Cached values in Redis, which replicas share. Imported only where a URL is set."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from redis.asyncio import Redis
from redis.exceptions import RedisError

from analyzer.cache import CacheUnavailable

ANSWER_SECONDS = 1.0  # a cache that needs longer is no cache


@dataclass(frozen=True, slots=True)
class RedisStore:
    """Values that replicas share. An index by time of expiry bounds how many there are, as memory does."""

    url: str = field(repr=False)
    most: int = 10_000
    prefix: str = "openmanager:"
    _redis: Redis = field(init=False, repr=False)

    def __post_init__(self) -> None:
        client = Redis.from_url(self.url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
        object.__setattr__(self, "_redis", client)

    async def get(self, key: str) -> bytes | None:
        try:
            value = await self._redis.get(self.prefix + key)
        except (RedisError, OSError) as error:
            raise CacheUnavailable(f"Redis does not answer: {error}") from None
        return value if isinstance(value, bytes) else None

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        name, index, now = self.prefix + key, self.prefix + "index", time.time()
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(name, value, px=max(1, round(seconds * 1000)))
                pipe.zadd(index, {name: now + seconds})
                pipe.zremrangebyscore(index, "-inf", now)
                pipe.zcard(index)
                kept = (await pipe.execute())[-1]
            if kept > self.most:
                gone = await self._redis.zrange(index, 0, kept - self.most - 1)
                await self._redis.delete(*gone)
                await self._redis.zrem(index, *gone)
        except (RedisError, OSError) as error:
            raise CacheUnavailable(f"Redis does not answer: {error}") from None

    async def close(self) -> None:
        await self._redis.aclose()
