"""Why: the ranked features of a finding, when it began, what moved with it, what grew, failed and was logged then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analyzer.assistant.answers.anomaly import related, touches
from analyzer.assistant.answers.logs import evidence_of, read_logs
from analyzer.assistant.answers.measure import Measured, grid, measure_now, measure_over
from analyzer.assistant.answers.processes import CPU, DISK, MEMORY, USES, Use, top
from analyzer.assistant.answers.sentences import (
    failure_sentences,
    finding_sentence,
    learning_sentences,
    problem_sentences,
    quantity,
    urgency_of,
)
from analyzer.assistant.answers.services import failed_units
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry, display
from analyzer.data import Evidence, Finding, LogLine

FINDINGS_TOLD = 3
FEATURES_TOLD = 5
GREW = 1.5  # a process group that uses this much more than before has grown
BEFORE = timedelta(minutes=30)
GROUPS = {"cpu": CPU, "load": CPU, "memory": MEMORY, "swap": MEMORY, "disk": DISK, "filesystem": DISK}


async def answer_cause(inquiry: Inquiry) -> Draft:
    """The worst finding in depth. Without one it says so, and who uses most of what is asked about."""
    findings = tuple(f for f in inquiry.findings() if touches(inquiry, f))
    citations = Citations(inquiry.prometheus_url)
    if not findings:
        return await _no_finding(inquiry, citations)
    worst = findings[0]
    focused = replace(inquiry, question=replace(inquiry.question, host=worst.host))
    scene = await _look(focused, worst)
    head = finding_sentence(inquiry, worst, citations)
    details = [
        *_moved(inquiry, worst.host, scene, citations),
        *_grown(inquiry, scene, citations),
        *_failed(inquiry, scene.failed, citations),
        *_logged(inquiry, scene, worst.starts_at, citations),
        *(finding_sentence(inquiry, f, citations) for f in findings[1:FINDINGS_TOLD]),
    ]
    return Draft(
        head,
        (*details, *problem_sentences(inquiry, scene.problems), *failure_sentences(inquiry)),
        tuple(citations.evidence),
        urgency=urgency_of(findings),
        metrics=tuple(e for e in citations.evidence if e.promql),
        logs=scene.lines,
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """What was measured around a finding: features during and before it, process groups at both times, logs."""

    features: tuple[str, ...]
    during: Measured
    before: Measured
    use: Use
    groups: tuple[Evidence, ...]
    groups_before: tuple[Evidence, ...]
    failed: tuple[Evidence, ...]
    lines: tuple[LogLine, ...]
    templates: tuple[LogLine, ...]
    problems: tuple[str, ...]


async def _look(inquiry: Inquiry, finding: Finding) -> Scene:
    began, ended = finding.starts_at, finding.ends_at or inquiry.question.now
    names, use = _features(inquiry, finding), _use(inquiry, finding)
    (during, before), (groups, earlier, failed), logs = await asyncio.gather(
        asyncio.gather(
            measure_over(inquiry, names, began, max(ended, began + timedelta(minutes=1))),
            measure_over(inquiry, names, began - BEFORE, began),
        ),
        asyncio.gather(
            top(inquiry, use, ended), top(inquiry, use, began - timedelta(minutes=2)), failed_units(inquiry)
        ),
        read_logs(inquiry, began - timedelta(minutes=10), 5),
    )
    problems = (*during.problems, *before.problems, groups[1], failed[1], *(logs[2] if inquiry.logs else ()))
    return Scene(
        names, during, before, use, groups[0], earlier[0], failed[0], tuple(logs[0]), tuple(logs[1]),
        tuple(problem for problem in dict.fromkeys(problems) if problem),
    )  # fmt: skip


def _features(inquiry: Inquiry, finding: Finding) -> tuple[str, ...]:
    """The finding's own features, then what else stands out on its host."""
    host = inquiry.report.host(finding.host)
    shares = sorted((host.shares if host else {}).items(), key=lambda pair: -pair[1])
    others = [name for name, share in shares if share > 0]
    return tuple(dict.fromkeys([*(c.feature for c in finding.causes), *others]))[:FEATURES_TOLD]


def _moved(inquiry: Inquiry, host: str, scene: Scene, citations: Citations) -> list[str]:
    """Features that changed with it: their mean since it began beside the half hour before."""
    return [line for name in scene.features if (line := _change(inquiry, host, name, scene, citations))]


