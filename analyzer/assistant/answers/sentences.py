"""Findings, learning and failures in one sentence each, with the evidence they cite."""

from __future__ import annotations

from analyzer.assistant.draft import Citations
from analyzer.assistant.inquiry import Inquiry
from analyzer.assistant.units import plain, span
from analyzer.data import Cause, Failure, Finding, Learning, Severity, Urgency

SEVERITIES = {
    Severity.INFO: ("worth knowing", "참고"),
    Severity.WARNING: ("warning", "경고"),
    Severity.CRITICAL: ("critical", "심각"),
}
URGENCY: dict[Severity, Urgency] = {Severity.INFO: "low", Severity.WARNING: "medium", Severity.CRITICAL: "high"}
KINDS = {
    "anomaly": ("unusual behaviour", "평소와 다른 동작"),
    "saturation": ("a resource at its limit", "자원 포화"),
    "silent": ("no data from this host", "데이터 수신 끊김"),
    "forecast": ("a resource that will run out", "곧 고갈될 자원"),
}
CAUSES_SHOWN = 3


def finding_sentence(inquiry: Inquiry, finding: Finding, name: str, citations: Citations) -> str:
    """What, where, since when, and the features that stand out."""
    kind = kind_name(inquiry, finding.kind)
    severity = inquiry.say(*SEVERITIES[finding.severity])
    since = _since(inquiry, finding)
    causes = finding.causes[:CAUSES_SHOWN]
    parts = ", ".join(cause_phrase(inquiry, cause) for cause in causes)
    marks = citations.cite(*(cause.evidence for cause in causes))
    head = inquiry.say(f"{name}: {kind} ({severity}), {since}", f"{name}: {kind}({severity}), {since}")
    return f"{head}: {parts}.{marks}" if parts else f"{head}."


def cause_phrase(inquiry: Inquiry, cause: Cause) -> str:
    """A feature with its value, beside what is usual where that is known."""
    seen = cause.evidence
    value = inquiry.amount(seen.value, seen.unit)
    if seen.usual_low is None or seen.usual_high is None:
        return f"{inquiry.meaning(cause.feature)} {value}"
    low, high = inquiry.amount(seen.usual_low, seen.unit), inquiry.amount(seen.usual_high, seen.unit)
    usual = inquiry.say(f"usually {low} to {high}", f"평소 {low}~{high}")
    return f"{inquiry.meaning(cause.feature)} {value} ({usual})"


def kind_name(inquiry: Inquiry, kind: str) -> str:
    return inquiry.say(*KINDS.get(kind, (kind, kind)))


def learning_sentence(inquiry: Inquiry, learning: Learning, name: str) -> str:
    """How far learning is, and what is missing."""
    done = f"{plain(learning.ratio * 100)}%"
    missing = ", ".join(inquiry.meaning(f) for f in learning.missing_features[:CAUSES_SHOWN])
    text = inquiry.say(
        f"{name}: still learning what is usual ({done}; {learning.steps_seen} of {learning.steps_needed} steps).",
        f"{name}: 평소 상태를 학습 중입니다({done}, {learning.steps_needed}개 구간 중 {learning.steps_seen}개 수집).",
    )
    return text + (inquiry.say(f" Missing: {missing}.", f" 아직 없는 지표: {missing}.") if missing else "")


def failure_sentence(inquiry: Inquiry, failure: Failure) -> str:
    where = f" ({failure.host})" if failure.host else ""
    return inquiry.say(
        f"Could not look: {failure.stage}{where}: {failure.reason}.",
        f"확인하지 못한 부분: {failure.stage}{where}: {failure.reason}.",
    )


def _since(inquiry: Inquiry, finding: Finding) -> str:
    start = inquiry.moment(finding.starts_at)
    if finding.ends_at is None:
        lasted = span((inquiry.question.now - finding.starts_at).total_seconds(), inquiry.language)
        return inquiry.say(f"since {start} ({lasted})", f"{start}부터 {lasted}째")
    end = inquiry.moment(finding.ends_at)
    return inquiry.say(f"from {start} to {end}", f"{start}부터 {end}까지")
