"""A question in, a checked answer out: understand, compute, word. Every number is computed here, none is invented."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.assistant import phrases
from analyzer.assistant.answers import ANSWERS
from analyzer.assistant.draft import Draft
from analyzer.assistant.inquiry import Inquiry, LogReader, Reader
from analyzer.assistant.sessions import Sessions
from analyzer.assistant.understanding import Understanding, understand
from analyzer.data import Answer, Feature, Language, Question, Report, Served


@dataclass(frozen=True)
class HostAssistant:
    """Answers from the last report, from Prometheus through `reader` and from the exporters' logs through `logs`.

    `features` is the catalogue; `prometheus_url` makes evidence openable.
    """

    features: Mapping[str, Feature] = field(default_factory=dict)
    prometheus_url: str = ""
    reader: Reader | None = None
    logs: LogReader | None = None
    sessions: Sessions = field(default_factory=Sessions)

    async def answer(self, question: Question, report: Report | None) -> Answer:
        """Always an answer, in the question's language; `supported` is False where it can only say why not."""
        started = time.perf_counter()
        understood = await self._understood(question, report)
        language = question.language or understood.language
        read = time.perf_counter()
        draft = await self._draft(question, report, language, understood)
        done = time.perf_counter()
        seconds = {"understanding": read - started, "computing": done - read, "total": done - started}
        return _answer(question, language, understood, draft, seconds)

    async def _understood(self, question: Question, report: Report | None) -> Understanding:
        hosts = known_hosts(report)
        understood = await asyncio.to_thread(understand, question.text, hosts)
        understood = self.sessions.continued(question.session_id, question.text, understood, hosts)
        self.sessions.remember(question.session_id, understood)
        return understood

    async def _draft(
        self, question: Question, report: Report | None, language: Language, understood: Understanding
    ) -> Draft:
        if understood.intent == "other" and understood.sure:
            return Draft(phrases.not_mine(language), supported=False)
        if report is None or not report.hosts:
            return Draft(phrases.too_early(language), supported=False)
        if question.host and report.host(question.host) is None:
            return Draft(phrases.unknown_host(question.host, report, language), supported=False)
        if not understood.sure:
            return Draft(phrases.unsure(understood.readings, language), supported=False)
        inquiry = Inquiry(
            question, language, understood, report, self.features, self.reader, self.logs, self.prometheus_url
        )
        return await ANSWERS[understood.intent](inquiry)


def known_hosts(report: Report | None) -> tuple[str, ...]:
    """Every name a host goes by; a node name only where its label doesn't begin with it."""
    if report is None:
        return ()
    names = [h.host.name for h in report.hosts]
    called = [h.host.nodename for h in report.hosts if h.host.nodename and not h.host.name.startswith(h.host.nodename)]
    return tuple(dict.fromkeys(names + called))


def _answer(
    question: Question, language: Language, understood: Understanding, draft: Draft, seconds: Mapping[str, float]
) -> Answer:
    return Answer(
        text=draft.text,
        language=language,
        intent=understood.intent,
        supported=draft.supported,
        evidence=draft.evidence,
        answered_by="deterministic",
        seconds=seconds,
        confidence=understood.confidence,
        summary=draft.summary,
        details=draft.details,
        urgency=draft.urgency,
        metrics=draft.metrics,
        logs=draft.logs,
        system_status=draft.system_status,
        predictions=draft.predictions,
        recommendations=draft.recommendations,
        sources=_served(draft),
        session_id=question.session_id,
    )


def _served(draft: Draft) -> tuple[Served, ...]:
    """Who gave the facts: logs come from the exporter, the rest from Prometheus; status and forecasts from models."""
    counts = {
        "prometheus": sum(bool(e.promql) for e in draft.evidence),
        "exporter": sum(e.feature == "log" for e in draft.evidence),
        "models": len(draft.predictions) + len(draft.system_status),
    }
    total = sum(counts.values())
    return tuple(
        Served(source, round(counts[source] / total, 3))
        for source in ("prometheus", "exporter", "models")
        if counts[source]
    )
