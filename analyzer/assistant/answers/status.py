"""How the hosts are: one verdict for each, the worst first."""

from __future__ import annotations

from datetime import timedelta

from analyzer.assistant.answers.sentences import (
    URGENCY,
    failure_sentence,
    finding_sentence,
    learning_sentence,
)
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry, display
from analyzer.data import HostReport, HostStatus, Severity, Urgency, Verdict

SILENT_AFTER = timedelta(minutes=5)  # Prometheus itself calls a series stale after five minutes
SHOWN = 8
VERDICTS: dict[Severity, Verdict] = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "critical",
}
ORDER = ("critical", "silent", "warning", "info", "learning", "ok")


async def answer_status(inquiry: Inquiry) -> Draft:
    """A verdict for each host asked about, with its findings as evidence."""
    citations = Citations(inquiry.prometheus_url)
    statuses = sorted((host_status(inquiry, h) for h in inquiry.hosts), key=lambda s: ORDER.index(s.verdict))
    details = [line for status in statuses[:SHOWN] for line in _lines(inquiry, status, citations)]
    details += [failure_sentence(inquiry, failure) for failure in inquiry.report.failures[:3]]
    return Draft(
        _summary(inquiry, statuses),
        tuple(details),
        tuple(citations.evidence),
        urgency=_urgency(inquiry),
        system_status=tuple(statuses),
    )


def host_status(inquiry: Inquiry, host: HostReport) -> HostStatus:
    """The computed verdict: the worst firing finding, else silence, else learning, else ok."""
    firing = [f for f in inquiry.findings(host.host.name) if f.firing]
    seen = host.last_seen
    if firing:
        return HostStatus(host.host.name, VERDICTS[firing[0].severity], len(firing), seen)
    if seen is None or inquiry.report.at - seen > SILENT_AFTER:
        return HostStatus(host.host.name, "silent", 0, seen)
    return HostStatus(host.host.name, "learning" if host.learning else "ok", 0, seen)


def _summary(inquiry: Inquiry, statuses: list[HostStatus]) -> str:
    wrong = [s for s in statuses if s.verdict not in {"ok", "learning"}]
    learning = sum(s.verdict == "learning" for s in statuses)
    total = len(statuses)
    fine = total - len(wrong) - learning
    if not wrong and not learning:
        return inquiry.say(
            "Everything is fine: no open findings." if total > 1 else f"{statuses[0].host} is fine: no open findings.",
            f"호스트 {total}대 모두 정상이며 열린 이상 항목이 없습니다."
            if total > 1
            else f"{statuses[0].host}은(는) 정상입니다. 열린 이상 항목이 없습니다.",
        )
    return inquiry.say(
        f"{total} hosts: {len(wrong)} need a look, {learning} still learning, {fine} fine.",
        f"호스트 {total}대 중 확인 필요 {len(wrong)}대, 학습 중 {learning}대, 정상 {fine}대입니다.",
    )


def _lines(inquiry: Inquiry, status: HostStatus, citations: Citations) -> list[str]:
    host = inquiry.report.host(status.host)
    if host is None:
        return []
    name = display(host)
    findings = [f for f in inquiry.findings(status.host) if f.firing]
    if findings:
        return [finding_sentence(inquiry, f, name, citations) for f in findings[:3]]
    if status.verdict == "silent":
        return [_silence(inquiry, name, status)]
    return [learning_sentence(inquiry, host.learning, name)] if host.learning else []


def _silence(inquiry: Inquiry, name: str, status: HostStatus) -> str:
    if status.last_seen is None:
        return inquiry.say(f"{name}: never reported.", f"{name}: 데이터를 보낸 적이 없습니다.")
    last = inquiry.moment(status.last_seen)
    return inquiry.say(f"{name}: silent since {last}.", f"{name}: {last} 이후 데이터가 없습니다.")


def _urgency(inquiry: Inquiry) -> Urgency:
    firing = [f for f in inquiry.findings() if f.firing]
    return URGENCY[firing[0].severity] if firing else "none"
