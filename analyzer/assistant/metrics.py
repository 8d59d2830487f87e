"""Which features answer for each metric that people name. Reads metrics.yml; knows no host and asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from analyzer.data import Feature

FILE = Path(__file__).with_name("metrics.yml")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Features by the metric they answer for; `vitals` are told where none is named."""

    features: Mapping[str, tuple[str, ...]]
    vitals: tuple[str, ...]
    forecast: Mapping[str, tuple[str, ...]]
    own: Mapping[str, Feature]

    def of(self, metric: str) -> tuple[str, ...]:
        return self.features.get(metric, ()) if metric else self.vitals

    def forecast_of(self, metric: str) -> tuple[str, ...]:
        """The catalogue's features whose forecasts answer for a metric; () for all of them."""
        return self.forecast.get(metric) or self.features.get(metric, ())


@cache
def load_metrics() -> Metrics:
    tree = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    own = (Feature(entry["name"], entry["unit"], "asked", entry["promql"], entry["meaning"]) for entry in tree["own"])
    return Metrics(
        {metric: tuple(names) for metric, names in tree["metrics"].items()},
        tuple(tree["vitals"]),
        {metric: tuple(names) for metric, names in tree["forecast"].items()},
        {feature.name: feature for feature in own},
    )
