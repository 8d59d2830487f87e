"""A certificate that will end: told exactly, found two weeks before, and taken from the host's health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.data import Feature, Finding, Fleet, Forecast, Host, Severity
from analyzer.features import load_features
from analyzer.forecasters.host import AHEAD, forecast_fleet
from analyzer.health import health
from analyzer.judge import Judge, Memory
from analyzer.wording import say_finding

DAY = 86400.0
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEP = timedelta(minutes=1)
ROWS = 30


@pytest.fixture
def certificate() -> Feature:
    return next(feature for feature in load_features() if feature.name == "certificate_left_seconds")


def fleet(days_left: float) -> Fleet:
    """The newest half hour of a host whose first certificate ends in so many days."""
    times = NOW.timestamp() - 60.0 * np.arange(ROWS - 1, -1, -1, dtype=np.float64)
    left = (days_left * DAY + NOW.timestamp() - times).astype(np.float32)
    return Fleet((Host("web-1"),), ("certificate_left_seconds",), times, left[None, None])


def forecast(certificate: Feature, given: Fleet) -> Forecast:
    (told,) = forecast_fleet(given, (certificate,))["web-1"]
    return told


def findings(certificate: Feature, days_left: float) -> tuple[Finding, ...]:
    return Judge((certificate,), STEP).judge(NOW, fleet(days_left), {}, {}, Memory()).findings


def test_the_day_it_ends_is_told_exactly_without_any_history(certificate: Feature) -> None:
    told = forecast(certificate, fleet(10))
    assert told.exhausted_in == pytest.approx((10 * DAY, 10 * DAY, 10 * DAY), abs=1)
    assert told.times[-1] == NOW.timestamp() + 30 * DAY
    day = int(np.flatnonzero(AHEAD == DAY)[0])
    assert (told.lower[day], told.point[day], told.upper[day]) == pytest.approx((9 * DAY, 9 * DAY, 9 * DAY), abs=1)
    assert told.point[-1] == 0


def test_one_renewed_an_hour_ago_counts_from_its_new_end(certificate: Feature) -> None:
    given = fleet(29)
    given.values[0, 0, :-2] -= np.float32(20 * DAY)
    assert forecast(certificate, given).exhausted_in == pytest.approx((29 * DAY, 29 * DAY, 29 * DAY), abs=1)


def test_one_that_ends_beyond_the_horizon_is_not_said_to_run_out(certificate: Feature) -> None:
    assert forecast(certificate, fleet(60)).exhausted_in is None


def test_one_that_has_ended_is_exhausted_now_and_never_in_the_past(certificate: Feature) -> None:
    assert forecast(certificate, fleet(-2)).exhausted_in == (0.0, 0.0, 0.0)


def test_one_last_seen_some_steps_ago_went_on_counting_down(certificate: Feature) -> None:
    given = fleet(10)
    given.values[0, 0, -5:] = np.nan
    told = forecast(certificate, given).exhausted_in
    assert told == pytest.approx((10 * DAY, 10 * DAY, 10 * DAY), abs=1)


def test_one_not_seen_for_long_may_be_another_by_now(certificate: Feature) -> None:
    given = fleet(10)
    given.values[0, 0, -20:] = np.nan
    assert forecast_fleet(given, (certificate,)) == {"web-1": ()}


@pytest.mark.parametrize(("days_left", "severities"), [(20, []), (13, [Severity.WARNING]), (6, [Severity.CRITICAL])])
def test_it_is_found_two_weeks_before_and_urgent_one_week_before(
    certificate: Feature, days_left: float, severities: list[Severity]
) -> None:
    found = findings(certificate, days_left)
    assert [one.severity for one in found] == severities
    assert all(one.kind == "saturation:certificate_left_seconds" for one in found)


def test_its_finding_is_a_sentence_with_the_time_left(certificate: Feature) -> None:
    (found,) = findings(certificate, 6)
    assert "time until the first certificate of a probed service ends is 6 d, at or below 14 d" in say_finding(
        found, {certificate.name: certificate}
    )


def test_it_takes_points_from_the_health_the_nearer_its_end(certificate: Feature) -> None:
    def points(days_left: float) -> float:
        given = fleet(days_left)
        found = health(given.frame("web-1"), (certificate,), (), (forecast(certificate, given),))
        return sum(deduction.points for deduction in found.deductions)

    assert points(30) == 0
    assert 0 < points(13) < points(6) < points(0.5)
    assert {d.reason for d in health(fleet(2).frame("web-1"), (certificate,)).deductions} == {"strain"}
