"""How changes are heard: in the units of history, and less where a feature has been restless ever since."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.data import Values, Views
from analyzer.detectors.past import Past, alike
from analyzer.detectors.residual import ResidualDetector, ResidualModel

SLOW = ResidualDetector("residual_slow", span=20.0)
QUIET = np.random.default_rng(1).normal(0.0, 1.0, (4000, 2)).astype(np.float32)
BLOW = np.array([[30.0, 0.0]], np.float32)


def views(z: Values) -> Views:
    return Past.before(z[None, 0], len(SLOW.levels)).advance(z[None], SLOW.levels, alike)[0]


def learned() -> ResidualModel:
    return SLOW.learn(views(QUIET))


def heard(before: Values, blow: Values = BLOW) -> float:
    """The ratio of one blow after some rows."""
    return float(learned().numbers(views(np.concatenate([before, blow]))).ratio[0, -1])


def test_a_feature_that_has_been_restless_for_long_is_heard_less_but_by_half_at_most() -> None:
    restless = QUIET * np.array([6.0, 1.0], np.float32)
    usual, restless_ratio = heard(QUIET), heard(np.tile(restless, (3, 1)))
    assert 0.4 * usual < restless_ratio < 0.6 * usual


def test_a_feature_is_heard_as_before_while_another_is_restless() -> None:
    other = QUIET * np.array([1.0, 6.0], np.float32)
    assert heard(np.tile(other, (3, 1))) == pytest.approx(heard(np.tile(QUIET, (3, 1))), rel=0.25)


def test_a_feature_quieter_than_ever_is_heard_no_louder() -> None:
    assert heard(np.tile(QUIET * np.float32(0.1), (3, 1))) <= heard(QUIET) * 1.1
