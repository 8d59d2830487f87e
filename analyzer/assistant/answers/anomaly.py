"""What is abnormal: the findings of the hosts, the time and the metric asked about, the most severe first."""

from __future__ import annotations

from analyzer.assistant.answers.sentences import failure_sentences, finding_sentence, learning_sentences, urgency_of
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry
from analyzer.data import Finding

SHOWN = 8


async def answer_anomaly(inquiry: Inquiry) -> Draft:
    """Firing findings, then those that ended; "nothing" and "not enough data" are answers."""
    citations = Citations(inquiry.prometheus_url)
    findings = tuple(f for f in inquiry.findings() if touches(inquiry, f))
    details = [finding_sentence(inquiry, f, citations) for f in findings[:SHOWN]]
    if len(findings) > SHOWN:
        rest = len(findings) - SHOWN
        details.append(inquiry.say(f"{rest} more are not listed.", f"그 밖의 {rest}건은 생략했습니다."))
    details += learning_sentences(inquiry) + failure_sentences(inquiry)
    firing = [f for f in findings if f.firing]
    return Draft(
        _summary(inquiry, findings, firing),
        tuple(details),
        tuple(citations.evidence),
        urgency=urgency_of(findings),
        metrics=tuple(citations.evidence),
    )


def touches(inquiry: Inquiry, finding: Finding) -> bool:
    """Whether a finding is about the metric that is asked for: one of its causes lies in that metric's group."""
    if not inquiry.metric:
        return True
    groups = {f.group for name in related(inquiry) if (f := inquiry.feature(name))}
    causes = [f.group for cause in finding.causes if (f := inquiry.feature(cause.feature))]
    return not causes or any(group in groups for group in causes)


def related(inquiry: Inquiry) -> tuple[str, ...]:
    metrics = inquiry.metrics
    return (*metrics.of(inquiry.metric), *metrics.forecast_of(inquiry.metric))


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
            "Nothing is abnormal now; these have ended.", "지금은 이상이 없고, 아래 항목은 종료되었습니다."
        )
    return inquiry.say("Nothing is abnormal.", "이상 징후가 없습니다.")
