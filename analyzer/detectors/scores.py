"""One host's models on any rows of it: Scores in [0, 1], 0.5 where the edge of what history holds is reached."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analyzer.data import Frame, Scores, Told, Values
from analyzer.detectors.ensemble import ENSEMBLE, Remembered, blamed, lasting, momentary, shares_of
from analyzer.detectors.fitted import Fitted
from analyzer.detectors.past import Past
from analyzer.detectors.scaling import aligned

Seen = npt.NDArray[np.bool_]


def scored(fitted: Fitted, features: tuple[str, ...], recent: Frame) -> tuple[Scores, ...]:
    """Each model's scores of the same rows, then the ensemble's. A row without any value is NaN, and skipped."""
    values = aligned(recent, features)
    seen = np.asarray(np.isfinite(values).any(axis=1))
    if not seen.any():
        return _nothing(fitted, features, recent)
    told, _ = looked_back(fitted, values[seen])
    moment = momentary(told)
    worth, remembered = Remembered.nothing(1, len(features)).advance(moment)
    blame, _ = remembered.blamed(blamed(told))
    every = [
        _spread(recent, name, features, seen, np.log1p(numbers.ratio[0]), numbers.parts[0])
        for name, numbers in told.items()
    ]
    ensemble = _spread(recent, ENSEMBLE, features, seen, worth[0], blame[0])
    return (*every, replace(ensemble, moments=_values(seen, lasting(moment)[0])))


def looked_back(fitted: Fitted, values: Values) -> tuple[Told, Past]:
    """What the models say of one host's `values[t, f]` from the first row on, and what to carry on from the last."""
    z = fitted.scaling.apply(values[None])
    views, past = Past.before(z[:, 0], len(fitted.levels)).advance(z, fitted.levels, fitted.scaling.worth)
    return fitted.ask(views), past


def blame_of(scores: Scores) -> Values:
    """What each feature contributed, in a size that compares steps and models; shares alone where none was told."""
    return scores.shares if scores.blame is None else np.asarray(scores.shares * scores.blame[:, None])


def score_of(logs: Values) -> Values:
    """1 - 1 / (1 + ratio), of log(1 + ratio)."""
    return np.asarray(-np.expm1(-logs), dtype=np.float32)


def _spread(recent: Frame, model: str, features: tuple[str, ...], seen: Seen, logs: Values, parts: Values) -> Scores:
    shares = np.zeros((len(seen), len(features)), np.float32)
    shares[seen] = shares_of(parts)
    blame = np.zeros(len(seen), np.float32)
    blame[seen] = parts.sum(axis=1)
    return Scores(recent.host, model, features, recent.times, _values(seen, logs), shares, blame)


def _values(seen: Seen, logs: Values) -> Values:
    values = np.full(len(seen), np.nan, np.float32)
    values[seen] = score_of(logs)
    return values


def _nothing(fitted: Fitted, features: tuple[str, ...], recent: Frame) -> tuple[Scores, ...]:
    unseen, none = np.zeros(len(recent.times), bool), np.zeros(0, np.float32)
    names = [*(model.name for model in fitted.models), ENSEMBLE]
    return tuple(
        _spread(recent, name, features, unseen, none, np.zeros((0, len(features)), np.float32)) for name in names
    )
