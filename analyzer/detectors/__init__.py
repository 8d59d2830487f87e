"""The models that tell the unusual. DETECTORS is the only list: one file and one line each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analyzer.detectors.ensemble import ENSEMBLE, LOOKBACK_STEPS, combined
from analyzer.detectors.isolation_forest import IsolationForestDetector
from analyzer.detectors.kmeans import KMeansDetector
from analyzer.detectors.regression import RegressionDetector
from analyzer.detectors.residual import ResidualDetector
from analyzer.interfaces import Detector

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "isolation_forest": IsolationForestDetector(),
        "kmeans": KMeansDetector(),
        "regression": RegressionDetector(),
        "residual_fast": ResidualDetector("residual_fast", span=5.0, equal=True),
        "residual_slow": ResidualDetector("residual_slow", span=20.0),
    }
)

__all__ = ["DETECTORS", "ENSEMBLE", "LOOKBACK_STEPS", "combined"]
