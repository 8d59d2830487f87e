"""What the assistant keeps: whole answers while nothing new was learned, and words while their facts stay the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from analyzer.assistant.models.worder import Worded
from analyzer.cache import Cache, CacheUnavailable, open_cache
from analyzer.data import Answer, Question, Report, Served

ANSWER = TypeAdapter(Answer)
WORDED = TypeAdapter(Worded)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long what is kept, and where. Keys hold a hash of what an answer rests on: no stale fact is served."""

    cache: Cache = field(default_factory=open_cache)
    answer_seconds: float = 300.0
    metrics_seconds: float = 30.0
    status_seconds: float = 60.0
    _newest: list[tuple[Report | None, str]] = field(default_factory=list, init=False, repr=False)

    async def answer(
        self, question: Question, report: Report | None, context: str, compute: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The same answer to the same question on the same report, computed once."""
        fresh: list[Answer] = []

        async def computed() -> bytes:
            fresh.append(await compute())
            return ANSWER.dump_json(fresh[0])

        key = "answer:" + _hash(_normal(question.text), question.language, question.host, question.timezone, context,
                                self._evidence_of(report))  # fmt: skip
        try:
            kept, spared = await self.cache.once(key, self.metrics_seconds, computed)
        except CacheUnavailable:  # who was to compute it gave up
            return await compute()
        if not spared:
            if fresh[0].intent == "status" and self.status_seconds > self.metrics_seconds:
                await self.cache.set(key, ANSWER.dump_json(fresh[0]), self.status_seconds)
            return fresh[0]
        try:
            found = ANSWER.validate_json(kept)
        except ValidationError:  # of another version
            return await compute()
        return replace(
            found, cached=True, cache_hits=1, session_id=question.session_id, sources=(Served("cache", 1.0),)
        )

    def _evidence_of(self, report: Report | None) -> str:
        """A fleet's report takes milliseconds to hash: once for all questions between two cycles."""
        if not self._newest or self._newest[0][0] is not report:
            self._newest[:] = [(report, evidence_of(report))]
        return self._newest[0][1]

    async def words(self, text: str, providers: Sequence[str], language: str) -> Worded | None:
        """The words found earlier for exactly these facts."""
        kept = await self.cache.get(_words_key(text, providers, language))
        try:
            return WORDED.validate_json(kept) if kept else None
        except ValidationError:
            return None

    async def keep_words(self, text: str, providers: Sequence[str], language: str, worded: Worded) -> None:
        if worded.sentences:
            await self.cache.set(_words_key(text, providers, language), WORDED.dump_json(worded), self.answer_seconds)


def evidence_of(report: Report | None) -> str:
    """A hash of all that the last cycle learned; equal reports give equal answers."""
    if report is None:
        return "none"
    hosts = [(h.host.name, h.learning, tuple(h.latest.items()), len(h.forecasts)) for h in report.hosts]
    findings = [
        (f.fingerprint, f.severity, f.ends_at, f.score, [(c.feature, c.evidence.value) for c in f.causes])
        for f in report.findings
    ]
    return _hash(report.at, report.source, hosts, findings, report.failures)


def _normal(text: str) -> str:
    return re.sub(r"[\s?!.~]+", " ", text.casefold()).strip()


def _words_key(text: str, providers: Sequence[str], language: str) -> str:
    return "words:" + _hash(text, tuple(providers), language)


def _hash(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(repr, parts)).encode("utf-8", "replace")).hexdigest()
