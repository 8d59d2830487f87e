"""The models that tell the unusual. DETECTORS is the only list: one file and one line each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analyzer.detectors.alone import AloneDetector
from analyzer.detectors.ensemble import ENSEMBLE, LOOKBACK_STEPS
from analyzer.detectors.isolation_forest import IsolationForestDetector
from analyzer.detectors.kmeans import KMeansDetector
from analyzer.detectors.lesson import Lesson
from analyzer.detectors.regression import RegressionDetector
from analyzer.detectors.regression_slow import SlowRegressionDetector
from analyzer.detectors.residual import ResidualDetector
from analyzer.detectors.scores import scored

_Ours = (
    AloneDetector
    | IsolationForestDetector
    | KMeansDetector
    | RegressionDetector
    | ResidualDetector
    | SlowRegressionDetector
)

# In the order they are asked: a forest looks at what the regression leaves unexplained.
DETECTORS: Mapping[str, _Ours] = MappingProxyType(
    {
        "regression": RegressionDetector(),
        "regression_slow": SlowRegressionDetector(),
        "residual_fast": ResidualDetector("residual_fast", span=5.0, equal=True),
        "residual_slow": ResidualDetector("residual_slow", span=20.0),
        "kmeans": KMeansDetector(),
        "alone": AloneDetector(),
        "isolation_forest": IsolationForestDetector(),
    }
)

__all__ = ["DETECTORS", "ENSEMBLE", "LOOKBACK_STEPS", "Lesson", "scored"]
