"""The models that tell the unusual. DETECTORS is the only list: one file and one line each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analyzer.detectors.ensemble import ENSEMBLE, combined
from analyzer.detectors.isolation_forest import IsolationForestDetector
from analyzer.detectors.kmeans import KMeansDetector
from analyzer.detectors.regression import RegressionDetector
from analyzer.interfaces import Detector

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "isolation_forest": IsolationForestDetector(),
        "kmeans": KMeansDetector(),
        "regression": RegressionDetector(),
    }
)

__all__ = ["DETECTORS", "ENSEMBLE", "combined"]
