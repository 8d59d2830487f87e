"""Findings, learning and failures as sentences that cite their evidence; how urgent findings are."""

from __future__ import annotations

from analyzer.assistant.draft import Citations
from analyzer.assistant.inquiry import Inquiry
from analyzer.data import Evidence, Finding, Severity, Urgency
from analyzer.wording import say_failure, say_learning, say_what

URGENCY: dict[Severity, Urgency] = {Severity.INFO: "low", Severity.WARNING: "medium", Severity.CRITICAL: "high"}
CAUSES_CITED = 3
FAILURES_TOLD = 3


def finding_sentence(inquiry: Inquiry, finding: Finding, citations: Citations) -> str:
    """What, where, since when, and the features it rests on, each cited."""
    told = say_what(finding, inquiry.features, inquiry.language, inquiry.question.timezone)
    return told + citations.cite(*(cause.evidence for cause in finding.causes[:CAUSES_CITED]))


def urgency_of(findings: tuple[Finding, ...]) -> Urgency:
    firing = [f.severity for f in findings if f.firing]
    return URGENCY[max(firing)] if firing else "none"


def learning_sentences(inquiry: Inquiry) -> list[str]:
    return [
        say_learning(h.host.name, h.learning, inquiry.features, inquiry.language) for h in inquiry.hosts if h.learning
    ]


def failure_sentences(inquiry: Inquiry) -> list[str]:
    return [say_failure(failure, inquiry.language) for failure in inquiry.report.failures[:FAILURES_TOLD]]


def problem_sentences(inquiry: Inquiry, problems: tuple[str, ...]) -> list[str]:
    """Why something could not be asked: silence is no answer."""
    return [
        inquiry.say(f"Could not ask: {reason}.", f"조회하지 못했습니다: {reason}.")
        for reason in dict.fromkeys(problem.rstrip(".") for problem in problems)
    ]


def quantity(inquiry: Inquiry, evidence: Evidence) -> str:
    """A feature and its value: "CPU in use 93%"."""
    return f"{inquiry.meaning(evidence.feature)} {inquiry.amount(evidence.value, evidence.unit)}"
