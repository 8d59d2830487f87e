"""Who is to blame: what went farther, given how far each is used to go."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.data import Frame, Values
from analyzer.detectors import DETECTORS, Lesson, scored
from analyzer.detectors.scores import blame_of

HISTORY = np.random.default_rng(7).normal(50.0, 1.0, (600, 4)).astype(np.float32)
CALM = HISTORY[:40]


def frame(values: Values) -> Frame:
    return Frame("web-1", ("cpu", "memory", "writes", "sockets"), np.arange(len(values), dtype=np.float64), values)


def blamed(jumps: Values) -> Values:
    """What each feature is blamed for at the second of two rows that are by `jumps` off, in spreads."""
    fitted = Lesson.of(frame(HISTORY), tuple(DETECTORS.values()), {}).fit()
    recent = frame(np.concatenate([CALM, [CALM[-1] + jumps, CALM[-1] + jumps]]).astype(np.float32))
    return np.asarray(blame_of(scored(fitted, recent.features, recent)[-1])[-1])


@pytest.mark.parametrize("farther", [20.0, 70.0, 1_000.0, 50_000.0])
def test_what_goes_twice_as_far_is_blamed_for_more_however_far_that_is(farther: float) -> None:
    blame = blamed(np.array([farther / 2, 2 * farther, 0.0, 0.0], np.float32))
    assert blame[1] > blame[0] > 10 * blame[2:].max()


def test_blame_grows_with_the_distance_beyond_what_models_see() -> None:
    near, far = (blamed(np.array([jump, 0.0, 0.0, 0.0], np.float32))[0] for jump in (60.0, 6_000.0))
    assert far > near
