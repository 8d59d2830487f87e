"""What the judge does not tell, why, and when it tells it after all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Feature, Finding, Fleet, Host, Matcher, Opinion, Opinionated, Quiet, Quieting, Scores, Silence
from analyzer.judge import Calibration, Judge, Memory, Verdict
from analyzer.judge.ladder import LEVELS
from analyzer.wording import say_quiet

STEP = timedelta(seconds=60)
BEGIN = 1_767_571_200.0  # 2026-01-05 00:00 UTC
NAMES = ("cpu", "disk", "net")
FEATURES = tuple(
    Feature(name, "ratio", name, f"{name}{{$selector}}", {"en": name, "ko": name}, minimum_effect=0.1) for name in NAMES
)
LIMITED = Feature("full", "ratio", "fs", "full{$selector}", {"en": "full", "ko": "full"}, limit=1.0, saturates_at=0.9)
USUAL = dict.fromkeys(NAMES, (0.1, 0.3))
CALM = [0.1] * 30
NOTHING = Quieting()


def at(row: int) -> datetime:
    return datetime.fromtimestamp(BEGIN, UTC) + row * STEP


def times(first: int, count: int) -> np.ndarray:
    return BEGIN + 60.0 * np.arange(first, first + count, dtype=np.float64)


def judged(
    heights: list[float],
    memory: Memory,
    quieting: Quieting = NOTHING,
    *,
    first: int = 0,
    blame: tuple[float, float, float] = (0.8, 0.2, 0.0),
    host: str = "web-1",
    moved: float | tuple[float, float, float] = 0.5,
) -> Verdict:
    """Rows of one host: where it is at least 1 high, its features are `moved` from their usual 0.2."""
    high, far = np.array(heights) >= 1, np.broadcast_to(moved, 3)[:, None]
    values = np.where(high, 0.2 + far, 0.2).astype(np.float32)[None]
    fleet = Fleet((Host(host, "node", "web"),), NAMES, times(first, len(heights)), values)
    shares = np.tile(np.array([blame], np.float32), (len(heights), 1))
    said = Scores(host, "ensemble", NAMES, fleet.times, -np.expm1(-np.array(heights, np.float32)), shares)
    calm = Calibration(np.where(LEVELS <= 0.5, 120, 0).astype(np.float32), 5.0, USUAL)
    now = at(first + len(heights) - 1)
    return Judge(FEATURES, STEP).judge(now, fleet, {host: said}, {host: calm}, memory, quieting=quieting)


def an_anomaly(
    height: float = 3.0, blame: tuple[float, float, float] = (0.8, 0.2, 0.0), host: str = "web-1"
) -> Finding:
    (finding,) = judged([*CALM, height, height], Memory(), blame=blame, host=host).findings
    return finding


def said(finding: Finding, opinion: Opinion = "not_an_anomaly") -> Opinionated:
    """As the store gives it; another day's episode, so that it has another name."""
    shares = {cause.feature: cause.share for cause in finding.causes}
    return Opinionated("past", opinion, finding.kind, finding.host, finding.severity, finding.score, shares)


PAST = said(an_anomaly())
QUIET_BY_FEEDBACK = Quiet("feedback", "past")


def quiet_of(verdict: Verdict) -> list[Quiet | None]:
    return [finding.quiet for finding in verdict.findings]


def test_the_like_of_what_someone_called_no_anomaly_is_not_told() -> None:
    verdict = judged([*CALM, 3.2, 3.2], Memory(), Quieting(opinions=(PAST,)))
    assert quiet_of(verdict) == [QUIET_BY_FEEDBACK]
    assert not verdict.findings[0].told


@pytest.mark.parametrize(
    ("height", "blame", "host"),
    [
        pytest.param(4.5, (0.8, 0.2, 0.0), "web-1", id="clearly stronger"),
        pytest.param(3.0, (0.0, 0.2, 0.8), "web-1", id="of other causes"),
        pytest.param(3.0, (0.8, 0.2, 0.0), "web-2", id="of another host"),
    ],
)
def test_what_is_not_like_it_is_told(height: float, blame: tuple[float, float, float], host: str) -> None:
    verdict = judged([*CALM, height, height], Memory(), Quieting(opinions=(PAST,)), blame=blame, host=host)
    assert quiet_of(verdict) == [None]


def test_a_quiet_one_that_grows_clearly_stronger_is_told_and_stays_told() -> None:
    asked = Quieting(opinions=(PAST,))
    begun = judged([*CALM, 3.0, 3.0], Memory(), asked)
    assert quiet_of(begun) == [QUIET_BY_FEEDBACK]
    grown = judged([5.0], begun.memory, asked, first=32)
    assert quiet_of(grown) == [None]
    ended = judged([0.1] * 12, grown.memory, asked, first=33)
    assert [(finding.firing, finding.told) for finding in ended.findings] == [(False, True)]


def test_what_was_told_is_not_hushed_by_a_word_about_another_one() -> None:
    opened = judged([*CALM, 3.0, 3.0], Memory())
    later = judged([3.0], opened.memory, Quieting(opinions=(PAST,)), first=32)
    assert quiet_of(later) == [None]


