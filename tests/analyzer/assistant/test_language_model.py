"""A real language model end to end: its words are served only when grounded, and the answer comes either way."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.assistant import Budget, HostAssistant, Worder
from analyzer.assistant.models.binding import Names
from analyzer.assistant.models.grounding import MARK, Grounds, Sentence, refusal
from analyzer.assistant.models.prompt import Fact
from analyzer.data import Question
from tests.analyzer.assistant.conftest import BUSY, DB, FEATURES, NOW, SHORT_OF_MEMORY, WEB, report
from tests.analyzer.assistant.language_model import language_model


@pytest.mark.timeout(280)
async def test_no_ungrounded_word_of_a_real_model_reaches_the_user(tmp_path: Path) -> None:
    names = frozenset({WEB, DB, "web-1", "db-2"})
    with language_model(tmp_path) as provider:
        assistant = HostAssistant(
            FEATURES, worder=Worder((provider,), Budget(calls_a_question=2), deadline_seconds=100.0)
        )
        computed = HostAssistant(FEATURES)
        for text in ("what is abnormal on db-2", "web-1에 이상 있어?"):
            question = Question(text, NOW)
            answer = await assistant.answer(question, report(BUSY, SHORT_OF_MEMORY))
            plain = await computed.answer(question, report(BUSY, SHORT_OF_MEMORY))
            assert answer.answered_by in {"smollm2", "deterministic"}
            assert answer.urgency == plain.urgency
            assert (answer.text == plain.text) == (answer.answered_by == "deterministic")
            assert answer.answered_by == "smollm2" or answer.fallbacks[0].startswith("smollm2: ")
            facts = tuple(Fact(MARK.sub("", line), ("E1",)) for line in plain.text.splitlines())
            told = [Sentence(MARK.sub("", line), ("E1",)) for line in answer.text.splitlines()]
            assert refusal(told, Grounds(facts, Names(names), answer.language)) == ""
        await assistant.close()
