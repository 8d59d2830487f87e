"""Fitted states as nouns: a host that is busy in the evenings has two, and they say so."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.data import Feature, Frame
from analyzer.states import fit_states
from analyzer.usual_states import usual_states

BUSY = Feature("cpu_busy_ratio", "ratio", "cpu", "x", {"en": "CPU in use", "ko": "CPU 사용률"})
LOAD = Feature("load_per_core", "count", "cpu", "x", {"en": "load", "ko": "부하"})


def evenings(days: int = 4, step_seconds: int = 300) -> Frame:
    """Little work, but much from 18:00 to 24:00 UTC."""
    times = np.arange(0, days * 86400, step_seconds, dtype=np.float64)
    busy = times % 86400 >= 18 * 3600
    noise = np.random.default_rng(7).normal(0, 0.01, (len(times), 2))
    values = np.where(busy[:, None], [0.9, 4.0], [0.1, 0.2]) + noise
    return Frame("web-1:9100", (BUSY.name, LOAD.name), times, values.astype(np.float32))


def test_states_are_told_with_name_share_hours_and_successors_the_most_frequent_first() -> None:
    quiet, busy = usual_states(fit_states(evenings()), (BUSY, LOAD))
    assert [quiet.share, busy.share] == pytest.approx([0.75, 0.25], abs=0.01)
    assert busy.name == {"en": "CPU-bound, evenings", "ko": "CPU 사용 많음, 저녁"}
    assert [round(hour) for hour in busy.hours] == [0] * 18 + [1] * 6
    assert quiet.centre[BUSY.name] == pytest.approx(0.1, abs=0.02)
    assert busy.followed_by[busy.label] == pytest.approx(71 / 72, abs=0.01)
    assert sum(quiet.followed_by.values()) == pytest.approx(1)


def test_an_hour_that_was_never_seen_is_unknown_and_not_zero() -> None:
    whole = evenings(days=1)
    half = Frame(whole.host, whole.features, whole.times[96:], whole.values[96:])
    told = usual_states(fit_states(half), (BUSY, LOAD))
    assert all(np.isnan(state.hours[:8]).all() and np.isfinite(state.hours[8:]).all() for state in told)
