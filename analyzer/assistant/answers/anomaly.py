"""What is abnormal: the findings of the hosts asked about, the most severe first."""

from __future__ import annotations

from analyzer.assistant.answers.sentences import (
    URGENCY,
    failure_sentence,
    finding_sentence,
    learning_sentence,
)
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry, display
from analyzer.data import Finding

SHOWN = 8


async def answer_anomaly(inquiry: Inquiry) -> Draft:
    """Firing findings, then those that ended; "nothing" and "not enough data" are answers."""
    citations = Citations(inquiry.prometheus_url)
    findings = inquiry.findings()
    names = {h.host.name: display(h) for h in inquiry.hosts}
    details = [finding_sentence(inquiry, f, names[f.host], citations) for f in findings[:SHOWN]]
    details += [learning_sentence(inquiry, h.learning, names[h.host.name]) for h in inquiry.hosts if h.learning]
    details += [failure_sentence(inquiry, failure) for failure in inquiry.report.failures[:3]]
    firing = [f for f in findings if f.firing]
    return Draft(
        _summary(inquiry, findings, firing),
        tuple(details),
        tuple(citations.evidence),
        urgency=URGENCY[firing[0].severity] if firing else "none",
    )


def _summary(inquiry: Inquiry, findings: tuple[Finding, ...], firing: list[Finding]) -> str:
    hosts = len({f.host for f in firing})
    if firing:
        return inquiry.say(
            f"{len(firing)} open finding{'s' * (len(firing) > 1)} on {hosts} host{'s' * (hosts > 1)}.",
            f"호스트 {hosts}대에서 이상 항목 {len(firing)}건이 진행 중입니다.",
        )
    if inquiry.hosts and all(h.learning for h in inquiry.hosts):
        return inquiry.say(
            "Not enough data yet to tell what is unusual.", "아직 데이터가 부족해 이상 여부를 판단할 수 없습니다."
        )
    if findings:
        return inquiry.say(
            "Nothing is abnormal now; these have ended.", "지금은 이상이 없고, 아래 항목은 종료됐습니다."
        )
    return inquiry.say("Nothing is abnormal.", "이상 징후가 없습니다.")
