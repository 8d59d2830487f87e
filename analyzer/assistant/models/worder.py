"""Asks the providers in order to word an answer, checks every word, and says why each better way was left.

When none gives words that rest on the facts, the computed text is served: an answer never waits on a model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from analyzer.assistant.draft import Draft
from analyzer.assistant.models.binding import Names
from analyzer.assistant.models.breaker import Breaker
from analyzer.assistant.models.budget import Budget
from analyzer.assistant.models.chat import Chat, ModelFailed, Wording, tokens_of
from analyzer.assistant.models.grounding import MARK, Grounds, Sentence, refusal
from analyzer.assistant.models.masking import Mask, without_secrets
from analyzer.assistant.models.prompt import Fact, messages
from analyzer.assistant.models.providers import Provider
from analyzer.data import Language

ATTEMPTS = 2  # the second one is told what was wrong with the first


@dataclass(frozen=True, slots=True)
class Worded:
    """Checked sentences and who said them (None: nobody), the calls made, and why each better way was left."""

    sentences: tuple[Sentence, ...] = ()
    provider: str = ""
    model: str = ""
    calls: int = 0
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be worded: the question, the facts with their names, and how hard it is."""

    question: str
    facts: tuple[Fact, ...]
    language: Language
    intent: str
    names: Names


@dataclass(slots=True)
class _Link:
    chat: Chat
    breaker: Breaker = field(default_factory=Breaker)


class Worder:
    """The providers in their order, each with a breaker, and one budget for all. Without providers it calls nobody."""

    def __init__(
        self,
        providers: Sequence[Provider],
        budget: Budget | None = None,
        *,
        deadline_seconds: float = 30.0,
        mask_hosts: bool = False,
    ) -> None:
        self.budget = budget or Budget()
        self.deadline_seconds = deadline_seconds
        self.mask_hosts = mask_hosts
        self._links = tuple(_Link(Chat(provider)) for provider in providers)

    def __bool__(self) -> bool:
        return bool(self._links)

    @property
    def names(self) -> tuple[str, ...]:
        """The providers with their models, in order."""
        return tuple(f"{link.chat.provider.name}:{link.chat.provider.model}" for link in self._links)

    @property
    def resting(self) -> dict[str, float]:
        """For how many seconds each provider is still left alone after failures; 0 for those that may be asked."""
        return dict(zip(self.names, (link.breaker.resting_seconds for link in self._links), strict=True))

    async def close(self) -> None:
        for link in self._links:
            await link.chat.close()

    async def word(self, request: Request) -> Worded:
        """Words for the facts, or none with the reasons. Never longer than the deadline."""
        if not self._links or not request.facts:
            return Worded()
        ends = time.monotonic() + self.deadline_seconds
        calls, left = 0, list[str]()
        for link in self._links:
            name = link.chat.provider.name
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + max(0.0, ends - time.monotonic())):
                    wording, calls, why = await self._with(link, request, calls)
            except TimeoutError:
                link.breaker.failed()
                return Worded(
                    calls=calls, fallbacks=(*left, f"{name}: the answer's {self.deadline_seconds:g} s are over")
                )
            if wording:
                return Worded(wording.sentences, name, wording.model, calls, tuple(left))
            left.append(f"{name}: {why}")
        return Worded(calls=calls, fallbacks=tuple(left))

    async def _with(self, link: _Link, request: Request, calls: int) -> tuple[Wording | None, int, str]:
        """One provider's words, the calls made so far, and why there are none."""
        if link.breaker.resting_seconds:
            return None, calls, f"left alone for {link.breaker.resting_seconds:.0f} s more after failures"
        provider, complaint = link.chat.provider, ""
        model = provider.model_for(request.intent, sum(len(fact.text) for fact in request.facts))
        for _ in range(ATTEMPTS):
            mask, chat = self._told(request, complaint)
            spent = self.budget.allows(tokens_of(chat), calls)
            if spent:
                return None, calls, f"not grounded: {complaint}" if complaint else f"budget: {spent}"
            calls += 1
            self.budget.spend(tokens_of(chat), provider.cost(tokens_of(chat), 0))
            try:
                wording = await link.chat.word(model, chat, _ids(request.facts))
            except ModelFailed as error:
                link.breaker.failed(error.retry_after_seconds)
                return None, calls, str(error)
            link.breaker.succeeded()
            self.budget.spend(wording.tokens_out, provider.cost(0, wording.tokens_out), calls=0)
            shown = tuple(replace(s, text=mask.show(s.text)) for s in wording.sentences)
            complaint = refusal(shown, Grounds(request.facts, request.names, request.language))
            if not complaint:
                return replace(wording, sentences=shown), calls, ""
        return None, calls, f"not grounded: {complaint}"

    def _told(self, request: Request, complaint: str) -> tuple[Mask, list[dict[str, object]]]:
        """The chat without secrets and, if wished, without names and addresses, and how to undo the latter."""
        text = request.question + "\n".join(fact.text for fact in request.facts)
        mask = Mask.of(request.names.hosts, text) if self.mask_hosts else Mask({})
        facts = [replace(fact, text=mask.hide(without_secrets(fact.text))) for fact in request.facts]
        question = mask.hide(without_secrets(request.question[:500]))
        return mask, messages(question, facts, request.language, mask.hide(complaint))


def facts_of(draft: Draft) -> tuple[Fact, ...]:
    """The draft's sentences that cite evidence."""
    lines = (
        (line, tuple(e for e in draft.evidence if f"[{e.id}]" in line)) for line in (draft.summary, *draft.details)
    )
    return tuple(
        Fact(
            MARK.sub("", line).strip(),
            tuple(e.id for e in cited),
            frozenset(name for e in cited for name in (e.host, e.subject if e.feature != "log" else "") if name),
        )
        for line, cited in lines
        if cited
    )


def with_words(draft: Draft, sentences: Sequence[Sentence]) -> Draft:
    """The draft said in these words: its computed verdict and what cites nothing stay as they are."""
    lines = (draft.summary, *draft.details)
    kept = [line for line in lines if not MARK.search(line)]
    worded = [sentence.marked for sentence in sentences]
    if MARK.search(draft.summary):
        return replace(draft, summary=worded[0], details=(*worded[1:], *kept))
    return replace(draft, details=(*worded, *kept[1:]))


def _ids(facts: Iterable[Fact]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i for fact in facts for i in fact.ids))
