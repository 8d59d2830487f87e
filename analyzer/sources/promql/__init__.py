"""PromQL on the ring of direct scrapes: the part of the language that the catalogue of features is written in."""

from analyzer.sources.promql.evaluating import evaluate, parse
from analyzer.sources.promql.vectors import Scalar, Vector

__all__ = ["Scalar", "Vector", "evaluate", "parse"]
