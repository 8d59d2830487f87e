"""What answering took, as metrics: calls to language models, what they cost, and what the cache spared."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from analyzer.assistant.conversation import HostAssistant

PREFIX = "openmanager_assistant"


class UsageCollector(Collector):
    """Built anew at each scrape; register it where the analyzer's own metrics are collected."""

    def __init__(self, assistant: HostAssistant) -> None:
        self._assistant = assistant

    def collect(self) -> Iterator[Metric]:
        budget, cache = self._assistant.worder.budget, self._assistant.keeping.cache.statistics
        counters = (
            ("model_calls", "Calls to language models.", budget.calls_ever),
            ("model_tokens", "Tokens that language models took and gave, about.", budget.tokens_ever),
            (
                "model_cost",
                "Money spent on language models, in the unit of the prices that are set.",
                budget.money_ever,
            ),
            ("model_refusals", "Calls that were not made because a budget was spent.", budget.refusals),
            ("cache_hits", "Answers and wordings found in the cache.", cache.hits),
            ("cache_misses", "Answers and wordings not found in the cache.", cache.misses),
            ("cache_saved", "Questions that waited for an equal one that was being answered.", cache.saved),
            ("cache_failures", "Times that the shared cache did not answer.", cache.failures),
        )
        for name, meaning, value in counters:
            yield CounterMetricFamily(f"{PREFIX}_{name}", meaning, value)
        serving = GaugeMetricFamily(f"{PREFIX}_cache_shared", "1 while the shared cache serves, 0 while memory does.")
        serving.add_metric([], float(cache.serving == "redis"))
        yield serving
        spent = GaugeMetricFamily(
            f"{PREFIX}_budget_spent_ratio", "The share of the day's budget that is gone.", labels=["budget"]
        )
        for name, share in budget.spent().items():
            spent.add_metric([name], share)
        yield spent
