"""The cache keeps what it promises in memory and in a real Redis, also when that is killed and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzer.cache import Cache, MemoryStore, Store, open_cache
from analyzer.cache_redis import RedisStore
from tests.conftest import ROOT, tool
from tests.processes import a_free_port, until


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Debian's redis-server is its redis-check-rdb under another name."""
    program = tool("redis-check-rdb", "redis-tools")
    libraries = {
        str(path.parent) for name in ("liblzf1", "libjemalloc2") for path in (ROOT / ".tools" / name).rglob("*.so*")
    }
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        executable=program,
        cwd=folder,
        env={**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(libraries))},
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(port), "Redis answers")
        yield process
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = a_free_port()
    with redis_server(port, tmp_path_factory.mktemp("redis")):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    made: Store = (
        MemoryStore(most=3)
        if request.param == "memory"
        else RedisStore(request.getfixturevalue("redis_url"), most=3, prefix=f"{request.node.name}:")
    )
    yield made
    await made.close()


async def test_a_value_is_kept_for_its_time_and_no_longer(store: Store) -> None:
    await store.set("a", b"1", 60)
    assert await store.get("a") == b"1"
    await store.set("a", b"1", 0.2)
    await asyncio.sleep(0.3)
    assert await store.get("a") is None


async def test_no_more_values_are_kept_than_allowed(store: Store) -> None:
    for number in range(10):
        await store.set(f"k{number}", b"x", 60 + number)
    kept = [n for n in range(10) if await store.get(f"k{n}") is not None]
    assert kept == [7, 8, 9]


async def test_hits_and_misses_are_counted(store: Store) -> None:
    cache = Cache(store)
    assert await cache.get("q") is None
    await cache.set("q", b"a", 60)
    assert await cache.get("q") == b"a"
    assert (cache.statistics.hits, cache.statistics.misses, cache.statistics.failures) == (1, 1, 0)


async def test_equal_questions_at_once_cost_one_computation(store: Store) -> None:
    cache, computed = Cache(store), []

    async def compute() -> bytes:
        computed.append(1)
        await asyncio.sleep(0.05)
        return b"answer"

    results = await asyncio.gather(*(cache.once("same", 60, compute) for _ in range(20)))
    assert {value for value, _ in results} == {b"answer"}
    assert len(computed) == 1
    assert (await cache.once("same", 60, compute))[1]


async def test_a_failed_computation_is_told_to_all_who_wait_and_not_kept() -> None:
    cache = open_cache()

    async def fail() -> bytes:
        await asyncio.sleep(0.01)
        raise ValueError("no")

    results = await asyncio.gather(*(cache.once("k", 60, fail) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["no", "no", "no"]
    assert await cache.get("k") is None


async def test_a_value_too_large_to_be_worth_it_is_not_kept() -> None:
    cache = open_cache()
    await cache.set("large", b"x" * 300_000, 60)
    assert await cache.get("large") is None


async def test_with_redis_killed_memory_serves_and_redis_is_used_again_when_it_is_back(tmp_path: Path) -> None:
    port, now = a_free_port(), [0.0]
    cache = Cache(RedisStore(f"redis://127.0.0.1:{port}/0"), clock=lambda: now[0])
    with redis_server(port, tmp_path) as process:
        await cache.set("before", b"1", 60)
        assert (await cache.get("before"), cache.statistics.serving) == (b"1", "redis")
        process.send_signal(signal.SIGKILL)
        process.wait()
        await cache.set("during", b"2", 60)
        assert (await cache.get("during"), cache.statistics.serving) == (b"2", "memory")
        assert cache.why_memory.startswith("Redis does not answer: ")
    with redis_server(port, tmp_path):
        now[0] += 10
        await cache.set("after", b"3", 60)
        assert (await cache.get("after"), cache.statistics.serving) == (b"3", "redis")
        assert cache.why_memory == ""
    await cache.close()
