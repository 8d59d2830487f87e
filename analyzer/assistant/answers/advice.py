"""What to do: steps from the reviewed catalogue advice.yml, chosen by findings, else by what is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from analyzer.assistant.answers.anomaly import touches
from analyzer.assistant.answers.sentences import finding_sentence, urgency_of
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry
from analyzer.data import Finding, Language, Recommendation

FILE = Path(__file__).parent.parent / "advice.yml"
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Step:
    """A reviewed step and what it is for."""

    id: str
    title: Mapping[Language, str]
    look: str
    mend: str
    risk: Mapping[Language, str]
    kinds: frozenset[str]
    features: frozenset[str]
    groups: frozenset[str]
    metrics: frozenset[str]

    def told(self, language: Language) -> Recommendation:
        return Recommendation(self.title[language], self.look, self.mend, self.risk[language])


@cache
def load_steps() -> tuple[Step, ...]:
    tree = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(
        Step(
            entry["id"], entry["title"], entry["look"], entry["mend"], entry["risk"],
            *(frozenset(entry.get(key, ())) for key in ("kinds", "features", "groups", "metrics")),
        )
        for entry in tree["steps"]
    )  # fmt: skip


async def answer_advice(inquiry: Inquiry) -> Draft:
    """Steps for the worst findings; where there is none, steps for the metric that is asked about."""
    citations = Citations(inquiry.prometheus_url)
    findings = tuple(f for f in inquiry.findings() if f.firing and touches(inquiry, f))
    steps = _once((*(s for f in findings for s in steps_for(inquiry, f)), *_asked(inquiry)))[:SHOWN]
    told = [finding_sentence(inquiry, f, citations) for f in findings[:2]]
    recommendations = tuple(step.told(inquiry.language) for step in steps)
    return Draft(
        _summary(inquiry, findings),
        (*told, *(step_sentence(inquiry, r) for r in recommendations)),
        tuple(citations.evidence),
        urgency=urgency_of(findings),
        recommendations=recommendations,
    )


def steps_for(inquiry: Inquiry, finding: Finding) -> tuple[Step, ...]:
    """The steps for a finding, those for its foremost feature first."""
    kind = finding.kind.partition(":")[0]
    found = [s for s in load_steps() if kind in s.kinds or finding.kind in s.kinds]
    for cause in finding.causes[:2]:
        feature = inquiry.feature(cause.feature)
        found += [s for s in load_steps() if cause.feature in s.features]
        found += [s for s in load_steps() if feature and feature.group in s.groups]
    return _once(found)


def _once(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple({step.id: step for step in steps}.values())


def step_sentence(inquiry: Inquiry, step: Recommendation) -> str:
    return inquiry.say(
        f"{step.title}. To look: `{step.look}`. To mend: `{step.mend}`. Risk: {step.risk}",
        f"{step.title}. 확인: `{step.look}` 조치: `{step.mend}` 위험: {step.risk}",
    )


def _asked(inquiry: Inquiry) -> Iterable[Step]:
    slots = inquiry.understood.slots
    wanted = slots.metric or ("services" if slots.program else "general")
    return [step for step in load_steps() if wanted in step.metrics]


def _summary(inquiry: Inquiry, findings: tuple[Finding, ...]) -> str:
    if findings:
        return inquiry.say("Steps for what is wrong now:", "현재 문제에 대한 조치 방법입니다.")
    if inquiry.metric or inquiry.understood.slots.program:
        return inquiry.say(
            "No open finding is about this; these steps help with it all the same:",
            "이와 관련해 열린 이상 항목은 없지만, 다음 방법이 도움이 됩니다.",
        )
    return inquiry.say(
        "Nothing is wrong now, so nothing has to be done. To look around:",
        "지금은 이상이 없어 조치할 것이 없습니다. 상태를 살펴보려면 다음과 같이 하세요.",
    )
