"""States in words: what they are busy with and when, in both languages, no two alike."""

from __future__ import annotations

import numpy as np

from analyzer.data import Feature, Frame
from analyzer.state_names import state_names
from analyzer.states import States, fit_states

START = 1_790_000_000 // 86400 * 86400.0
FEATURES = (
    Feature("cpu_busy_ratio", "ratio", "cpu", "up", {"en": "cpu"}),
    Feature("disk_written_bytes_per_second", "bytes/s", "disk", "up", {"en": "disk"}),
    Feature("memory_available_ratio", "ratio", "memory", "up", {"en": "memory"}, worse="low"),
)
NAMES = tuple(feature.name for feature in FEATURES)


def states(busy_disk_hours: range) -> States:
    """Four days at one step a minute, the disk busy in some hours, the CPU a little with it."""
    minutes = np.arange(4 * 1440)
    busy = np.isin(minutes // 60 % 24, list(busy_disk_hours))
    noise = np.random.default_rng(0).normal(1, 0.05, (len(minutes), 3))
    values = np.stack([np.where(busy, 0.25, 0.2), np.where(busy, 9e7, 1e6), np.full(len(minutes), 0.6)], axis=1)
    return fit_states(Frame("db-1", NAMES, START + minutes * np.float64(60), (values * noise).astype(np.float32)))


def test_a_disk_that_is_busy_in_the_evening_is_called_so() -> None:
    found = states(range(19, 23))
    names = dict(zip(found.labels, state_names(found, FEATURES), strict=True))
    assert names["B"] == {"en": "disk-bound, evenings", "ko": "디스크 사용 많음, 저녁"}
    assert names["A"] == {"en": "idle", "ko": "유휴"}


def test_hours_are_those_of_the_place() -> None:
    found = states(range(19, 23))
    names = dict(zip(found.labels, state_names(found, FEATURES, utc_offset_hours=9), strict=True))
    # 19 to 23 UTC is 4 to 8 in Seoul: more than half of it at neither side of six.
    assert names["B"]["en"] == "disk-bound"
    west = dict(zip(found.labels, state_names(found, FEATURES, utc_offset_hours=-5), strict=True))
    assert west["B"]["ko"] == "디스크 사용 많음, 오후"


def test_a_host_of_one_state_is_as_usual() -> None:
    minutes = np.arange(2000)
    values = np.random.default_rng(0).normal(1, 0.1, (2000, 3)).astype(np.float32)
    found = fit_states(Frame("db-1", NAMES, START + minutes * np.float64(60), values))
    assert state_names(found, FEATURES) == ({"en": "usual", "ko": "평소"},)


def test_two_states_never_have_one_name() -> None:
    found = states(range(1, 24, 2))
    names = [name["en"] for name in state_names(found, ())]
    assert names[0] == "usual"
    assert names[1] == f"usual ({found.labels[1]})"