def _change(inquiry: Inquiry, host: str, name: str, scene: Scene, citations: Citations) -> str:
    new, old = scene.during.of(host, name), scene.before.of(host, name)
    if not new or not old:
        return ""
    now, then = (inquiry.amount(e[0].value, e[0].unit) for e in (new, old))
    if now == then:
        return ""
    cited, meaning = citations.cite(new[0], old[0]), inquiry.meaning(name)
    return inquiry.say(
        f"{meaning} went from {then} to {now} on average.{cited}", f"{meaning} 평균 변화: {then} → {now}.{cited}"
    )


def _grown(inquiry: Inquiry, scene: Scene, citations: Citations) -> list[str]:
    """The process groups that grew most since before it began, else the one that uses most."""
    before = {e.subject: e for e in scene.groups_before}
    grown = [e for e in scene.groups if e.subject not in before or e.value > GREW * before[e.subject].value]
    if grown:
        return [_growth(inquiry, scene.use, e, before.get(e.subject), citations) for e in grown[:2]]
    if not scene.groups:
        return []
    first = scene.groups[0]
    said, cited = inquiry.amount(first.value, first.unit), citations.cite(first)
    return [
        inquiry.say(
            f"The process group that uses most is {first.subject} with {said} ({scene.use.english}).{cited}",
            f"가장 많이 쓰는 프로세스 그룹: {first.subject} {said} ({scene.use.korean}).{cited}",
        )
    ]


def _growth(inquiry: Inquiry, use: Use, now: Evidence, before: Evidence | None, citations: Citations) -> str:
    said = inquiry.amount(now.value, now.unit)
    was = inquiry.amount(before.value, before.unit) if before else inquiry.say("not among the first", "상위권 아님")
    cited = citations.cite(now, *([before] if before else []))
    return inquiry.say(
        f"The process group {now.subject} grew: {said}, before {was} ({use.english}).{cited}",
        f"프로세스 그룹 {now.subject} 증가: {said}, 이전 {was} ({use.korean}).{cited}",
    )


def _use(inquiry: Inquiry, finding: Finding) -> Use:
    groups = [f.group for cause in finding.causes if (f := inquiry.feature(cause.feature))]
    return next((GROUPS[group] for group in groups if group in GROUPS), USES.get(inquiry.metric, (CPU,))[0])


def _failed(inquiry: Inquiry, failed: tuple[Evidence, ...], citations: Citations) -> list[str]:
    if not failed:
        return []
    names = ", ".join(e.subject for e in failed[:5])
    return [inquiry.say(f"Failed services: {names}.", f"실패한 서비스: {names}.") + citations.cite(*failed[:5])]


def _logged(inquiry: Inquiry, scene: Scene, began: datetime, citations: Citations) -> list[str]:
    window = grid(began - timedelta(minutes=10), inquiry.question.now)
    frequent = sorted(scene.templates, key=lambda line: -line.count)[:2]
    return [
        inquiry.say(
            f"Logged {inquiry.number(line.count)} times since shortly before: “{line.text[:200]}”.",
            f"그 직전부터 {inquiry.number(line.count)}회 기록된 로그: “{line.text[:200]}”.",
        )
        + citations.cite(evidence_of(line, window))
        for line in frequent
    ]


async def _no_finding(inquiry: Inquiry, citations: Citations) -> Draft:
    names = related(inquiry)[:3] if inquiry.metric else inquiry.metrics.vitals
    uses = USES.get(inquiry.metric, (CPU, MEMORY))
    measured = await measure_now(inquiry, tuple(dict.fromkeys(names)))
    tops = await asyncio.gather(*(top(inquiry, use, inquiry.question.now) for use in uses))
    lines = [
        f"{display(h)}: {', '.join(quantity(inquiry, e) for e in seen)}.{citations.cite(*seen)}"
        for h in inquiry.hosts[:5]
        if (seen := measured.of(h.host.name))
    ]
    for use, (found, _) in zip(uses, tops, strict=True):
        if found:
            said = ", ".join(f"{e.subject} {inquiry.amount(e.value, e.unit)}" for e in found[:3])
            lines.append(f"{inquiry.say(use.english, use.korean)}: {said}.{citations.cite(*found[:3])}")
    learning = learning_sentences(inquiry)
    head = (
        inquiry.say(
            "What is usual is still being learned, so no cause can be named yet; this is how things stand.",
            "평소 상태를 아직 학습 중이라 원인을 특정할 수 없습니다. 현재 상황은 다음과 같습니다.",
        )
        if learning
        else inquiry.say(
            "Nothing abnormal was found, so there is no cause to name; this is how things stand.",
            "이상이 발견되지 않아 특정할 원인이 없습니다. 현재 상황은 다음과 같습니다.",
        )
    )
    told = (*lines, *learning, *problem_sentences(inquiry, measured.problems), *failure_sentences(inquiry))
    return Draft(head, told, tuple(citations.evidence), metrics=tuple(citations.evidence))
