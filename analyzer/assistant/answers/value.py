"""How much of a metric there is: now, or its mean and extremes over a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from analyzer.assistant.answers.measure import Measured, measure_now, measure_over
from analyzer.assistant.answers.sentences import problem_sentences, quantity
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry, display
from analyzer.assistant.understanding.cues import CUES
from analyzer.data import Evidence, HostReport

SHOWN = 10


async def answer_value(inquiry: Inquiry) -> Draft:
    """The metric's features for each host asked about, the highest first where there are many."""
    names = inquiry.metrics.of(inquiry.metric) or inquiry.metrics.vitals
    past = inquiry.past
    measured = await (measure_over(inquiry, names, *past) if past else measure_now(inquiry, names))
    citations = Citations(inquiry.prometheus_url)
    peaks = past is not None and CUES["most"].search(inquiry.question.text) is not None
    hosts = ranked(inquiry.hosts, measured, names, peaks=peaks)
    lines = [_line(inquiry, host, measured.of(host.host.name), citations) for host in hosts[:SHOWN]]
    if len(hosts) > SHOWN:
        rest = len(hosts) - SHOWN
        lines.append(inquiry.say(f"{rest} more hosts are not listed.", f"그 밖의 호스트 {rest}대는 생략했습니다."))
    problems = problem_sentences(inquiry, measured.problems)
    if not lines:
        return Draft(_nothing(inquiry, names), tuple(problems))
    return Draft(lines[0], (*lines[1:], *problems), tuple(citations.evidence), metrics=tuple(citations.evidence))


def ranked(
    hosts: Sequence[HostReport], measured: Measured, names: Sequence[str], *, peaks: bool = False
) -> list[HostReport]:
    """The hosts that have a value, by the first feature, the highest first; by its highest value with `peaks`."""
    known = [h for h in hosts if measured.of(h.host.name)]
    value = measured.peak if peaks else measured.value
    return sorted(known, key=lambda h: -_or_lowest(value(h.host.name, names[0])))


def _or_lowest(value: float) -> float:
    return value if value == value else float("-inf")  # noqa: PLR0124 NaN is the one value unequal to itself


def _line(inquiry: Inquiry, host: HostReport, evidence: Sequence[Evidence], citations: Citations) -> str:
    if inquiry.past is None:
        said = ", ".join(quantity(inquiry, e) for e in evidence)
    else:
        said = "; ".join(_over_time(inquiry, e) for e in evidence)
    return f"{display(host)}: {said}.{citations.cite(*evidence)}"


def _over_time(inquiry: Inquiry, evidence: Evidence) -> str:
    figures = {figure.name: figure.value for figure in evidence.figures}
    mean, high, low = (
        inquiry.amount(value, evidence.unit) for value in (evidence.value, figures["highest"], figures["lowest"])
    )
    at = inquiry.moment(datetime.fromtimestamp(figures["highest at"], UTC))
    name = inquiry.meaning(evidence.feature)
    if high == low:
        return inquiry.say(f"{name} {mean} throughout", f"{name} 내내 {mean}")
    return inquiry.say(
        f"{name} averaged {mean}, highest {high} at {at}, lowest {low}",
        f"{name} 평균 {mean}, 최고 {high}({at}), 최저 {low}",
    )


def _nothing(inquiry: Inquiry, names: Sequence[str]) -> str:
    asked = ", ".join(inquiry.meaning(name) for name in names[:2])
    return inquiry.say(
        f"There is no data on {asked} for the hosts and the time you ask about.",
        f"질문하신 호스트와 기간에 해당하는 데이터가 없습니다: {asked}.",
    )
