"""How the parts that answers lean on are told."""

from __future__ import annotations

from analyzer.assistant.models.providers import Provider
from analyzer.assistant.models.worder import Worder
from analyzer.assistant.standing import standing
from analyzer.cache import Cache, CacheUnavailable
from analyzer.data import Component


class Away:
    """A shared store that nobody can reach."""

    async def get(self, key: str) -> bytes | None:
        raise CacheUnavailable("refused")

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        raise CacheUnavailable("refused")

    async def close(self) -> None:
        pass


def test_without_language_models_there_is_only_the_cache_to_tell_of() -> None:
    figures = {"hits": 0.0, "misses": 0.0, "saved": 0.0, "failures": 0.0}
    assert standing(Worder(()), Cache()) == (Component("cache", "memory", "ok", "", figures),)


async def test_a_shared_cache_that_is_away_is_told_with_its_reason() -> None:
    cache = Cache(Away())
    await cache.get("x")
    (told,) = standing(Worder(()), cache)
    assert (told.name, told.state, told.detail, told.figures["failures"]) == ("memory", "degraded", "refused", 1.0)


def test_providers_and_their_budget_are_told_in_order() -> None:
    worder = Worder((Provider("local", "http://127.0.0.1:9/v1", "m"), Provider("far", "http://127.0.0.1:9/v1", "n")))
    told = standing(worder, Cache())
    assert [(one.kind, one.name, one.state) for one in told] == [
        ("provider", "local:m", "ok"),
        ("provider", "far:n", "ok"),
        ("budget", "language models", "ok"),
        ("cache", "memory", "ok"),
    ]
    assert told[2].figures["calls_a_day"] == 2000
