"""States in words, from what distinguishes them: what they are busy with, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from analyzer.data import Feature, Language
from analyzer.k_means import Points
from analyzer.states import States

Name = Mapping[Language, str]
USUAL: Name = MappingProxyType({"en": "usual", "ko": "평소"})
IDLE: Name = MappingProxyType({"en": "idle", "ko": "유휴"})
BUSY: Mapping[str, Name] = MappingProxyType(
    {
        "cpu": {"en": "CPU-bound", "ko": "CPU 사용 많음"},
        "memory": {"en": "memory-bound", "ko": "메모리 사용 많음"},
        "pressure": {"en": "under pressure", "ko": "자원 대기 많음"},
        "disk": {"en": "disk-bound", "ko": "디스크 사용 많음"},
        "filesystem": {"en": "filesystem filled", "ko": "파일 시스템 사용 많음"},
        "network": {"en": "network-heavy", "ko": "네트워크 사용 많음"},
        "processes": {"en": "many processes", "ko": "프로세스 많음"},
        "system": {"en": "kernel-heavy", "ko": "커널 활동 많음"},
        "hardware": {"en": "hot", "ko": "온도 높음"},
    }
)
# Parts of a day by the hours they begin and end at.
PARTS: Mapping[tuple[int, int], Name] = MappingProxyType(
    {
        (0, 6): {"en": "nights", "ko": "새벽"},
        (6, 12): {"en": "mornings", "ko": "오전"},
        (12, 18): {"en": "afternoons", "ko": "오후"},
        (18, 24): {"en": "evenings", "ko": "저녁"},
    }
)
STANDS_OUT = 0.5
MOSTLY = 0.6


def state_names(states: States, catalogue: Sequence[Feature], utc_offset_hours: int = 0) -> tuple[Name, ...]:
    """One name for each state, all different; hours of day are those of a place `utc_offset_hours` east of UTC."""
    groups = {feature.name: feature.group for feature in catalogue if feature.worse != "low"}
    levels = busyness(states, groups)
    found: list[Name] = []
    for s, label in enumerate(states.labels):
        words = activity(levels, s) if len(states.labels) > 1 else USUAL
        part = part_of_day(states, s, utc_offset_hours) if len(states.labels) > 1 else None
        name: dict[Language, str] = dict(words)
        if part:
            name = {"en": f"{words['en']}, {part['en']}", "ko": f"{words['ko']}, {part['ko']}"}
        if name in found:
            name = {"en": f"{name['en']} ({label})", "ko": f"{name['ko']} ({label})"}
        found.append(name)
    return tuple(found)


def busyness(states: States, groups: Mapping[str, str]) -> Mapping[str, Points]:
    """How far each state lies above the host's average by group, in spreads: the mean of the group's features."""
    average = states.shares @ states.centroids
    above = (states.centroids - average) / states.scale
    columns: dict[str, list[int]] = {}
    for f, feature in enumerate(states.features):
        if feature in groups and np.isfinite(above[:, f]).all():
            columns.setdefault(groups[feature], []).append(f)
    return {group: above[:, chosen].mean(axis=1) for group, chosen in columns.items()}


def activity(levels: Mapping[str, Points], state: int) -> Name:
    """What the state is busiest with; idle where it is busier than average with nothing."""
    known = {group: level[state] for group, level in levels.items() if group in BUSY}
    if not known:
        return USUAL
    busiest = max(known, key=lambda group: known[group])
    if known[busiest] > STANDS_OUT:
        return BUSY[busiest]
    return IDLE if sum(known.values()) < 0 else USUAL


def part_of_day(states: States, state: int, utc_offset_hours: int) -> Name | None:
    """The part of the day that holds most of the state's time, if one does."""
    hours = np.roll(np.nan_to_num(states.by_hour[:, state]), utc_offset_hours)
    total = hours.sum()
    for (begin, end), name in PARTS.items():
        if total > 0 and hours[begin:end].sum() > MOSTLY * total:
            return name
    return None
