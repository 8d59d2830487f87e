"""A question in, a checked answer out: understand, compute, word. Every number is computed here, none is invented."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from analyzer.assistant import phrases
from analyzer.assistant.answers import ANSWERS
from analyzer.assistant.draft import Draft
from analyzer.assistant.inquiry import Inquiry, Reader
from analyzer.assistant.keeping import Keeping
from analyzer.assistant.models.binding import Names
from analyzer.assistant.models.worder import Request, Worded, Worder, facts_of, with_words
from analyzer.assistant.sessions import Sessions
from analyzer.assistant.understanding import Understanding, understand
from analyzer.assistant.understanding.hostnames import without_aliases
from analyzer.data import Answer, Feature, FindingFilter, Language, Question, Report, Served
from analyzer.errors import StoreError
from analyzer.interfaces import FindingHistory, LogReader


@dataclass(frozen=True, slots=True)
class Event:
    """A step of a streamed answer: the computed facts first, then the final answer, worded and checked."""

    kind: Literal["facts", "answer"]
    answer: Answer


@dataclass(frozen=True)
class HostAssistant:
    """Answers from the last report, from Prometheus through `reader` and from the exporters' logs through `logs`.

    `features` is the catalogue; `prometheus_url` makes evidence openable. Language models word answers only where
    `worder` has providers. Computing takes `compute_seconds` at most: then the report alone answers. `aliases` are
    what people call hosts, by alias. Questions about the past are answered from `history` too.
    """

    features: Mapping[str, Feature] = field(default_factory=dict)
    prometheus_url: str = ""
    reader: Reader | None = None
    logs: LogReader | None = None
    worder: Worder = field(default_factory=lambda: Worder(()))
    keeping: Keeping = field(default_factory=Keeping)
    sessions: Sessions = field(default_factory=Sessions)
    compute_seconds: float = 10.0
    aliases: Mapping[str, str] = field(default_factory=dict)
    history: FindingHistory | None = None

    async def answer(self, question: Question, report: Report | None) -> Answer:
        """Always an answer, in the question's language; `supported` is False where it can only say why not."""
        context = self.sessions.context(question.session_id)

        async def compute() -> Answer:
            events = [event async for event in self.stream(question, report)]
            return events[-1].answer

        answer = await self.keeping.answer(question, report, context, compute)
        if answer.cached and question.session_id:  # a kept answer is no reason to forget what was spoken of
            await self._understood(question, report)
        return answer

    async def stream(self, question: Question, report: Report | None) -> AsyncIterator[Event]:
        """The computed answer as soon as it is known, then the one to show, in the same words or in better ones."""
        started = time.perf_counter()
        understood = await self._understood(question, report)
        language = question.language or understood.language
        read = time.perf_counter()
        draft = await self._draft(question, report, language, understood)
        done = time.perf_counter()
        seconds = {"understanding": read - started, "computing": done - read, "total": done - started}
        computed = _answer(question, language, understood, draft, seconds)
        yield Event("facts", computed)
        if not self.worder or report is None or not draft.supported:
            yield Event("answer", computed)
            return
        worded, kept = await self._worded(question, report, language, understood, draft)
        seconds = {**seconds, "wording": time.perf_counter() - done, "total": time.perf_counter() - started}
        yield Event("answer", _in_words(computed, draft, worded, seconds, kept=kept))

    async def close(self) -> None:
        await self.worder.close()
        await self.keeping.cache.close()

    async def _understood(self, question: Question, report: Report | None) -> Understanding:
        hosts = known_hosts(report)
        beside = question.host if question.host and question.host not in question.text else ""
        asked = without_aliases(question.text, self.aliases)
        text = f"{asked.strip(' ?.!')} {beside}" if beside else asked  # "how is it" is of a host then
        understood = await asyncio.to_thread(understand, text, (*hosts, beside) if beside else hosts)
        understood = self.sessions.continued(question.session_id, asked, understood, hosts)
        self.sessions.remember(question.session_id, understood)
        return understood

    async def _draft(
        self, question: Question, report: Report | None, language: Language, understood: Understanding
    ) -> Draft:
        if understood.intent == "other" and understood.sure:
            return Draft(phrases.not_mine(language), supported=False)
        if report is None or not report.hosts:
            return Draft(phrases.too_early(report, language), supported=False)
        if question.host and report.host(question.host) is None:
            return Draft(phrases.unknown_host(question.host, report, language), supported=False)
        if not understood.sure or understood.intent not in ANSWERS:
            return Draft(phrases.unsure(understood.readings, language), supported=False)
        inquiry = Inquiry(
            question, language, understood, report, self.features, self.reader, self.logs, self.prometheus_url
        )
        inquiry, notes = await self._remembering(inquiry)
        answer = ANSWERS[understood.intent]
        try:
            async with asyncio.timeout(self.compute_seconds):
                draft = await answer(inquiry)
        except TimeoutError:
            draft = await answer(replace(inquiry, reader=None, logs=None))
            notes = (*notes, f"prometheus: no answer within {self.compute_seconds:g} s")
        return replace(draft, notes=(*draft.notes, *notes))

    async def _remembering(self, inquiry: Inquiry) -> tuple[Inquiry, tuple[str, ...]]:
        """The inquiry with the findings of the past it is about, which the last report no longer tells of."""
        if inquiry.past is None or self.history is None:
            return inquiry, ()
        report = inquiry.report
        try:
            earlier = await self.history.find(FindingFilter(since=inquiry.past[0]))
        except StoreError as error:
            return inquiry, (f"store: {error}",)
        known = {finding.fingerprint for finding in report.findings}
        added = tuple(finding for finding in earlier if finding.fingerprint not in known)
        return replace(inquiry, report=replace(report, findings=report.findings + added)), ()

    async def _worded(
        self, question: Question, report: Report, language: Language, understood: Understanding, draft: Draft
    ) -> tuple[Worded, bool]:
        """Words for the draft's facts, and whether they were kept from before."""
        kept = await self.keeping.words(draft.text, self.worder.names, language)
        if kept is not None:
            return kept, True
        hosts = frozenset(name for h in report.hosts for name in (h.host.name, h.host.nodename) if name)
        subjects = frozenset(e.subject for e in draft.evidence if e.subject and e.feature != "log")
        asked = Request(question.text, facts_of(draft), language, understood.intent, Names(hosts, subjects))
        worded = await self.worder.word(asked)
        await self.keeping.keep_words(draft.text, self.worder.names, language, worded)
        return worded, False


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
        fallbacks=draft.notes,
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


def _in_words(computed: Answer, draft: Draft, worded: Worded, seconds: Mapping[str, float], *, kept: bool) -> Answer:
    """The computed answer in a model's checked words, or as it was with the reasons why not."""
    left = (*computed.fallbacks, *worded.fallbacks)
    if not worded.sentences:
        return replace(computed, fallbacks=left, seconds=seconds)
    said = with_words(draft, worded.sentences)
    share = len(worded.sentences) / max(1, 1 + len(said.details))
    return replace(
        computed,
        text=said.text,
        summary=said.summary,
        details=said.details,
        answered_by=worded.provider,
        model=worded.model,
        fallbacks=left,
        seconds=seconds,
        sources=(*computed.sources, Served("language model", round(share, 3))),
        cache_hits=int(kept),
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
