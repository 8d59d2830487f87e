"""A question in, a checked answer out: understand, compute, word. Every number is computed here, none is invented."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.assistant.answers import ANSWERS
from analyzer.assistant.draft import Draft
from analyzer.assistant.inquiry import Inquiry
from analyzer.assistant.understanding import understand
from analyzer.data import Answer, Feature, Language, Question, Report

WORDS: Mapping[str, Mapping[Language, str]] = {
    "too early": {
        "en": "No cycle has finished yet, so nothing is known about any host. Ask again in a minute.",
        "ko": "아직 첫 수집이 끝나지 않아 호스트 정보를 알 수 없습니다. 잠시 후 다시 질문해 주세요.",
    },
    "unknown host": {
        "en": "There is no host called {host}. Known hosts: {known}.",
        "ko": "{host}라는 호스트를 찾을 수 없습니다. 알려진 호스트: {known}.",
    },
    "not yet": {
        "en": "I can't answer that yet. Ask how a host is, or what is abnormal.",
        "ko": "아직 답할 수 없는 질문입니다. 호스트 상태나 이상 징후를 물어봐 주세요.",
    },
}


@dataclass(frozen=True)
class HostAssistant:
    """Answers from the last report. `features` is the catalogue; `prometheus_url` makes evidence openable."""

    features: Mapping[str, Feature] = field(default_factory=dict)
    prometheus_url: str = ""

    async def answer(self, question: Question, report: Report | None) -> Answer:
        """Always an answer, in the question's language; `supported` is False where it can only say why not."""
        started = time.perf_counter()
        hosts = (
            [] if report is None else [name for h in report.hosts for name in (h.host.name, h.host.nodename) if name]
        )
        understood = await asyncio.to_thread(understand, question.text, hosts)
        language, intent = question.language or understood.language, understood.intent
        draft = await self._draft(question, report, language, intent)
        return Answer(
            text=draft.text,
            language=language,
            intent=intent,
            supported=draft.supported,
            evidence=draft.evidence,
            answered_by="deterministic",
            seconds={"total": time.perf_counter() - started},
            summary=draft.summary,
            details=draft.details,
            urgency=draft.urgency,
            system_status=draft.system_status,
            session_id=question.session_id,
        )

    async def _draft(self, question: Question, report: Report | None, language: Language, intent: str) -> Draft:
        if report is None or not report.hosts:
            return Draft(WORDS["too early"][language], supported=False)
        if question.host and report.host(question.host) is None:
            known = ", ".join(h.host.name for h in report.hosts[:10])
            return Draft(WORDS["unknown host"][language].format(host=question.host, known=known), supported=False)
        if intent not in ANSWERS:
            return Draft(WORDS["not yet"][language], supported=False)
        inquiry = Inquiry(question, language, report, self.features, _host(question, report), self.prometheus_url)
        return await ANSWERS[intent](inquiry)


def _host(question: Question, report: Report) -> str:
    """The instance label of the host asked about: named beside the question, else in its text."""
    if question.host:
        found = report.host(question.host)
        return found.host.name if found else ""
    named = [h.host for h in report.hosts if {h.host.name, h.host.nodename} & set(question.text.split())]
    return named[0].name if len(named) == 1 else ""
