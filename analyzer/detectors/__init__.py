"""The models that tell the unusual. DETECTORS is the only list: one file and one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from analyzer.data import Feature
from analyzer.detectors.ensemble import ENSEMBLE, LOOKBACK_STEPS, combined
from analyzer.detectors.isolation_forest import IsolationForestDetector
from analyzer.detectors.kmeans import KMeansDetector
from analyzer.detectors.regression import RegressionDetector
from analyzer.detectors.residual import ResidualDetector
from analyzer.detectors.scaling import floors_of
from analyzer.interfaces import Detector

_Ours = IsolationForestDetector | KMeansDetector | RegressionDetector | ResidualDetector

DETECTORS: Mapping[str, _Ours] = MappingProxyType(
    {
        "isolation_forest": IsolationForestDetector(),
        "kmeans": KMeansDetector(),
        "regression": RegressionDetector(),
        "residual_fast": ResidualDetector("residual_fast", span=5.0, equal=True),
        "residual_slow": ResidualDetector("residual_slow", span=20.0),
    }
)


def detectors_for(features: Sequence[Feature]) -> tuple[Detector, ...]:
    """DETECTORS, deaf to changes smaller than the catalogue's minimum effects."""
    floors = floors_of(features)
    return tuple(replace(detector, floors=floors) for detector in DETECTORS.values())


__all__ = ["DETECTORS", "ENSEMBLE", "LOOKBACK_STEPS", "combined", "detectors_for"]
