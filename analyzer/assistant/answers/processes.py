"""Which process groups use most, by process-exporter's metrics. Never a command line, never a process number."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime

from analyzer.assistant.answers.measure import ask, selector_of, window_at
from analyzer.assistant.answers.sentences import problem_sentences
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry
from analyzer.companions import resources
from analyzer.companions.resources import Resource
from analyzer.data import Evidence, Sample
from analyzer.features import matcher
from analyzer.wording.companions import named

SHOWN = 5
RATE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Use:
    """A way to rank process groups. `$s` in `promql` stands for label matchers, `$w` for the range of its rates."""

    name: str
    unit: str
    promql: str
    english: str
    korean: str


def _use(resource: Resource, english: str, korean: str) -> Use:
    return Use(resource.name, resource.unit, resource.groups, english, korean)


CPU = _use(resources.CPU, "processes by CPU (100% is one core)", "CPU 사용 상위 프로세스(100%는 코어 1개)")
MEMORY = _use(resources.MEMORY, "processes by memory", "메모리 사용 상위 프로세스")
DISK = Use("process_disk", "bytes/s", f"({resources.READS.groups} + {resources.WRITES.groups})",
           "processes by disk reads and writes", "디스크 입출력 상위 프로세스")  # fmt: skip
FILES = _use(resources.FILES, "processes by open files", "열린 파일 상위 프로세스")
COUNT = _use(resources.COUNT, "number of processes by name", "이름별 프로세스 수")
ZOMBIES = Use(resources.ZOMBIES.name, "count", f"{resources.ZOMBIES.groups} > 0", "zombie processes", "좀비 프로세스")
USES = {"cpu": (CPU,), "load": (CPU,), "memory": (MEMORY,), "swap": (MEMORY,), "disk_io": (DISK,),
        "disk_space": (DISK,), "file_descriptors": (FILES,)}  # fmt: skip
ASKED_ZOMBIES = re.compile(r"zombie|좀비", re.IGNORECASE)
ASKED_NUMBER = re.compile(r"how many|number of|몇 ?개|개수", re.IGNORECASE)


async def answer_processes(inquiry: Inquiry) -> Draft:
    """The greatest process groups by the metric asked for, or all that is known of a named program."""
    citations = Citations(inquiry.prometheus_url)
    program = inquiry.understood.slots.program
    uses = _uses(inquiry)
    span = max(RATE_SECONDS, inquiry.understood.slots.timespan.seconds if inquiry.understood.slots.timespan else 0)
    found = await asyncio.gather(*(top(inquiry, use, inquiry.question.now, program, span) for use in uses))
    lines = [_line(inquiry, use, e, citations) for use, (e, _) in zip(uses, found, strict=True) if e]
    problems = problem_sentences(inquiry, tuple(problem for _, problem in found if problem))
    if not lines:
        return Draft(_nothing(inquiry, program), tuple(problems))
    return Draft(lines[0], (*lines[1:], *problems), tuple(citations.evidence), metrics=tuple(citations.evidence))


async def top(
    inquiry: Inquiry, use: Use, at: datetime, program: str = "", span: int = RATE_SECONDS
) -> tuple[tuple[Evidence, ...], str]:
    """The groups that use most at a time, with one piece of evidence each; or why that can't be told."""
    selector = ",".join(part for part in (selector_of(inquiry), _named(program)) if part)
    promql = use.promql.replace("$s", selector).replace("$w", f"{span}s").replace(",}", "}")
    count = inquiry.understood.slots.count or SHOWN
    samples, problem = await ask(inquiry, f"topk({count}, {promql})", at)
    hosts = {h.host.name for h in inquiry.hosts}
    kept = [s for s in samples if s.labels.get("instance") in hosts and s.value > 0]
    kept.sort(key=lambda s: -s.value)
    return tuple(_evidence(use, s, at, span) for s in kept[:count]), problem


def _uses(inquiry: Inquiry) -> tuple[Use, ...]:
    text = inquiry.question.text
    if ASKED_ZOMBIES.search(text):
        return (ZOMBIES,)
    if inquiry.understood.slots.program:
        return (COUNT, CPU, MEMORY)
    if ASKED_NUMBER.search(text) and not inquiry.metric:
        return (COUNT,)
    return USES.get(inquiry.metric, (CPU, MEMORY))


def _named(program: str) -> str:
    if not program:
        return ""
    literal = re.sub(r"([^\w-])", r"\\\1", program.removesuffix("2"))
    return matcher("groupname", f"(?i){literal}.*").replace("=", "=~", 1)


def _evidence(use: Use, sample: Sample, at: datetime, span: int) -> Evidence:
    host, group = sample.labels["instance"], sample.labels.get("groupname", "")
    own = f"{matcher('instance', host)},{matcher('groupname', group)}"
    promql = use.promql.replace("$s", own).replace("$w", f"{span}s")
    return Evidence(promql, window_at(at), host, use.name, use.unit, sample.value, subject=group)


def _line(inquiry: Inquiry, use: Use, evidence: tuple[Evidence, ...], citations: Citations) -> str:
    one = len({e.host for e in evidence}) == 1
    said = ", ".join(
        f"{named(e.subject)}{'' if one else f' ({e.host})'} {inquiry.amount(e.value, e.unit)}" for e in evidence
    )
    where = f"{evidence[0].host}, " if one else ""
    return f"{where}{inquiry.say(use.english, use.korean)}: {said}.{citations.cite(*evidence)}"


def _nothing(inquiry: Inquiry, program: str) -> str:
    if program:
        return inquiry.say(
            f"No process group called {program} is seen on the hosts you ask about.",
            f"질문하신 호스트에서 {program} 프로세스 그룹이 보이지 않습니다.",
        )
    if ASKED_ZOMBIES.search(inquiry.question.text):
        return inquiry.say("No zombie processes are seen.", "좀비 프로세스가 보이지 않습니다.")
    return inquiry.say(
        "There are no process metrics: the exporter's namedprocess collector gives them.",
        "프로세스 메트릭이 없습니다. 익스포터의 namedprocess 수집기가 제공합니다.",
    )
