"""Another trouble soon after one that was told is told too; the same trouble again is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Feature, Finding, Fleet, Host, Precedent, Scores, Severity, Values
from analyzer.judge import Calibration, Judge, Memory, Verdict
from analyzer.judge.ladder import LEVELS
from analyzer.judge.stories import Story, another, leading

STEP = timedelta(seconds=60)
BEGIN = 1_767_571_200.0  # 2026-01-05 00:00 UTC
NAMES = ("cpu", "disk", "network", "memory")
FEATURES = tuple(Feature(name, "ratio", name, f"{name}{{$selector}}", {"en": name}) for name in NAMES)
USUAL = dict.fromkeys(NAMES, (0.1, 0.3))
CPU, DISK, NETWORK = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)
CALM, HOUR = 0.1, 60

# How high each row is with what is remembered, how high by itself, and what it is put down to.
Row = tuple[float, float, tuple[float, float, float, float]]


def rows(count: int, height: float, causes: tuple[float, ...] = CPU, own: float | None = None) -> list[Row]:
    return [(height, height if own is None else own, causes)] * count  # type: ignore[list-item]


def calm(count: int) -> list[Row]:
    return rows(count, CALM)


def at(row: int) -> datetime:
    return datetime.fromtimestamp(BEGIN, UTC) + row * STEP


def judged(told: list[Row], memory: Memory | None = None, first: int = 0, reached: float = 0.5) -> Verdict:
    """By a judge whose host `reached` so much once an hour in five days of history, and nothing higher ever."""
    heights, own, shares = (np.array(part, np.float32) for part in zip(*told, strict=True))
    times = BEGIN + 60.0 * np.arange(first, first + len(told), dtype=np.float64)
    scores = Scores("web-1", "ensemble", NAMES, times, score(heights), shares, None, score(own))
    known = Calibration(np.where(reached >= LEVELS, 120, 0).astype(np.float32), 5.0, USUAL)
    values = np.full((1, len(NAMES), len(told)), 0.9, np.float32)
    fleet = Fleet((Host("web-1"),), NAMES, times, values)
    judge = Judge(FEATURES, STEP)
    return judge.judge(at(first + len(told) - 1), fleet, {"web-1": scores}, {"web-1": known}, memory or Memory())


def score(heights: Values) -> Values:
    return np.asarray(-np.expm1(-heights), np.float32)


def heard(told: list[Row], reached: float = 0.5) -> list[tuple[int, str]]:
    """Minute and first cause of each finding, all rows at once."""
    found = sorted(judged(told, reached=reached).findings, key=lambda finding: finding.starts_at)
    return [(round((one.starts_at - at(0)) / STEP), one.causes[0].feature) for one in found]


TROUBLE = [*calm(30), *rows(5, 3.0, CPU), *calm(HOUR)]


def test_another_trouble_an_hour_after_one_that_was_higher_is_told() -> None:
    assert heard([*TROUBLE, *rows(5, 2.0, DISK)]) == [(30, "cpu"), (95, "disk")]


def test_it_is_as_severe_as_it_is_above_what_history_lets_expect() -> None:
    """Else nobody would be notified of what is just as bad as the first."""
    told = judged([*TROUBLE, *rows(2, 1.6, DISK)], reached=1.0).findings
    assert [(f.causes[0].feature, f.severity) for f in told if f.firing] == [("disk", Severity.WARNING)]


def test_the_same_trouble_again_is_not() -> None:
    assert heard([*TROUBLE, *rows(5, 2.0, CPU)]) == [(30, "cpu")]


def test_nor_is_one_that_is_much_the_same() -> None:
    assert heard([*TROUBLE, *rows(5, 2.0, (0.6, 0.4, 0.0, 0.0))]) == [(30, "cpu")]


def test_the_same_trouble_clearly_higher_is_told() -> None:
    assert heard([*TROUBLE, *rows(5, 3.8, CPU)]) == [(30, "cpu"), (95, "cpu")]


def test_another_story_is_half_as_high_again_as_what_history_lets_expect() -> None:
    assert heard([*TROUBLE, *rows(5, 1.4, DISK)], reached=1.0) == [(30, "cpu")]
    assert heard([*TROUBLE, *rows(5, 1.6, DISK)], reached=1.0) == [(30, "cpu"), (95, "disk")]


def test_as_low_as_noise_it_is_none() -> None:
    assert heard([*TROUBLE, *rows(5, 0.79, DISK)]) == [(30, "cpu")]


def test_what_was_told_in_another_life_is_known() -> None:
    """The store tells it after a restart."""
    before = judged(TROUBLE)
    again = Memory.load(before.memory.dump())
    assert again.past == {}
    assert [f.causes[0].feature for f in judged(rows(5, 2.0, CPU), again, len(TROUBLE)).findings] == ["cpu"]
    known = replace(again, past=before.memory.past)
    assert judged(rows(5, 2.0, CPU), known, len(TROUBLE)).findings == ()


def test_another_trouble_while_the_first_is_only_remembered_is_a_finding_of_its_own() -> None:
    remembered = rows(10, 2.5, CPU, own=CALM)
    told = judged([*calm(30), *rows(3, 3.0, CPU), *remembered, *rows(3, 3.0, NETWORK)]).findings
    assert [(f.starts_at, f.ends_at, f.causes[0].feature) for f in told] == [
        (at(30), at(33), "cpu"),
        (at(43), None, "network"),
    ]
    assert len({finding.fingerprint for finding in told}) == 2


@pytest.mark.parametrize(("quiet", "causes"), [(9, NETWORK), (10, (0.6, 0.0, 0.4, 0.0))])
def test_what_goes_on_at_once_or_with_much_the_same_stays_one_finding(
    quiet: int, causes: tuple[float, float, float, float]
) -> None:
    told = [*calm(30), *rows(3, 3.0, CPU), *rows(quiet, 2.5, CPU, own=CALM), *rows(3, 2.9, causes)]
    assert [finding.starts_at for finding in judged(told).findings] == [at(30)]


def test_of_two_troubles_in_a_remembered_alarm_the_second_ends_by_its_own_bar() -> None:
    """Its alarm lasts until it, too, is half of what another story must be."""
    told = [*calm(30), *rows(3, 3.0, CPU), *rows(10, 2.5, CPU, own=CALM), *rows(3, 3.0, NETWORK), *calm(12)]
    assert [(f.starts_at, f.ends_at) for f in judged(told).findings] == [(at(30), at(33)), (at(43), at(46))]


def test_row_by_row_or_all_at_once_the_same_is_told() -> None:
    every = [*TROUBLE, *rows(3, 2.0, DISK), *rows(12, 1.9, DISK, own=CALM), *rows(3, 2.6, NETWORK), *calm(12)]
    memory, told = Memory(), dict[str, Finding]()
    for row, one in enumerate(every):
        verdict = judged([one], memory, row)
        memory, told = verdict.memory, told | {each.fingerprint: each for each in verdict.findings}
    whole = {each.fingerprint: each for each in judged(every).findings}
    assert [(each.starts_at, each.ends_at) for each in whole.values()] == [
        (each.starts_at, each.ends_at) for each in told.values()
    ]
    assert len(told) == 3


def test_a_host_that_tells_a_new_story_each_hour_is_told_of_no_more_than_so_many_a_day() -> None:
    """Each has causes of its own: what was learned is not this host any more."""
    known = [Story(BEGIN + 3600.0 * n, 2.0, {f"feature_{n}": 1.0}) for n in range(12)]
    now = BEGIN + 3600.0 * 12
    assert another(Story(now, 2.0, {"other": 1.0}), known[1:])
    assert not another(Story(now, 2.0, {"other": 1.0}), known)
    assert another(Story(now, 2.0, {"other": 1.0}), known, believed_per_day=12.5)
    assert another(Story(BEGIN + 86400.0 + 1.0, 2.0, {"other": 1.0}), known)


def test_what_nobody_was_told_of_does_not_count_for_that() -> None:
    known = [Story(BEGIN + 3600.0 * n, 2.0, {f"feature_{n}": 1.0}, told=n > 0) for n in range(12)]
    assert another(Story(BEGIN + 3600.0 * 12, 2.0, {"other": 1.0}), known)
    quiet = Precedent("web-1", at(3), at(9), 2, 0.9, {"cpu": 1.0}, quiet="small")
    assert not Story.past(quiet).told


def test_a_story_is_put_down_to_the_five_causes_that_a_finding_tells() -> None:
    assert leading({"a": 4.0, "b": 2.0, "c": 1.0, "d": 1.0, "e": 1.0, "f": 1.0}) == {
        "a": 0.4,
        "b": 0.2,
        "c": 0.1,
        "d": 0.1,
        "e": 0.1,
    }
    assert leading({}) == {}


def test_a_finding_of_the_past_is_a_story_of_its_height() -> None:
    known = Precedent("web-1", at(3), at(9), 2, 1.0 - np.exp(-2.0), {"cpu": 1.0})
    story = Story.past(known)
    assert (story.starts_at, story.shares) == (BEGIN + 180.0, {"cpu": 1.0})
    assert story.peak == pytest.approx(2.0)
