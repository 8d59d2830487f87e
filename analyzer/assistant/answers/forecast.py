"""What will run out and when, by the forecasts and trends of the last report."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.assistant.answers.measure import window_at
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry, display
from analyzer.data import Evidence, Feature, Figure, Forecast, HostReport, Prediction, Trend, Window
from analyzer.features import matcher, query

SHOWN = 8
DEFAULT_HORIZON = timedelta(hours=24)
RATE_SECONDS = 120.0
STRAIGHT = 0.3  # below this share explained, a line says nothing about where a feature is heading


async def answer_forecast(inquiry: Inquiry) -> Draft:
    """What reaches its limit, soonest first; then where the asked metric will be."""
    citations = Citations(inquiry.prometheus_url)
    wanted = inquiry.metrics.forecast_of(inquiry.metric)
    found = [(h, f) for h in inquiry.hosts for f in h.forecasts if not wanted or f.feature in wanted]
    ending = sorted(((h, f) for h, f in found if f.exhausted_in), key=lambda pair: (pair[1].exhausted_in or (0,))[0])
    lines = [_exhaustion(inquiry, h, f, citations) for h, f in ending[:SHOWN]]
    predictions = [p for h, f in found if (p := _prediction(inquiry, h, f))]
    lines += [_outlook(inquiry, p, citations) for p in predictions[: SHOWN if inquiry.metric else 0]]
    if not found:
        lines += [_line(inquiry, h, t, citations) for h in inquiry.hosts for t in _trends(h, wanted)][:SHOWN]
    return Draft(
        _summary(inquiry, bool(found or lines), [f for _, f in ending]),
        tuple(lines),
        tuple(citations.evidence),
        urgency="medium" if ending else "none",
        metrics=tuple(citations.evidence),
        predictions=tuple(predictions),
    )


def _horizon(inquiry: Inquiry) -> timedelta:
    named = inquiry.understood.slots.timespan
    return timedelta(seconds=named.seconds) if named and named.ahead else DEFAULT_HORIZON


def _summary(inquiry: Inquiry, known: bool, ending: list[Forecast]) -> str:  # noqa: FBT001 told apart from "nothing ends"
    if ending:
        seconds = (ending[0].exhausted_in or (0.0, 0.0, 0.0))[0]
        name, span = inquiry.meaning(ending[0].feature), inquiry.span(seconds)
        return inquiry.say(
            f"{ending[0].host} is the first to run out: {name} in about {span}.",
            f"가장 먼저 한계에 이르는 것은 {ending[0].host}의 {name}이며 약 {span} 남았습니다.",
        )
    if known:
        return inquiry.say(
            "Nothing is expected to run out within the forecast's horizon.",
            "예측 기간 안에 고갈될 것으로 보이는 자원이 없습니다.",
        )
    return inquiry.say("There is not enough history yet to forecast this.", "아직 이력이 부족해 예측할 수 없습니다.")


def _evidence(inquiry: Inquiry, host: str, name: str, value: float, figures: tuple[Figure, ...]) -> Evidence:
    feature = inquiry.feature(name) or Feature(name, "", "", name, {})
    promql = query(feature, matcher("instance", host), RATE_SECONDS)
    return Evidence(promql, window_at(inquiry.report.at), host, name, feature.unit, value, figures=figures)


def _exhaustion(inquiry: Inquiry, host: HostReport, forecast: Forecast, citations: Citations) -> str:
    seconds, low, high = forecast.exhausted_in or (math.nan, math.nan, math.nan)
    feature = inquiry.feature(forecast.feature)
    limit = inquiry.amount(forecast.limit or 0.0, feature.unit if feature else "")
    at = inquiry.moment(inquiry.report.at + timedelta(seconds=seconds))
    now = host.latest.get(forecast.feature, math.nan)
    figures = (
        Figure("seconds to the limit", seconds, "seconds"),
        Figure("at the earliest", low, "seconds"),
        Figure("at the latest", high, "seconds"),
        Figure("limit", forecast.limit or 0.0, feature.unit if feature else ""),
        Figure("reached at", inquiry.report.at.timestamp() + seconds, "timestamp"),
    )
    cited = citations.cite(_evidence(inquiry, host.host.name, forecast.feature, now, figures))
    name, soon = inquiry.meaning(forecast.feature), inquiry.span(low)
    late = inquiry.span(high) if math.isfinite(high) else inquiry.say("never", "도달하지 않음")
    return inquiry.say(
        f"{display(host)}: {name} reaches {limit} in about {inquiry.span(seconds)} ({at}), "
        f"between {soon} and {late}.{cited}",
        f"{display(host)}: {name} 값이 약 {inquiry.span(seconds)} 뒤({at}) {limit}에 이를 것으로 예상됩니다. "
        f"범위는 {soon}~{late}입니다.{cited}",
    )


def _prediction(inquiry: Inquiry, host: HostReport, forecast: Forecast) -> Prediction | None:
    """The forecast at the horizon that is asked for, or its last step before it."""
    if not len(forecast.times):
        return None
    until = inquiry.report.at.timestamp() + _horizon(inquiry).total_seconds()
    place = max(0, int(np.searchsorted(forecast.times, until, side="right")) - 1)
    point, lower, upper = (float(v[place]) for v in (forecast.point, forecast.lower, forecast.upper))
    if not math.isfinite(point):
        return None
    feature = inquiry.feature(forecast.feature)
    ends = forecast.exhausted_in
    return Prediction(
        host.host.name,
        forecast.feature,
        feature.unit if feature else "",
        datetime.fromtimestamp(float(forecast.times[place]), UTC),
        point,
        lower,
        upper,
        inquiry.report.at + timedelta(seconds=ends[0]) if ends and math.isfinite(ends[0]) else None,
    )


def _outlook(inquiry: Inquiry, prediction: Prediction, citations: Citations) -> str:
    point, low, high = (
        inquiry.amount(v, prediction.unit) for v in (prediction.point, prediction.lower, prediction.upper)
    )
    figures = (
        Figure("lower", prediction.lower, prediction.unit),
        Figure("upper", prediction.upper, prediction.unit),
        Figure("at", prediction.at.timestamp(), "timestamp"),
    )
    evidence = _evidence(inquiry, prediction.host, prediction.feature, prediction.point, figures)
    name, at, cited = inquiry.meaning(prediction.feature), inquiry.moment(prediction.at), citations.cite(evidence)
    return inquiry.say(
        f"{prediction.host}: {name} is expected to be {point} at {at}, between {low} and {high}.{cited}",
        f"{prediction.host}: {at}의 {name} 예상값은 {point}이며 범위는 {low}~{high}입니다.{cited}",
    )


def _trends(host: HostReport, wanted: tuple[str, ...]) -> list[Trend]:
    return [t for t in host.trends if (not wanted or t.feature in wanted) and t.r2 >= STRAIGHT and t.slope_per_hour]


def _line(inquiry: Inquiry, host: HostReport, trend: Trend, citations: Citations) -> str:
    feature = inquiry.feature(trend.feature)
    unit, now = feature.unit if feature else "", host.latest.get(trend.feature, math.nan)
    slope = inquiry.amount(abs(trend.slope_per_hour), unit)
    start = inquiry.report.at - timedelta(seconds=trend.span_seconds)
    window = Window(start, inquiry.report.at, timedelta(seconds=15))
    promql = query(feature, matcher("instance", host.host.name), RATE_SECONDS) if feature else trend.feature
    evidence = Evidence(
        promql, window, host.host.name, trend.feature, unit, now,
        figures=(Figure("slope per hour", trend.slope_per_hour, unit), Figure("r2", trend.r2, "ratio")),
    )  # fmt: skip
    value, name, cited = inquiry.amount(now, unit), inquiry.meaning(trend.feature), citations.cite(evidence)
    up = trend.slope_per_hour > 0
    return inquiry.say(
        f"{display(host)}: {name} is {value} and {'rises' if up else 'falls'} by {slope} an hour.{cited}",
        f"{display(host)}: {name} {value}, 시간당 {slope}씩 {'증가' if up else '감소'}하고 있습니다.{cited}",
    )
