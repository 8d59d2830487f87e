"""Comparing: hosts with each other, or a stretch of time with the one before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from analyzer.assistant.answers.measure import Measured, measure_now, measure_over
from analyzer.assistant.answers.sentences import problem_sentences
from analyzer.assistant.answers.value import ranked
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry, display
from analyzer.data import Evidence, HostReport
from analyzer.wording import particle

SHOWN = 10
ALIKE = 0.05  # differences below this part are called "about the same"
AMONG_HOSTS = re.compile(
    r"\b(which|what|who|rank|busiest|hosts|servers|machines)\b|어느|어떤|제일|가장|순위|순으로|호스트별|서버별|서버끼리",
    re.IGNORECASE | re.ASCII,
)


async def answer_compare(inquiry: Inquiry) -> Draft:
    """Two named hosts, all hosts by rank, or now with before: whichever the question is about."""
    named = len(inquiry.understood.slots.hosts)
    past = inquiry.understood.slots.timespan
    if named > 1 or (named == 0 and (past is None or AMONG_HOSTS.search(inquiry.question.text))):
        return await _hosts(inquiry)
    return await _times(inquiry)


async def _hosts(inquiry: Inquiry) -> Draft:
    names = inquiry.metrics.of(inquiry.metric)[:1] or inquiry.metrics.vitals
    if not inquiry.metric:
        names = inquiry.metrics.vitals
    past = inquiry.past
    measured = await (measure_over(inquiry, names, *past) if past else measure_now(inquiry, names))
    citations = Citations(inquiry.prometheus_url)
    hosts = ranked(inquiry.hosts, measured, names)
    if not hosts:
        return Draft(
            inquiry.say("There is no data to compare.", "비교할 데이터가 없습니다."),
            tuple(problem_sentences(inquiry, measured.problems)),
        )
    lines = [_feature_line(inquiry, name, hosts, measured, citations) for name in names]
    summary = _leader(inquiry, names[0], hosts, measured)
    return Draft(
        summary,
        (*(line for line in lines if line), *problem_sentences(inquiry, measured.problems)),
        tuple(citations.evidence),
        metrics=tuple(citations.evidence),
    )


def _feature_line(
    inquiry: Inquiry, name: str, hosts: Sequence[HostReport], measured: Measured, citations: Citations
) -> str:
    found = [(host, e) for host in hosts for e in measured.of(host.host.name, name)]
    found = sorted(found, key=lambda pair: -pair[1].value)[:SHOWN]
    if not found:
        return ""
    values = ", ".join(f"{display(host)} {inquiry.amount(e.value, e.unit)}" for host, e in found)
    return f"{inquiry.meaning(name)}: {values}.{citations.cite(*(e for _, e in found))}"


def _leader(inquiry: Inquiry, name: str, hosts: Sequence[HostReport], measured: Measured) -> str:
    first, meaning = display(hosts[0]), inquiry.meaning(name)
    if len(hosts) == 1:
        return inquiry.say(
            f"Only {first} has data on {meaning}, so there is nothing to compare it with.",
            f"{meaning} 데이터가 있는 호스트가 {first}뿐이라 비교할 대상이 없습니다.",
        )
    top, last = (measured.value(hosts[i].host.name, name) for i in (0, -1))
    if len(hosts) == 2 and abs(top - last) <= ALIKE * max(abs(top), abs(last)):  # noqa: PLR2004 two sides
        both = f"{first}, {display(hosts[1])}"
        return inquiry.say(
            f"{both} are about the same in {meaning}.", f"{both} 호스트의 {particle(meaning, '은', '는')} 비슷합니다."
        )
    return inquiry.say(f"{first} is highest in {meaning}.", f"{meaning} 값이 가장 높은 호스트는 {first}입니다.")


async def _times(inquiry: Inquiry) -> Draft:
    named = inquiry.understood.slots.timespan
    span = timedelta(seconds=named.seconds if named else 86400)
    now = inquiry.question.now
    names = inquiry.metrics.of(inquiry.metric)[:2] if inquiry.metric else inquiry.metrics.vitals
    recent = await measure_over(inquiry, names, now - span, now)
    before = await measure_over(inquiry, names, now - 2 * span, now - span)
    citations = Citations(inquiry.prometheus_url)
    lines = [
        _change(inquiry, host, pair[0], pair[1], citations)
        for host in inquiry.hosts[:SHOWN]
        for name in names
        if len(pair := (*recent.of(host.host.name, name)[:1], *before.of(host.host.name, name)[:1])) == 2  # noqa: PLR2004 both sides
    ]
    problems = problem_sentences(inquiry, recent.problems + before.problems)
    if not lines:
        return Draft(
            inquiry.say(
                f"There is not enough history to compare the last {inquiry.span(span.total_seconds())} with before.",
                f"최근 {inquiry.span(span.total_seconds())}과 그 이전을 비교할 만한 이력이 없습니다.",
            ),
            tuple(problems),
        )
    length = inquiry.span(span.total_seconds())
    head = inquiry.say(
        f"Averages of the last {length} and of the {length} before it:",
        f"최근 {length}과 그 이전 {length}의 평균 비교입니다.",
    )
    return Draft(head, (*lines, *problems), tuple(citations.evidence), metrics=tuple(citations.evidence))


def _change(inquiry: Inquiry, host: HostReport, recent: Evidence, before: Evidence, citations: Citations) -> str:
    new, old = inquiry.amount(recent.value, recent.unit), inquiry.amount(before.value, before.unit)
    part = (recent.value - before.value) / abs(before.value) if before.value else 0.0
    if abs(part) <= ALIKE:
        way = inquiry.say("about the same", "비슷함")
    elif part > 0:
        way = inquiry.say("higher", "증가")
    else:
        way = inquiry.say("lower", "감소")
    name = f"{display(host)}: {inquiry.meaning(recent.feature)}"
    cited = citations.cite(recent, before)
    return inquiry.say(f"{name} {new}, before {old} ({way}).{cited}", f"{name} {new}, 이전 {old} ({way}).{cited}")
