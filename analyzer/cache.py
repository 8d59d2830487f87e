"""What need not be computed twice: Redis by URL, else memory. The same promises either way; Redis lost falls to memory.

Values are bytes. A value lives for the seconds it was given, and at most `most` values are kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cachetools import TLRUCache

from analyzer.errors import SettingsError

T = TypeVar("T")
LARGEST_BYTES = 256 * 1024  # a greater value costs more to move than to compute again
RETRY_SECONDS = 5.0


class Store(Protocol):
    """Where values are kept. CacheUnavailable when it can't be asked."""

    async def get(self, key: str) -> bytes | None: ...

    async def set(self, key: str, value: bytes, seconds: float) -> None: ...

    async def close(self) -> None: ...


class CacheUnavailable(Exception):
    """The cache can't be asked just now; the message says why."""


@dataclass(frozen=True, slots=True)
class MemoryStore:
    """Values in this process; when full, what was not used for longest goes."""

    most: int = 10_000
    clock: Callable[[], float] = time.monotonic
    _kept: TLRUCache[str, tuple[bytes, float]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kept = TLRUCache[str, tuple[bytes, float]](self.most, lambda _key, value, now: now + value[1], timer=self.clock)
        object.__setattr__(self, "_kept", kept)

    async def get(self, key: str) -> bytes | None:
        found = self._kept.get(key)
        return found[0] if found else None

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        self._kept[key] = (value, seconds)

    async def close(self) -> None:
        self._kept.clear()


@dataclass(frozen=True, slots=True)
class Statistics:
    """Since the start. `saved` counts computations that waited for an equal one that was under way."""

    hits: int
    misses: int
    saved: int
    failures: int
    serving: str


@dataclass(slots=True)
class Cache:
    """The shared store while it answers, memory while it doesn't; back to the shared one `retry_seconds` later."""

    shared: Store | None = None
    memory: Store = field(default_factory=MemoryStore)
    clock: Callable[[], float] = time.monotonic
    retry_seconds: float = RETRY_SECONDS
    why_memory: str = ""
    _retry_at: float = 0.0
    _hits: int = 0
    _misses: int = 0
    _saved: int = 0
    _failures: int = 0
    _under_way: dict[str, asyncio.Future[bytes]] = field(default_factory=dict)

    @property
    def statistics(self) -> Statistics:
        return Statistics(self._hits, self._misses, self._saved, self._failures, self._serving())

    async def get(self, key: str) -> bytes | None:
        found = await self._asked(lambda store: store.get(key))
        if found is None:
            self._misses += 1
        else:
            self._hits += 1
        return found

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        if len(value) <= LARGEST_BYTES and seconds > 0:
            await self._asked(lambda store: store.set(key, value, seconds))

    async def once(self, key: str, seconds: float, compute: Callable[[], Awaitable[bytes]]) -> tuple[bytes, bool]:
        """The kept value, or a computed one, and whether it was spared; equal keys at once cost one computation."""
        found = await self.get(key)
        if found is not None:
            return found, True
        if key in self._under_way:
            self._saved += 1
            return await asyncio.shield(self._under_way[key]), True
        return await self._computed(key, seconds, compute), False

    async def close(self) -> None:
        for store in (self.shared, self.memory):
            if store is not None:
                await store.close()

    async def _computed(self, key: str, seconds: float, compute: Callable[[], Awaitable[bytes]]) -> bytes:
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._under_way[key] = waiting
        try:
            value = await compute()
            waiting.set_result(value)
        except BaseException as error:
            waiting.set_exception(error if isinstance(error, Exception) else CacheUnavailable("it was cancelled"))
            waiting.exception()  # read here, so that nobody waiting is no warning
            raise
        finally:
            del self._under_way[key]
        await self.set(key, value, seconds)
        return value

    async def _asked(self, call: Callable[[Store], Awaitable[T]]) -> T:
        if self.shared is not None and self.clock() >= self._retry_at:
            try:
                answer = await call(self.shared)
            except CacheUnavailable as error:
                self._failures += 1
                self._retry_at, self.why_memory = self.clock() + self.retry_seconds, str(error)
            else:
                self.why_memory = ""
                return answer
        return await call(self.memory)

    def _serving(self) -> str:
        away = self.shared is None or self.clock() < self._retry_at
        return "memory" if away else "redis"


def open_cache(url: str = "", most: int = 10_000) -> Cache:
    """Redis where a URL is given (redis://, rediss://), else memory. SettingsError where its package is missing."""
    if not url:
        return Cache(None, MemoryStore(most))
    try:
        from analyzer.cache_redis import RedisStore  # noqa: PLC0415 optional: an analyzer without Redis needs no client
    except ImportError as error:
        raise SettingsError(
            [f"'cache.url' needs the package redis: pip install 'openmanager[redis]' ({error})"]
        ) from None
    return Cache(RedisStore(url, most), MemoryStore(most))
