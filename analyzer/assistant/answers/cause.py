"""Why: the worst finding in depth, what moved with it, where the story began, what failed and was logged then."""

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
from analyzer.companions import Looker
from analyzer.data import Companions, Evidence, Finding, LogLine
from analyzer.wording import quoted, say_companions, told_once
from analyzer.wording.incidents import say_incident

FINDINGS_TOLD = 3
FEATURES_TOLD = 5
BEFORE = timedelta(minutes=30)
STIRRED = 0.03  # the part by which a mean must have changed to be told as having moved
# What was found so long ago is looked for again: someone asks now.
YOUNG = timedelta(minutes=2)
PATIENCE_SECONDS = 2.0
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
    others = list(told_once([scene.finding, *findings[1:FINDINGS_TOLD]]))[1:]
    details = [
        *_spread(inquiry, worst, citations),
        *_moved(inquiry, worst.host, scene, citations),
        *_companions(inquiry, scene.finding, citations),
        *_using(inquiry, scene, citations),
        *_failed(inquiry, scene, citations),
        *_logged(inquiry, scene, worst.starts_at, citations),
        *(line for other in others for line in _other(inquiry, other, citations)),
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
    """A finding with what moved with it; its features during and before; who uses most; what has failed; logs."""

    finding: Finding
    features: tuple[str, ...]
    during: Measured
    before: Measured
    use: Use
    groups: tuple[Evidence, ...]
    failed: tuple[Evidence, ...]
    lines: tuple[LogLine, ...]
    templates: tuple[LogLine, ...]
    problems: tuple[str, ...]

    def has(self, kind: str) -> bool:
        return any(each.kind == kind for each in (self.finding.companions or Companions(self.finding.starts_at)).moved)


async def _look(inquiry: Inquiry, finding: Finding) -> Scene:
    began, ended = finding.starts_at, finding.ends_at or inquiry.question.now
    names, use = _features(inquiry, finding), _use(inquiry, finding)
    (during, before), (groups, failed), logs, moved = await asyncio.gather(
        asyncio.gather(
            measure_over(inquiry, names, began, max(ended, began + timedelta(minutes=1))),
            measure_over(inquiry, names, began - BEFORE, began),
        ),
        asyncio.gather(top(inquiry, use, ended), failed_units(inquiry)),
        read_logs(inquiry, began - timedelta(minutes=10), 5),
        _newest(inquiry, finding),
    )
    told = moved.companions.problems if moved.companions else ()
    problems = (*during.problems, *before.problems, groups[1], failed[1], *told, *(logs[2] if inquiry.logs else ()))
    return Scene(
        moved, names, during, before, use, groups[0], failed[0], tuple(logs[0]), tuple(logs[1]),
        tuple(problem for problem in dict.fromkeys(problems) if problem),
    )  # fmt: skip


async def _newest(inquiry: Inquiry, finding: Finding) -> Finding:
    """The finding with what moved with it, looked for anew where that is old."""
    known, now = finding.companions, inquiry.question.now
    settled = known is not None and (not finding.firing or now - known.looked_at < YOUNG)
    if inquiry.reader is None or settled:
        return finding
    looker = Looker(inquiry.reader, inquiry.logs, inquiry.features, PATIENCE_SECONDS)
    return replace(finding, companions=await looker.look(finding, known.departures if known else (), now))


def _features(inquiry: Inquiry, finding: Finding) -> tuple[str, ...]:
    """The finding's own features, then what else stands out on its host."""
    host = inquiry.report.host(finding.host)
    shares = sorted((host.shares if host else {}).items(), key=lambda pair: -pair[1])
    others = [name for name, share in shares if share > 0]
    return tuple(dict.fromkeys([*(c.feature for c in finding.causes), *others]))[:FEATURES_TOLD]


def _spread(inquiry: Inquiry, finding: Finding, citations: Citations) -> list[str]:
    """Which hosts the same story is told of, and on which it began."""
    incident = next((each for each in inquiry.report.incidents if each.id == finding.incident), None)
    if incident is None or len(incident.hosts) == 1:
        return []
    told = say_incident(incident, inquiry.features, inquiry.language, inquiry.question.timezone)
    firsts = {each.host: each.causes[0].evidence for each in reversed(incident.findings) if each.causes}
    return [told + citations.cite(*firsts.values())]


def _moved(inquiry: Inquiry, host: str, scene: Scene, citations: Citations) -> list[str]:
    """Features that changed with it: their mean since it began beside the half hour before."""
    return [line for name in scene.features if (line := _change(inquiry, host, name, scene, citations))]


def _change(inquiry: Inquiry, host: str, name: str, scene: Scene, citations: Citations) -> str:
    new, old = scene.during.of(host, name), scene.before.of(host, name)
    if not new or not old:
        return ""
    if abs(new[0].value - old[0].value) <= STIRRED * max(abs(new[0].value), abs(old[0].value)):
        return ""
    now, then = (inquiry.amount(e[0].value, e[0].unit) for e in (new, old))
    cited, meaning = citations.cite(new[0], old[0]), inquiry.meaning(name)
    return inquiry.say(
        f"{meaning} went from {then} to {now} on average.{cited}", f"{meaning} 평균 변화: {then} → {now}.{cited}"
    )


def _companions(inquiry: Inquiry, finding: Finding, citations: Citations) -> list[str]:
    told = say_companions(finding, inquiry.features, inquiry.language, inquiry.question.timezone)
    return [said.text + citations.cite(*said.evidence) for said in told]


def _other(inquiry: Inquiry, finding: Finding, citations: Citations) -> list[str]:
    return [finding_sentence(inquiry, finding, citations), *_companions(inquiry, finding, citations)]


def _using(inquiry: Inquiry, scene: Scene, citations: Citations) -> list[str]:
    """Who uses most, where no process group is known to use more than before."""
    if scene.has("process group") or not scene.groups:
        return []
    first = scene.groups[0]
    said, cited, name = inquiry.amount(first.value, first.unit), citations.cite(first), quoted(first.subject)
    return [
        inquiry.say(
            f"The process group that uses most is {name} with {said} ({scene.use.english}).{cited}",
            f"가장 많이 쓰는 프로세스 그룹: {name} {said} ({scene.use.korean}).{cited}",
        )
    ]


def _use(inquiry: Inquiry, finding: Finding) -> Use:
    groups = [f.group for cause in finding.causes if (f := inquiry.feature(cause.feature))]
    return next((GROUPS[group] for group in groups if group in GROUPS), USES.get(inquiry.metric, (CPU,))[0])


def _failed(inquiry: Inquiry, scene: Scene, citations: Citations) -> list[str]:
    """Services that have failed, whenever that was; those that failed with it are told of already."""
    known = {each.name for each in (scene.finding.companions.moved if scene.finding.companions else ())}
    failed = [e for e in scene.failed if e.subject not in known][:5]
    if not failed:
        return []
    names = ", ".join(quoted(e.subject) for e in failed)
    return [inquiry.say(f"Failed services: {names}.", f"실패한 서비스: {names}.") + citations.cite(*failed)]


def _logged(inquiry: Inquiry, scene: Scene, began: datetime, citations: Citations) -> list[str]:
    """What was logged most then, where no form of lines is known to have risen."""
    if scene.has("log template"):
        return []
    window = grid(began - timedelta(minutes=10), inquiry.question.now)
    frequent = sorted(scene.templates, key=lambda line: -line.count)[:2]
    return [
        inquiry.say(
            f"Logged {inquiry.number(line.count)} times since shortly before: “{quoted(line.text)}”.",
            f"그 직전부터 {inquiry.number(line.count)}회 기록된 로그: “{quoted(line.text)}”.",
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
