"""What a small real language model makes of computed facts, and that nothing ungrounded of it is served.

`python -m benchmarks.wording [--answers N]` asks N questions (100) about made-up hosts in both languages and counts
what was served, and why the rest was refused. Needs scripts/language-model.sh.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.assistant import Budget, HostAssistant, Worder
from analyzer.assistant.models.grounding import MARK
from analyzer.assistant.models.quantities import numbers_in
from analyzer.data import Answer, Finding, Question, Report
from tests.analyzer.assistant.conftest import BUSY, FEATURES, NOW, SHORT_OF_MEMORY, report
from tests.analyzer.assistant.language_model import language_model

QUESTIONS = (
    "what is abnormal",
    "이상 징후 있어?",
    "when will the disk be full",
    "디스크 언제 꽉 차?",
    "how are my servers",
)


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=100)
    parser.add_argument("--calls", type=int, default=2, help="calls that one question may cost")
    chosen = parser.parse_args(arguments)
    asyncio.run(measure(chosen.answers, chosen.calls))


async def measure(answers: int, calls: int) -> None:
    served: collections.Counter[str] = collections.Counter()
    ungrounded = 0
    spent = []
    with tempfile.TemporaryDirectory() as folder, language_model(Path(folder)) as provider:
        budget, plain = Budget(calls_a_question=calls, calls_a_day=10_000), HostAssistant(FEATURES)
        for number in range(answers):
            # A chain of its own for each, or one timeout on a busy machine would rest the provider for many.
            assistant = HostAssistant(FEATURES, worder=Worder((provider,), budget, deadline_seconds=180.0))
            seen, question = _scene(number), Question(QUESTIONS[number % len(QUESTIONS)], NOW)
            begun = time.perf_counter()
            answer = await assistant.answer(question, seen)
            spent.append(time.perf_counter() - begun)
            served[_outcome(answer)] += 1
            print(number, _outcome(answer), file=sys.stderr, flush=True)
            ungrounded += len(_numbers(answer) - _numbers(await plain.answer(question, seen)))
            await assistant.close()
    print(f"{answers} answers, {budget.calls} calls, median {sorted(spent)[len(spent) // 2]:.1f} s an answer\n")
    print("| outcome | answers |\n| --- | --- |")
    for outcome, count in served.most_common():
        print(f"| {outcome} | {count} |")
    print(f"\nnumbers served that no fact holds: {ungrounded}")


def _scene(number: int) -> Report:
    """The same trouble with other numbers each time."""
    dice = random.Random(number)
    return report(_changed(BUSY, dice), _changed(SHORT_OF_MEMORY, dice))


def _changed(finding: Finding, dice: random.Random) -> Finding:
    causes = tuple(
        replace(c, evidence=replace(c.evidence, value=round(c.evidence.value * dice.uniform(0.5, 1.05), 4)))
        for c in finding.causes
    )
    return replace(finding, causes=causes)


def _outcome(answer: Answer) -> str:
    if answer.answered_by != "deterministic":
        return "served in the model's words"
    if "its JSON is wrong" in answer.fallbacks[0]:
        return "refused: its JSON is wrong"
    return "refused: " + re.sub(r"[\d.,]+\S*|“[^”]*”|names \S+", "…", answer.fallbacks[0].partition(": ")[2])


def _numbers(answer: Answer) -> set[tuple[str, float]]:
    return {(n.kind, round(n.value, 6)) for n in numbers_in(MARK.sub("", answer.text), ("web-1:9100", "db-2:9100"))}


if __name__ == "__main__":
    main(sys.argv[1:])
