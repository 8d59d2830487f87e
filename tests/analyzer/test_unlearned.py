"""What a host was told for is no lesson in what is usual, unless it lasts or people say otherwise."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.cycle import Cycle
from analyzer.data import (
    Cause,
    Evidence,
    Fetched,
    Finding,
    Fleet,
    Frame,
    Host,
    Opinion,
    Opinionated,
    Precedent,
    QuietReason,
    Severity,
    Values,
    Window,
)
from analyzer.host_models import HostModels, fit_host
from analyzer.judge import Episode, Judge, Memory
from analyzer.judge.ladder import LEVELS, heights_of
from analyzer.judge.unlearned import told_spans, unlearned
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.store import Store
from analyzer.training import Trainer

STEP, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = 1440
NAMES = ("cpu", "writes", "reads", "memory", "load", "errors")
# Of a day of minutes; ten minutes each.
BURSTS = (200, 430, 660, 890, 1120)


def a_day(bursts: tuple[int, ...], seed: int = 3) -> Values:
    """Noise; in bursts the disks write and the processor has more to do."""
    values = np.random.default_rng(seed).normal(0.0, 1.0, (DAY, len(NAMES)))
    for begin in bursts:
        values[begin : begin + 10, :2] += (7.0, 5.0)
    return values.astype(np.float32)


def day_before(at: datetime) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(at.timestamp() - 60.0 * np.arange(DAY - 1, -1, -1), np.float64)


def the_next_burst(models: HostModels) -> float:
    """How high the like of it is in the hours after."""
    values, times = a_day((1300,), seed=4), day_before(NOW + timedelta(days=1))
    scores = models.score(Frame("db-1", NAMES, times, values))[-1]
    return float(heights_of(scores)[1300:1320].max())


def test_what_was_told_is_heard_again_as_loud_after_learning_anew() -> None:
    history = Frame("db-1", NAMES, day_before(NOW), a_day(BURSTS))
    spans = tuple((float(history.times[at]), float(history.times[at + 9])) for at in BURSTS)
    learned, not_learned, never_came = (
        fit_host(history, NOW, 60.0),
        fit_host(history, NOW, 60.0, told=spans),
        fit_host(replace(history, values=a_day(())), NOW, 60.0),
    )
    heights = [the_next_burst(models) for models in (learned, not_learned, never_came)]
    assert heights[0] < 0.8 * heights[1]
    assert heights[1] > 0.9 * heights[2]


def test_what_was_told_does_not_raise_the_bar_a_second_time_as_history() -> None:
    history, begin = Frame("db-1", NAMES, day_before(NOW), a_day(BURSTS[:1])), BURSTS[0]
    span = (float(history.times[begin]), float(history.times[begin + 9]))
    counted, left_out = (fit_host(history, NOW, 60.0, told=told).calibration for told in ((), (span,)))
    clearly = int(np.searchsorted(LEVELS, 1.5))
    assert (counted.episodes[clearly], left_out.episodes[clearly]) == (1, 0)
    assert left_out.days < counted.days


def past(quiet: QuietReason | None, hours_ago: int, lasted: timedelta = HOUR) -> Precedent:
    begin = NOW - hours_ago * HOUR
    return Precedent("db-1", begin, begin + lasted, 1, 0.9, {"writes": 1.0}, f"f{hours_ago}", quiet=quiet)


def hours_ago(spans: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    return [((NOW.timestamp() - begin) / 3600, (NOW.timestamp() - end) / 3600) for begin, end in spans]


def test_what_was_told_or_silenced_is_no_lesson_and_what_is_usual_by_now_is_one() -> None:
    every: tuple[QuietReason | None, ...] = (None, "silence", "reboot", "recurring", "feedback", "small")
    anomalies = tuple(past(quiet, 20 - 3 * place) for place, quiet in enumerate(every))
    memory = Memory(past={"db-1": anomalies, "web-1": (past(None, 2),)})
    assert hours_ago(told_spans("db-1", memory, ())) == [(20, 19), (17, 16), (14, 13)]
    assert told_spans("db-2", memory, ()) == ()


def test_what_people_say_afterwards_counts_and_their_last_word_most() -> None:
    def said(opinion: Opinion, ago: int, host: str = "db-1", kind: str = "anomaly") -> Opinionated:
        return Opinionated(f"f{ago}", opinion, kind, host, 1, 0.9, {}, NOW - ago * HOUR)

    memory = Memory(past={"db-1": (past(None, 9), past("recurring", 6), past(None, 3))})
    opinions = (
        said("not_an_anomaly", 9),
        said("useful", 9),
        said("useful", 6),
        said("not_an_anomaly", 3, host="web-1"),
        said("not_an_anomaly", 3, kind="silent"),
    )
    assert hours_ago(told_spans("db-1", memory, opinions)) == [(6, 5), (3, 2)]


def test_what_is_not_over_is_no_lesson_from_its_beginning_to_its_last_unusual_row() -> None:
    at = NOW.timestamp()
    fires = Episode("anomaly", "db-1", at - 7200, told=True, out_until=at - 3600)
    others = (replace(fires, kind="silent"), replace(fires, host="web-1"), replace(fires, told=False))
    memory = Memory(episodes=(fires, *others, replace(fires, starts_at=at - 1800, out_until=None)))
    assert told_spans("db-1", memory, ()) == ((at - 7200, at - 3600), (at - 1800, math.inf))


def test_a_span_is_left_out_with_those_in_which_it_grew_or_is_remembered() -> None:
    times = day_before(NOW)
    rows = unlearned(times, ((times[100], times[110]), (times[1400] + 1, math.inf), (0.0, times[0] - 60), (1e12, 2e12)))
    assert rows is not None
    assert rows.tolist() == [*range(98, 141), *range(1399, 1440)]
    assert unlearned(times, ((0.0, times[0] - 60),)) is None
    assert unlearned(times, ()) is None
    assert unlearned(times[:0], ((0.0, math.inf),)) is None


def test_what_lasts_becomes_usual_some_day() -> None:
    """An eighth of what is known, and never more than six hours of it, are no lesson."""
    day = day_before(NOW)
    lasts = ((float(day[720]), math.inf),)
    of_a_day = unlearned(day, lasts)
    assert of_a_day is not None
    assert of_a_day.tolist() == [*range(718, 930)]
    week = np.asarray(NOW.timestamp() - 60.0 * np.arange(7 * DAY - 1, -1, -1), np.float64)
    of_a_week = unlearned(week, ((float(week[2000]), math.inf),))
    assert of_a_week is not None
    assert of_a_week.tolist() == [*range(1998, 2391)]


def test_a_host_that_was_told_for_most_of_what_is_known_is_learned_from_all_of_it() -> None:
    times = day_before(NOW)
    spans = tuple((float(times[at]), float(times[at + 150])) for at in range(0, 1280, 160))
    assert unlearned(times, spans) is None
    left = unlearned(times, spans[::4])
    assert left is not None
    assert len(left) == 2 * (151 + 30) + 2


@dataclass
class Bursts:
    """One host, whose day before any moment had bursts at the same minutes of it."""

    name: str = "bursts"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        values = a_day(BURSTS)[-window.steps :].T[None]
        return Fetched(Fleet((Host(host or "db-1"),), NAMES, window.times, values), self.name)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


async def learned(store: Store) -> HostModels:
    """What an analyzer that starts with this store has learned after its first round."""
    source = Bursts()
    trainer = Trainer(source, STEP, history=(DAY - 1) * STEP)
    cycle = Cycle(source, trainer, Prospects(source, ()), Judge((), STEP), (), (), STEP, HOUR)
    rounds = Rounds(cycle, store, timedelta(days=90))
    await rounds.look(NOW)
    await rounds.train(NOW)
    models = trainer.models("db-1")
    assert isinstance(models, HostModels)
    return models


async def test_after_a_restart_what_was_told_before_is_still_no_lesson(store: Store) -> None:
    before = the_next_burst(await learned(store))
    day = [datetime.fromtimestamp(float(at), UTC) for at in day_before(NOW)]
    proof = Evidence("x", Window(NOW, NOW, STEP), "db-1", "writes", "", 7.0, -1.0, 1.0)
    told = [
        Finding("anomaly", "db-1", Severity.WARNING, day[at], day[at + 10], 0.9, (Cause("writes", 1.0, proof),))
        for at in BURSTS
    ]
    await store.findings.record(told, NOW)
    assert before < 0.8 * the_next_burst(await learned(store))
