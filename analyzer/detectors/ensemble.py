"""What the models say together, with a short memory: an incident is not over with its first quiet step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analyzer.data import Scores, Values
from analyzer.detectors.scores import blamed, log_ratio, score_of, shares_of
from analyzer.detectors.windows import averages, fading_peaks

ENSEMBLE = "ensemble"
# A step is worth what it is, what the last ones were on average, and what the worst of late has faded to.
SPAN, FADE = 10.0, 0.98
MOMENT, AVERAGE, PEAK = 0.25, 0.5, 0.5
# After so many steps nothing of an earlier one is left that could change a decision.
LOOKBACK_STEPS = 240


@dataclass(frozen=True, slots=True)
class Vote:
    """How much a model counts for how abnormal a step is, and for which features are to blame."""

    abnormal: float = 1.0
    blame: float = 0.0


# Measured: docs/detection.md. Those that tell features apart in their own units are the ones to blame by.
VOTES: Mapping[str, Vote] = MappingProxyType(
    {
        "isolation_forest": Vote(abnormal=0.5),
        "kmeans": Vote(),
        "regression": Vote(blame=1.0),
        "residual_fast": Vote(),
        "residual_slow": Vote(blame=1.0),
    }
)


def combined(scores: Sequence[Scores], votes: Mapping[str, Vote] = VOTES) -> Scores:
    """The models' log ratios averaged, remembered for a while; all scores are of the same rows and features."""
    first = scores[0]
    weights = [votes.get(each.model, Vote()) for each in scores]
    logs = np.stack([log_ratio(each.values) for each in scores])
    abnormal = np.array([weight.abnormal for weight in weights], np.float32)
    moment = np.asarray(abnormal @ logs / abnormal.sum(), dtype=np.float32)
    blame = np.array([weight.blame for weight in weights], np.float32)
    blame = blame if blame.any() else np.ones_like(blame)
    parts = np.asarray(sum(weight * blamed(each) for weight, each in zip(blame, scores, strict=True)), np.float32)
    values = score_of(remembered(moment))
    return Scores(first.host, ENSEMBLE, first.features, first.times, values, shares_of(parts), parts.sum(axis=1))


def remembered(moment: Values) -> Values:
    """Each step with what came before it; a step that could not be told stays NaN and is skipped."""
    told = np.isfinite(moment)
    known = moment[told]
    with_past = np.full_like(moment, np.nan)
    with_past[told] = MOMENT * known + AVERAGE * averages(known[:, None], SPAN)[:, 0] + PEAK * fading_peaks(known, FADE)
    return with_past