def test_a_word_about_the_very_one_that_fires_counts_at_once_and_its_undoing_too() -> None:
    opened = judged([*CALM, 3.0, 3.0], Memory())
    own = replace(PAST, fingerprint=opened.findings[0].fingerprint)
    hushed = judged([3.0], opened.memory, Quieting(opinions=(own,)), first=32)
    assert quiet_of(hushed) == [Quiet("feedback")]
    assert quiet_of(judged([3.0], hushed.memory, first=33)) == [None]


def test_the_last_word_on_the_like_counts() -> None:
    useful = replace(PAST, fingerprint="newer", opinion="useful")
    assert quiet_of(judged([*CALM, 3.0, 3.0], Memory(), Quieting(opinions=(useful, PAST)))) == [None]
    assert quiet_of(judged([*CALM, 3.0, 3.0], Memory(), Quieting(opinions=(PAST, useful)))) == [QUIET_BY_FEEDBACK]


def full(value: float, opinions: tuple[Opinionated, ...] = ()) -> Finding:
    rows = Fleet((Host("web-1"),), ("full",), times(0, 3), np.full((1, 1, 3), value, np.float32))
    verdict = Judge((LIMITED,), STEP).judge(at(2), rows, {}, {}, Memory(), quieting=Quieting(opinions=opinions))
    (finding,) = verdict.findings
    return finding


def test_a_limit_that_someone_called_no_anomaly_is_told_again_once_it_is_critical() -> None:
    past = said(full(0.91))
    assert full(0.92, (past,)).quiet == QUIET_BY_FEEDBACK
    assert full(0.97, (past,)).told


def silence(label: str, value: str, hours: float = 1.0) -> Silence:
    matcher = Matcher(label, "=", value)
    return Silence("s1", (matcher,), at(0), at(0) + timedelta(hours=hours), "upgrade", "kim", at(0))


@pytest.mark.parametrize(
    ("label", "value"),
    [("host", "web-1"), ("job", "node"), ("nodename", "web"), ("kind", "anomaly"), ("cause", "disk")],
)
def test_a_planned_silence_quiets_what_it_fits_with_its_comment(label: str, value: str) -> None:
    verdict = judged([*CALM, 3.0, 3.0], Memory(), Quieting(silences=(silence(label, value),)))
    assert quiet_of(verdict) == [Quiet("silence", "s1", "upgrade")]


def test_a_silence_quiets_what_was_told_and_what_still_fires_afterwards_is_told() -> None:
    opened = judged([*CALM, 3.0, 3.0], Memory())
    asked = Quieting(silences=(silence("host", "web-1"),), opinions=(PAST,))
    hushed = judged([3.0] * 4, opened.memory, asked, first=32)
    assert [finding.quiet for finding in hushed.findings] == [Quiet("silence", "s1", "upgrade")]
    over = judged([3.0] * 30, hushed.memory, asked, first=36)
    assert quiet_of(over) == [None]
    assert over.findings[0].fingerprint == opened.findings[0].fingerprint


def test_what_someone_said_of_a_finding_itself_is_told_as_that() -> None:
    assert say_quiet(Quiet("feedback")) == "Not told: someone called it no anomaly."
    assert say_quiet(Quiet("feedback"), "ko") == "알리지 않음: 이상이 아니라고 평가되었습니다."
    assert say_quiet(QUIET_BY_FEEDBACK) == "Not told: it is like past, which someone called no anomaly."


def test_an_anomaly_none_of_whose_causes_moved_by_what_matters_is_not_told() -> None:
    assert quiet_of(judged([*CALM, 3.0, 3.0], Memory(), moved=0.05)) == [Quiet("small")]
    assert quiet_of(judged([*CALM, 3.0, 3.0], Memory(), moved=0.11)) == [None]
    assert quiet_of(judged([*CALM, 3.0, 3.0], Memory(), moved=-0.11)) == [None]


@pytest.mark.parametrize(
    ("moved", "blame", "quiet"),
    [
        ((0.05, 0.5, 0.05), (0.5, 0.3, 0.2), Quiet("small")),
        ((0.05, 0.5, 0.5), (0.4, 0.3, 0.3), None),
        ((0.5, 0.05, 0.05), (0.4, 0.3, 0.3), None),
    ],
    ids=["a small part of it", "most of it", "its first cause"],
)
def test_a_little_cause_that_moved_makes_nothing_of_an_anomaly(
    moved: tuple[float, float, float], blame: tuple[float, float, float], quiet: Quiet | None
) -> None:
    assert quiet_of(judged([*CALM, 3.0, 3.0], Memory(), moved=moved, blame=blame)) == [quiet]


def test_what_is_told_survives_a_restart() -> None:
    opened = judged([*CALM, 3.0, 3.0], Memory())
    restored = Memory.load(opened.memory.dump())
    assert quiet_of(judged([3.0], restored, Quieting(opinions=(PAST,)), first=32)) == [None]
