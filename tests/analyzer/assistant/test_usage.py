"""What answering took can be scraped."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from analyzer.assistant import Budget, HostAssistant, Worder
from analyzer.assistant.usage import UsageCollector
from analyzer.data import Question
from tests.analyzer.assistant.conftest import BUSY, FEATURES, NOW, report
from tests.analyzer.assistant.providers import fake_provider, saying


async def test_calls_cost_and_spared_computations_are_metrics() -> None:
    good = ("web-1:9100 has behaved unusually since Mar 4 05:10 UTC.", ["E1"])
    async with fake_provider(saying(good)) as fake:
        assistant = HostAssistant(FEATURES, worder=Worder((fake.provider(),), Budget(calls_a_day=4)))
        for _ in range(3):
            await assistant.answer(Question("what is abnormal", NOW), report(BUSY))
        registry = CollectorRegistry()
        registry.register(UsageCollector(assistant))
        lines = generate_latest(registry).decode().splitlines()
        await assistant.close()
    assert "openmanager_assistant_model_calls_total 1.0" in lines
    assert "openmanager_assistant_cache_hits_total 2.0" in lines
    assert "openmanager_assistant_model_refusals_total 0.0" in lines
    assert "openmanager_assistant_cache_shared 0.0" in lines
    assert 'openmanager_assistant_budget_spent_ratio{budget="calls"} 0.25' in lines
    cost = next(float(line.split()[1]) for line in lines if line.startswith("openmanager_assistant_model_cost_total"))
    assert cost > 0
