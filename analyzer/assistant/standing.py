"""How the parts that answers lean on are: the language models, their budget, the cache. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.assistant.models.worder import Worder
from analyzer.cache import Cache
from analyzer.data import Component


def standing(worder: Worder, cache: Cache) -> tuple[Component, ...]:
    """Without a provider there is neither one nor a budget to tell of: answers are worded by code alone."""
    return (*_providers(worder), *_budget(worder), _cache(cache))


def _providers(worder: Worder) -> Iterator[Component]:
    for name, seconds in worder.resting.items():
        if seconds:
            yield Component("provider", name, "degraded", f"left alone for {seconds:.0f} s more after failures")
        else:
            yield Component("provider", name, "ok")


def _budget(worder: Worder) -> Iterator[Component]:
    if not worder:
        return
    budget = worder.budget
    figures = {
        "calls_today": float(budget.calls),
        "calls_a_day": float(budget.calls_a_day),
        "tokens_today": float(budget.tokens),
        "money_today": budget.money,
        "money_a_day": budget.money_a_day,
        "refusals": float(budget.refusals),
    }
    yield Component("budget", "language models", "degraded" if budget.refusals else "ok", "", figures)


def _cache(cache: Cache) -> Component:
    statistics = cache.statistics
    figures = {
        "hits": float(statistics.hits),
        "misses": float(statistics.misses),
        "saved": float(statistics.saved),
        "failures": float(statistics.failures),
    }
    away = cache.shared is not None and statistics.serving == "memory"
    return Component(
        "cache", statistics.serving, "degraded" if away else "ok", cache.why_memory if away else "", figures
    )
