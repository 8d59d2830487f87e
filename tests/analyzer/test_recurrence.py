"""What comes at its own time of day is known and not told; what is larger, longer or of other days is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.data import Feature, Fleet, Host, Opinionated, Precedent, Quiet, Quieting, Scores
from analyzer.judge import Calibration, Judge, Memory, Verdict
from analyzer.judge.ladder import LEVELS
from analyzer.judge.recurrence import expected_height, recalled
from analyzer.wording import say_quiet

STEP, DAY = timedelta(seconds=60), timedelta(days=1)
MONDAY = datetime(2026, 1, 19, 2, 0, tzinfo=UTC)
NAMES = ("writes", "cpu")
FEATURES = tuple(Feature(name, "ratio", name, f"{name}{{$selector}}", {"en": name, "ko": name}) for name in NAMES)
CALM = Calibration(np.where(LEVELS <= 0.5, 120, 0).astype(np.float32), 5.0, dict.fromkeys(NAMES, (0.1, 0.3)))
BACKUP, OTHER = (0.9, 0.1), (0.1, 0.9)
NOTHING = Quieting()
JUDGE = Judge(FEATURES, STEP)


def judged(
    at: datetime,
    memory: Memory,
    *,
    minutes: int = 10,
    height: float = 2.0,
    blame: tuple[float, float] = BACKUP,
    quieting: Quieting = NOTHING,
    known: Calibration = CALM,
    over: bool = True,
    zone: tzinfo = UTC,
) -> Verdict:
    """The verdict on a job that begins at `at`, on its last step; with `over`, memory is that of half an hour later."""
    heights = [0.1] * 30 + [height] * minutes
    judge = Judge(FEATURES, STEP, zone=zone)
    verdict = _verdict(judge, at - 30 * STEP, heights, memory, blame, quieting, known)
    rest = [0.1] * 30
    after = _verdict(judge, at + minutes * STEP, rest, verdict.memory, blame, quieting, known) if over else verdict
    return replace(verdict, memory=after.memory)


def _verdict(
    judge: Judge,
    begin: datetime,
    heights: Sequence[float],
    memory: Memory,
    blame: tuple[float, float],
    quieting: Quieting,
    known: Calibration,
    moments: Sequence[float] | None = None,
) -> Verdict:
    times = begin.timestamp() + 60.0 * np.arange(len(heights), dtype=np.float64)
    values = np.where(np.array(heights) >= 1, 0.9, 0.2).astype(np.float32)
    fleet = Fleet((Host("db-1"),), NAMES, times, np.tile(values, (1, 2, 1)))
    shares = np.tile(np.array([blame], np.float32), (len(heights), 1))
    said = Scores("db-1", "ensemble", NAMES, times, -np.expm1(-np.array(heights, np.float32)), shares)
    if moments is not None:
        said = replace(said, moments=-np.expm1(-np.array(moments, np.float32)))
    now = datetime.fromtimestamp(times[-1], UTC)
    return judge.judge(now, fleet, {"db-1": said}, {"db-1": known}, memory, quieting=quieting)


def after(days_ago: Sequence[int], minutes: Sequence[int] = (0,)) -> Memory:
    """What is known after the job came so many days before Monday the 19th, each a few minutes late or early."""
    memory = Memory()
    for place, ago in enumerate(sorted(days_ago, reverse=True)):
        memory = next_day(judged(MONDAY - ago * DAY + minutes[place % len(minutes)] * STEP, memory))
    return memory


def next_day(verdict: Verdict) -> Memory:
    """What is left of it: the bar is as it was, after all the calm hours that are not played here."""
    return Memory(past=verdict.memory.past)


def quiet(verdict: Verdict) -> Quiet | None:
    (finding,) = verdict.findings
    return finding.quiet


def test_a_nightly_job_is_told_three_times_and_then_no_more_with_the_days_it_came() -> None:
    memory, told = Memory(), []
    for ago in (4, 3, 2, 1, 0):
        verdict = judged(MONDAY - ago * DAY, memory)
        told.append(quiet(verdict))
        memory = next_day(verdict)
    assert told[:3] == [None, None, None]
    assert [reason and (reason.reason, reason.note) for reason in told[3:]] == [
        ("recurring", "2026-01-15, 2026-01-16, 2026-01-17"),
        ("recurring", "2026-01-16, 2026-01-17, 2026-01-18"),
    ]


def test_the_reason_names_the_last_one_and_is_said_in_both_languages() -> None:
    memory = after([3, 2, 1])
    last = memory.past["db-1"][-1].fingerprint
    reason = quiet(judged(MONDAY, memory))
    assert reason == Quiet("recurring", last, "2026-01-16, 2026-01-17, 2026-01-18")
    days = f"2026-01-16, 2026-01-17, 2026-01-18, the last time as {last}"
    assert say_quiet(reason) == f"Not told: the like came at this hour on earlier days ({days})."
    assert last in say_quiet(reason, "ko")


@pytest.mark.parametrize(
    ("days_ago", "known"),
    [
        pytest.param([3, 2], False, id="two nights are too few"),
        pytest.param([6, 4, 1], True, id="three of the last seven are enough"),
        pytest.param([9, 8, 1], False, id="three of ten are not"),
        pytest.param([14, 7], True, id="this weekday in both of the last weeks"),
        pytest.param([14], False, id="this weekday once"),
        pytest.param([15, 13, 12, 11, 9, 8, 6, 5, 4, 3, 2, 1], False, id="every weekday but this one for two weeks"),
        pytest.param([13, 12, 11, 9, 8, 6, 5, 4, 3, 2, 1], True, id="not known for two weeks"),
    ],
)
def test_known_is_what_came_on_three_of_seven_days_or_on_this_weekday_twice(
    days_ago: list[int], *, known: bool
) -> None:
    assert (quiet(judged(MONDAY, after(days_ago))) is not None) is known


@pytest.mark.parametrize(
    ("late", "known"), [pytest.param(25, True, id="a little"), pytest.param(50, False, id="an hour")]
)
def test_a_job_may_begin_a_little_earlier_or_later_than_it_does(late: int, *, known: bool) -> None:
    assert (quiet(judged(MONDAY + late * STEP, after([3, 2, 1], [0, 3, -3]))) is not None) is known


@pytest.mark.parametrize(
    ("height", "minutes", "blame"),
    [
        pytest.param(2.6, 10, BACKUP, id="much larger"),
        pytest.param(2.0, 65, BACKUP, id="much longer"),
        pytest.param(2.0, 10, OTHER, id="of other causes"),
    ],
)
def test_what_is_not_the_usual_at_that_hour_is_told(height: float, minutes: int, blame: tuple[float, float]) -> None:
    memory = after([3, 2, 1])
    assert quiet(judged(MONDAY, memory)) is not None
    assert quiet(judged(MONDAY, memory, height=height, minutes=minutes, blame=blame, over=False)) is None


def test_one_that_outgrows_the_usual_while_it_lasts_is_told_then_and_stays_told() -> None:
    begun = judged(MONDAY, after([3, 2, 1]), over=False)
    assert quiet(begun) is not None
    grown = _verdict(JUDGE, MONDAY + 10 * STEP, [3.0], begun.memory, BACKUP, NOTHING, CALM)
    assert quiet(grown) is None
    calmer = _verdict(JUDGE, MONDAY + 11 * STEP, [2.0], grown.memory, BACKUP, NOTHING, CALM)
    assert quiet(calmer) is None


def test_a_job_does_not_outgrow_the_usual_by_what_scores_remember_of_it() -> None:
    heights, moments = [0.1] * 30 + [2.0] * 65, [0.1] * 30 + [2.0] * 10 + [0.1] * 55
    verdict = _verdict(JUDGE, MONDAY - 30 * STEP, heights, after([3, 2, 1]), BACKUP, NOTHING, CALM, moments)
    known = quiet(verdict)
    assert known is not None
    assert known.reason == "recurring"


def test_who_calls_the_like_useful_hears_it_at_every_hour() -> None:
    memory = after([3, 2, 1])
    useful = Opinionated("past", "useful", "anomaly", "db-1", 1, 0.5, {"writes": 0.9, "cpu": 0.1})
    assert quiet(judged(MONDAY, memory, quieting=Quieting(opinions=(useful,)))) is None


def test_a_useful_one_that_fires_is_told_at_once() -> None:
    begun = judged(MONDAY, after([3, 2, 1]), over=False)
    own = Opinionated(begun.findings[0].fingerprint, "useful", "anomaly", "db-1", 1, 0.5, {"writes": 1.0})
    told = _verdict(JUDGE, MONDAY + 10 * STEP, [2.0], begun.memory, BACKUP, Quieting(opinions=(own,)), CALM)
    assert quiet(told) is None


def test_what_history_shows_at_that_hour_is_known_without_having_been_found() -> None:
    seen = tuple(
        Precedent("db-1", MONDAY - ago * DAY, MONDAY - ago * DAY + 9 * STEP, 1, 0.85, {"writes": 1.0})
        for ago in (3, 2, 1)
    )
    assert quiet(judged(MONDAY, Memory(), known=replace(CALM, precedents=seen))) == Quiet(
        "recurring", "", "2026-01-16, 2026-01-17, 2026-01-18"
    )


def test_a_cause_that_goes_half_as_far_again_is_told_whatever_its_score() -> None:
    def seen(writes: float) -> tuple[Precedent, ...]:
        """Nights on which writes, usually 0.1 to 0.3, came to this; now they come to 0.9."""
        days = [MONDAY - ago * DAY for ago in (3, 2, 1)]
        known = {"writes": (0.2, writes)}
        return tuple(Precedent("db-1", at, at + 30 * STEP, 1, 0.99, {"writes": 1.0}, reached=known) for at in days)

    # 0.6 beyond the usual now: 0.45 before is nearly as much, 0.35 is not
    assert quiet(judged(MONDAY, Memory(), known=replace(CALM, precedents=seen(0.75)))) is not None
    assert quiet(judged(MONDAY, Memory(), known=replace(CALM, precedents=seen(0.65)))) is None


def test_the_same_hour_on_another_host_says_nothing() -> None:
    past = after([3, 2, 1]).past["db-1"]
    elsewhere = tuple(replace(one, host="db-2") for one in past)
    assert quiet(judged(MONDAY, replace(Memory(), past={"db-2": elsewhere}))) is None


def test_a_job_whose_beginning_is_out_of_sight_is_still_known_as_what_it_is() -> None:
    """What is left of it in the newest rows is small."""
    caring = Judge(tuple(replace(feature, minimum_effect=0.5) for feature in FEATURES), STEP)
    begun = judged(MONDAY, after([3, 2, 1]), over=False)
    late = _verdict(caring, MONDAY + 10 * STEP, [0.6] * 5, begun.memory, BACKUP, NOTHING, CALM)
    assert [why.reason for why in [quiet(late)] if why] == ["recurring"]


@pytest.mark.parametrize(
    ("nights", "height", "blame", "counts"),
    [
        ([3, 2, 1], 2.0, BACKUP, 0.0),
        ([3, 2], 2.0, BACKUP, 1.0),
        ([3, 2, 1], 3.0, BACKUP, 1.0),
        ([3, 2, 1], 2.0, OTHER, 1.0),
    ],
    ids=["the usual job", "not known yet", "clearly more", "something else"],
)
def test_what_is_known_of_its_hour_does_not_raise_the_bar_for_all_others(
    nights: list[int], height: float, blame: tuple[float, float], counts: float
) -> None:
    """Episodes that reached the lowest level, a minute later: what people are told of costs them something."""
    begun = judged(MONDAY, after(nights), height=height, blame=blame, over=False).memory
    later = _verdict(JUDGE, MONDAY + 10 * STEP, [height], begun, blame, NOTHING, CALM)
    assert float(later.memory.watch.counts[0, 0]) == pytest.approx(counts, abs=0.01)


def test_a_job_that_lasts_is_known_while_it_does() -> None:
    past = [
        Precedent("db-1", MONDAY - ago * DAY, MONDAY - ago * DAY + timedelta(hours=2), 2, 0.8, {"writes": 1.0})
        for ago in (1, 2, 3)
    ]
    at = {
        minutes: expected_height(past, MONDAY + timedelta(minutes=minutes)) for minutes in (-60, -20, 5, 115, 145, 200)
    }
    reached = 1.25 * -math.log(0.2)
    assert at == pytest.approx({-60: -math.inf, -20: reached, 5: reached, 115: reached, 145: reached, 200: -math.inf})
    assert expected_height(past[:2], MONDAY) == -math.inf


@pytest.mark.parametrize(
    ("zone", "hour", "known"),
    [("Europe/Berlin", 3, True), ("Europe/Berlin", 2, True), ("Europe/Berlin", 1, False), ("UTC", 3, False)],
    ids=["by the wall's clock", "by UTC", "by neither", "no such zone was told"],
)
def test_where_clocks_change_a_job_keeps_the_hour_of_the_wall_or_that_of_utc(
    zone: str, hour: int, *, known: bool
) -> None:
    """At half past four in Berlin, which was 2:30 of UTC before the last Sunday of October and is 3:30 after it."""
    memory = Memory()
    for day in (22, 23, 24):
        memory = next_day(judged(datetime(2026, 10, day, 2, 30, tzinfo=UTC), memory))
    verdict = judged(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), memory, zone=ZoneInfo(zone))
    assert (quiet(verdict) is not None) is known


def test_the_days_are_those_of_the_zone() -> None:
    memory = Memory()
    for day in (10, 11, 12):
        memory = next_day(judged(datetime(2026, 1, day, 15, 30, tzinfo=UTC), memory))
    verdict = judged(datetime(2026, 1, 13, 15, 30, tzinfo=UTC), memory, zone=ZoneInfo("Asia/Seoul"))
    assert [why.note for why in [quiet(verdict)] if why] == ["2026-01-11, 2026-01-12, 2026-01-13"]


def test_what_is_older_than_three_weeks_is_forgotten_and_a_host_keeps_its_newest() -> None:
    def one(ago: float) -> Precedent:
        at = MONDAY - ago * DAY
        return Precedent("db-1", at, at + STEP, 1, 0.8, {})

    known = recalled({"db-1": (one(30), one(21))}, [one(ago / 100) for ago in range(100, 0, -1)], MONDAY)
    assert len(known["db-1"]) == 64
    assert known["db-1"][-1].starts_at == MONDAY - DAY / 100
    assert [one.starts_at for one in recalled({"db-1": (one(30),)}, [one(21)], MONDAY)["db-1"]] == [MONDAY - 21 * DAY]


@settings(deadline=None, max_examples=25)
@given(
    days=st.sets(st.integers(1, 21)),
    minutes=st.integers(31, 24 * 60 - 31),
)
def test_however_often_it_came_at_another_hour_it_is_told(days: set[int], minutes: int) -> None:
    at = MONDAY + minutes * STEP
    past = tuple(
        Precedent("db-1", at - ago * DAY, at - ago * DAY + 10 * STEP, 1, 0.9, {"writes": 1.0})
        for ago in sorted(days, reverse=True)
    )
    assert quiet(judged(MONDAY, replace(Memory(), past={"db-1": past}))) is None
