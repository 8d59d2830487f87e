"""How the hosts are: one verdict for each, the worst first."""

from __future__ import annotations

from datetime import timedelta

from analyzer.assistant.answers.measure import Measured, measure_now, measure_over
from analyzer.assistant.answers.sentences import (
    failure_sentences,
    finding_sentence,
    problem_sentences,
    quantity,
    urgency_of,
)
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry, display
from analyzer.data import Finding, HostReport, HostStatus, Severity, Verdict
from analyzer.wording import say_learning

SILENT_AFTER = timedelta(minutes=5)  # Prometheus itself calls a series stale after five minutes
SHOWN = 8
VERDICTS: dict[Severity, Verdict] = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "critical",
}
ORDER: tuple[Verdict, ...] = ("critical", "silent", "warning", "info", "learning", "ok")


async def answer_status(inquiry: Inquiry) -> Draft:
    """A verdict for each host asked about, with its findings and vital signs as evidence."""
    citations = Citations(inquiry.prometheus_url)
    statuses = sorted((host_status(inquiry, h) for h in inquiry.hosts), key=lambda s: ORDER.index(s.verdict))
    names, past = inquiry.metrics.vitals, inquiry.past
    vitals = await (measure_over(inquiry, names, *past) if past else measure_now(inquiry, names))
    details = [line for status in statuses[:SHOWN] for line in _lines(inquiry, status, vitals, citations)]
    if len(statuses) > SHOWN:
        rest = len(statuses) - SHOWN
        details.append(inquiry.say(f"{rest} more hosts are not listed.", f"그 밖의 호스트 {rest}대는 생략했습니다."))
    details += failure_sentences(inquiry) + problem_sentences(inquiry, vitals.problems)
    over = past is not None and past[1] < inquiry.question.now
    return Draft(
        _past_summary(inquiry, statuses) if over else _summary(inquiry, statuses),
        tuple(details),
        tuple(citations.evidence),
        urgency=urgency_of(inquiry.findings()),
        metrics=tuple(citations.evidence),
        system_status=tuple(statuses),
    )


def host_status(inquiry: Inquiry, host: HostReport) -> HostStatus:
    """The computed verdict: the worst firing finding, else silence, else learning, else ok."""
    firing = [f for f in inquiry.findings(host.host.name) if f.firing]
    health = host.health.score if host.health else None
    return HostStatus(host.host.name, _verdict(inquiry, host, firing), len(firing), host.last_seen, health)


def _verdict(inquiry: Inquiry, host: HostReport, firing: list[Finding]) -> Verdict:
    if firing:
        return VERDICTS[max(f.severity for f in firing)]
    if host.last_seen is None or inquiry.report.at - host.last_seen > SILENT_AFTER:
        return "silent"
    return "learning" if host.learning else "ok"


def _summary(inquiry: Inquiry, statuses: list[HostStatus]) -> str:
    wrong = sum(s.verdict not in {"ok", "learning"} for s in statuses)
    learning = sum(s.verdict == "learning" for s in statuses)
    total, name = len(statuses), statuses[0].host
    fine = total - wrong - learning
    if total == 1:
        verdict = statuses[0].verdict
        return {
            "ok": inquiry.say(
                f"{name} is fine: no open findings.", f"{name} 호스트는 정상이며 열린 이상 항목이 없습니다."
            ),
            "learning": inquiry.say(
                f"{name} has no open findings, and what is usual for it is still being learned.",
                f"{name} 호스트에 열린 이상 항목은 없으며, 평소 상태를 아직 학습하고 있습니다.",
            ),
            "silent": inquiry.say(f"{name} sends no data.", f"{name} 호스트에서 데이터가 오지 않습니다."),
        }.get(verdict) or inquiry.say(f"{name} needs a look.", f"{name} 호스트는 확인이 필요합니다.")
    if not wrong and not learning:
        return inquiry.say(
            f"All {total} hosts are fine: no open findings.",
            f"호스트 {total}대 모두 정상이며 열린 이상 항목이 없습니다.",
        )
    parts = (
        (wrong, f"{wrong} need{'s' * (wrong == 1)} a look", f"확인 필요 {wrong}대"),
        (learning, f"{learning} still learn{'s' * (learning == 1)} what is usual", f"학습 중 {learning}대"),
        (fine, f"{fine} {'is' if fine == 1 else 'are'} fine", f"정상 {fine}대"),
    )
    english, korean = zip(*((en, ko) for count, en, ko in parts if count), strict=True)
    return inquiry.say(f"Of {total} hosts, {', '.join(english)}.", f"호스트 {total}대 중 {', '.join(korean)}입니다.")


def _past_summary(inquiry: Inquiry, statuses: list[HostStatus]) -> str:
    """Of a time that is over it is told what was found then, not how things are now."""
    troubled, total = {finding.host for finding in inquiry.findings()}, len(statuses)
    if total > 1:
        return inquiry.say(
            f"In that time {len(troubled)} of {total} hosts had findings.",
            f"해당 기간에 호스트 {total}대 중 {len(troubled)}대에서 이상 항목이 있었습니다.",
        )
    name, count = statuses[0].host, len(inquiry.findings())
    if not count:
        return inquiry.say(
            f"{name} had no findings in that time.", f"{name} 호스트는 해당 기간에 이상 항목이 없었습니다."
        )
    return inquiry.say(
        f"{name} had {count} finding{'s' * (count > 1)} in that time.",
        f"{name} 호스트는 해당 기간에 이상 항목이 {count}건 있었습니다.",
    )


def _lines(inquiry: Inquiry, status: HostStatus, vitals: Measured, citations: Citations) -> list[str]:
    host = inquiry.report.host(status.host)
    if host is None:
        return []
    told = [f for f in inquiry.findings(status.host) if f.firing or inquiry.past]
    lines = [finding_sentence(inquiry, f, citations) for f in told[:3]]
    if status.verdict == "silent":
        lines.append(_silence(inquiry, display(host), status))
    if host.learning:
        lines.append(say_learning(host.host.name, host.learning, inquiry.features, inquiry.language))
    seen = vitals.of(host.host.name)
    if seen:
        score = "" if status.health is None or inquiry.past else inquiry.number(status.health)
        health = [inquiry.say(f"health {score} of 100", f"건강 점수 100점 중 {score}점")] if score else []
        mean = [inquiry.say("on average", "평균")] if inquiry.past else []
        signs = ", ".join([*health, " ".join([*mean, ", ".join(quantity(inquiry, e) for e in seen)])])
        lines.append(f"{display(host)}: {signs}.{citations.cite(*seen)}")
    return lines


def _silence(inquiry: Inquiry, name: str, status: HostStatus) -> str:
    if status.last_seen is None:
        return inquiry.say(f"{name} has never reported.", f"{name} 호스트는 데이터를 보낸 적이 없습니다.")
    last = inquiry.moment(status.last_seen)
    return inquiry.say(f"{name} has been silent since {last}.", f"{name} 호스트는 {last} 이후 데이터가 없습니다.")
