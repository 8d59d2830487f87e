"""Which services run and which have failed: systemd's unit states and probes, else whether their processes live."""

from __future__ import annotations

import re

from analyzer.assistant.answers.measure import ask, selector_of, window_at
from analyzer.assistant.answers.probes import Probe, answering, probe_sentence, probes
from analyzer.assistant.answers.processes import COUNT, top
from analyzer.assistant.answers.sentences import problem_sentences
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry
from analyzer.data import Evidence, Figure, Sample
from analyzer.features import matcher
from analyzer.wording.companions import named

SHOWN = 20
STATES = {
    "active": ("active", "실행 중"),
    "failed": ("failed", "실패"),
    "inactive": ("inactive", "중지됨"),
    "activating": ("starting", "시작 중"),
    "deactivating": ("stopping", "중지 중"),
}


async def answer_services(inquiry: Inquiry) -> Draft:
    """A named service's state, else every failed unit; "none has failed" is an answer."""
    program = inquiry.understood.slots.program
    return await (_named(inquiry, program) if program else _failed(inquiry))


async def failed_units(inquiry: Inquiry) -> tuple[tuple[Evidence, ...], str]:
    """Failed units of the hosts asked about, one piece of evidence each."""
    return await _units(inquiry, 'state="failed"')


async def _failed(inquiry: Inquiry) -> Draft:
    failed, problem = await failed_units(inquiry)
    probed, trouble = await probes(inquiry)
    silent = [probe for probe in probed if not probe.answers]
    citations = Citations(inquiry.prometheus_url)
    problems = tuple(problem_sentences(inquiry, tuple(dict.fromkeys(filter(None, (problem, trouble))))))
    if not failed and not silent:
        return await _all_well(inquiry, probed, problems)
    count = len(failed) + len(silent)
    head = inquiry.say(
        f"{count} service{'s have' if count > 1 else ' has'} failed.", f"실패한 서비스가 {count}개 있습니다."
    )
    lines = [
        inquiry.say(f"{e.host}: {named(e.subject)} has failed.", f"{e.host}: {named(e.subject)} 서비스가 실패했습니다.")
        + citations.cite(e)
        for e in failed[:SHOWN]
    ]
    lines += [probe_sentence(inquiry, probe, citations) for probe in silent[:SHOWN]]
    told = tuple(citations.evidence)
    return Draft(head, (*lines, *problems), told, urgency="medium", metrics=told)


async def _all_well(inquiry: Inquiry, probed: tuple[Probe, ...], problems: tuple[str, ...]) -> Draft:
    """Nothing has failed, or nothing is known."""
    active = _and('state="active"', inquiry)
    promql = f"count by (instance) (node_systemd_unit_state{{{active}}} == 1)"
    watched, _ = await ask(inquiry, promql, inquiry.question.now)
    if not watched and not probed:
        return Draft(_unknown(inquiry), problems)
    citations = Citations(inquiry.prometheus_url)
    lines = []
    if evidence := tuple(_counted(inquiry, s) for s in watched):
        running = ", ".join(f"{e.host} {inquiry.number(e.value)}" for e in evidence)
        said = inquiry.say(f"Active units: {running}.", f"실행 중인 유닛 수: {running}.")
        lines.append(said + citations.cite(*evidence))
    if probed:
        lines.append(answering(inquiry, probed, citations))
    head = inquiry.say("No service has failed.", "실패한 서비스가 없습니다.")
    return Draft(head, (*lines, *problems), tuple(citations.evidence))


async def _named(inquiry: Inquiry, program: str) -> Draft:
    literal = re.sub(r"([^\w-])", r"\\\1", program)
    pattern = matcher("name", f"(?i){literal}.*[.](service|timer|socket)").replace("=", "=~", 1)
    units, problem = await _units(inquiry, pattern)
    probed, obstacle = await probes(inquiry, program)
    citations = Citations(inquiry.prometheus_url)
    lines = [_state_line(inquiry, e, citations) for e in units[:SHOWN]]
    lines += [probe_sentence(inquiry, probe, citations) for probe in probed[:SHOWN]]
    if lines:
        bad = any(e.figures and e.figures[0].name == "failed" for e in units) or not all(p.answers for p in probed)
        return Draft(lines[0], tuple(lines[1:]), tuple(citations.evidence), urgency="medium" if bad else "none")
    groups, trouble = await top(inquiry, COUNT, inquiry.question.now, program)
    if groups:
        said = ", ".join(f"{named(e.subject)} ({e.host}) {inquiry.number(e.value)}" for e in groups)
        head = inquiry.say(
            f"{program} is running; number of processes: {said}.", f"{program} 실행 중, 프로세스 수: {said}."
        )
        return Draft(head + citations.cite(*groups), (), tuple(citations.evidence))
    reasons = tuple(dict.fromkeys(reason for reason in (problem, obstacle, trouble) if reason))
    if reasons:
        return Draft(_unknown(inquiry), tuple(problem_sentences(inquiry, reasons)))
    return Draft(
        inquiry.say(
            f"{program} is not seen: no unit, no probe and no process of that name on the hosts you ask about.",
            f"{program} 서비스가 보이지 않습니다. 질문하신 호스트에 그 이름의 유닛도 프로브도 프로세스도 없습니다.",
        )
    )


async def _units(inquiry: Inquiry, matchers: str) -> tuple[tuple[Evidence, ...], str]:
    promql = f"node_systemd_unit_state{{{_and(matchers, inquiry)}}} == 1"
    samples, problem = await ask(inquiry, promql, inquiry.question.now)
    hosts = {h.host.name for h in inquiry.hosts}
    return tuple(_unit(inquiry, s) for s in samples if s.labels.get("instance") in hosts), problem


def _unit(inquiry: Inquiry, sample: Sample) -> Evidence:
    host, name, state = sample.labels["instance"], sample.labels.get("name", ""), sample.labels.get("state", "")
    promql = f"node_systemd_unit_state{{{matcher('instance', host)},{matcher('name', name)}}} == 1"
    return Evidence(
        promql, window_at(inquiry.question.now), host, "systemd_unit_state", "", sample.value,
        subject=name, figures=(Figure(state, 1.0, ""),),
    )  # fmt: skip


def _state_line(inquiry: Inquiry, evidence: Evidence, citations: Citations) -> str:
    state = evidence.figures[0].name
    said = inquiry.say(*STATES.get(state, (state, state)))
    return f"{evidence.host}: {named(evidence.subject)} {said}.{citations.cite(evidence)}"


def _counted(inquiry: Inquiry, sample: Sample) -> Evidence:
    host = sample.labels.get("instance", "")
    promql = f'count(node_systemd_unit_state{{state="active",{matcher("instance", host)}}} == 1)'
    return Evidence(promql, window_at(inquiry.question.now), host, "systemd_units_active", "count", sample.value)


def _and(matchers: str, inquiry: Inquiry) -> str:
    return ",".join(part for part in (matchers, selector_of(inquiry)) if part)


def _unknown(inquiry: Inquiry) -> str:
    return inquiry.say(
        "The state of services is not known: no metrics of units or probes arrive (the exporter's systemd and probes "
        "collectors give them).",
        "서비스 상태를 알 수 없습니다. 유닛이나 프로브 메트릭이 들어오지 않습니다"
        "(익스포터의 systemd·probes 수집기가 제공합니다).",
    )
