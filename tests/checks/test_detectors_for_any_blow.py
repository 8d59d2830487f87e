"""What every detector promises whatever the blow is, and in whatever units features come: drawn, not chosen."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.data import Frame, Values
from analyzer.detectors import DETECTORS, ENSEMBLE
from tests.checks.scorers import HISTORY, NAMES, RECENT, WITHIN_WINDOW, Scorer, fit, frame, struck

EVERY = [*sorted(DETECTORS), ENSEMBLE]
ROW = 70
# What is told of a forest's leaves ends at the edge of its history: farther out all is alike, but for other cuts' sake.
SLACK = {"isolation_forest": 0.05}

moving = st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True)
heights = st.floats(8.0, 200.0)
# A feature's unit, as a power of two that float32 keeps exactly, and where its zero is, in its spreads.
units = st.tuples(st.integers(-8, 8), st.integers(-20, 20))


@cache
def learned(name: str) -> Scorer:
    return fit(name, HISTORY)


def hit(features: list[int], height: float) -> Frame:
    values = RECENT.copy()
    values[ROW, features] += height
    return frame(values)


def told(name: str, recent: Frame) -> float:
    return float(learned(name).score(recent).values[ROW])


@pytest.mark.parametrize("name", EVERY)
@given(features=moving, height=heights, sign=st.sampled_from([-1, 1]), worse=st.floats(1.0, 10.0))
@settings(max_examples=25, deadline=None)
def test_worse_is_never_calmer_whichever_features_are_hit(
    name: str, features: list[int], height: float, sign: int, worse: float
) -> None:
    milder, louder = (told(name, hit(features, sign * height * times)) for times in (1.0, worse))
    assert louder >= milder - SLACK.get(name, 1e-5)


@pytest.mark.parametrize("name", EVERY)
@given(features=moving, height=heights)
@settings(max_examples=15, deadline=None)
def test_a_blow_says_nothing_of_the_rows_before_it(name: str, features: list[int], height: float) -> None:
    calm = learned(name).score(frame(RECENT)).values[:ROW]
    np.testing.assert_array_equal(learned(name).score(hit(features, height)).values[:ROW], calm)


@pytest.mark.parametrize("name", EVERY)
@given(each=st.lists(units, min_size=len(NAMES), max_size=len(NAMES)))
@settings(max_examples=8, deadline=None)
def test_units_and_zeros_of_features_change_nothing(name: str, each: list[tuple[int, int]]) -> None:
    powers, zeros = np.array(each).T

    def in_units(values: Values) -> Frame:
        return frame(np.ldexp(values + zeros.astype(np.float32), powers).astype(np.float32))

    theirs = fit(name, in_units(HISTORY.values)).score(in_units(struck(30.0)))
    ours = learned(name).score(frame(struck(30.0)))
    # float32 rounds where a zero moves, and a forest's cut may then fall on the other side of a row
    np.testing.assert_allclose(theirs.values, ours.values, atol=0.05)
    assert int(theirs.values.argmax()) in WITHIN_WINDOW
