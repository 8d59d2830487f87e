"""What a collector that a test made itself says, read back."""

from __future__ import annotations

from exporter.collectors import Collector
from exporter.exposition import Rules
from tests.exporter.golden import Series, samples


def page(collector: Collector, *, openmetrics: bool = False) -> str:
    """Everything the collector tells now, as text."""
    rules = Rules(owner="test")
    return b"".join(
        block.layout.render(block.values, openmetrics=openmetrics, rules=rules) for block in collector.collect()
    ).decode()


def told_now(collector: Collector) -> dict[Series, float]:
    """Every sample the collector tells now."""
    return samples(page(collector))


def of(found: dict[Series, float], name: str, /, **labels: str) -> float:
    """The value of one series; KeyError when it isn't told."""
    return found[(name, frozenset(labels.items()))]


def values(found: dict[Series, float], name: str, label: str) -> dict[str, float]:
    """The values of a family by one of its labels."""
    return {dict(labels)[label]: value for (family, labels), value in found.items() if family == name}
