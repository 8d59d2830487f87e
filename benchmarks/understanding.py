"""How well questions are understood: intents and slots on the half of the labelled questions that was not learned.

`python -m benchmarks.understanding [--shared FOLDER]` learns each half in turn and prints accuracy for each language,
a confusion matrix, what is left after asking back, and the cost of one question.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from analyzer.assistant.understanding import SURE, understand
from analyzer.assistant.understanding.embedding import Embedding, Vectors, load_embedding
from analyzer.assistant.understanding.intent import INTENTS, IntentClassifier
from analyzer.assistant.understanding.slots import slots_of
from analyzer.assistant.understanding.training import Labelled, hosts_of, read_questions, train

Reading = tuple[Labelled, str, float]  # the question, the intent it was read as, how sure


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", default="", help="folder with questions.tsv of others")
    chosen = parser.parse_args(arguments)
    questions, embed = read_questions(), remembering(load_embedding())
    print("## Held-out half, both ways round\n")
    for name, embedding in (("meaning and cues", embed), ("letters and cues", None)):
        report(name, [r for half in (0, 1) for r in read_other_half(questions, half, embedding)])
    print_slots("Slots", questions)
    others = Path(chosen.shared) / "data/questions.tsv"
    if chosen.shared and others.exists():
        report(f"shipped weights on {others.name} of others", read_with_shipped(read_questions(others)))
        print_slots("Slots there", read_questions(others))
    print_cost(questions)


def remembering(embed: Embedding) -> Embedding:
    """Each text is embedded once; a fit on each half sees the same vectors."""
    one = functools.cache(lambda text: embed([text])[0])

    def embed_once(texts: Sequence[str]) -> Vectors:
        return np.array([one(text) for text in texts], dtype=np.float32)

    return embed_once


def read_other_half(questions: Sequence[Labelled], half: int, embed: Embedding | None) -> list[Reading]:
    learned = [q for q in questions if _half(q) == half]
    hosts = hosts_of(questions)
    classifier = train(learned, embed, hosts)
    return [_read(classifier, q, hosts) for q in questions if _half(q) != half]


def read_with_shipped(questions: Sequence[Labelled]) -> list[Reading]:
    hosts = hosts_of(questions)
    read = [(q, understand(q.text, hosts)) for q in questions]
    return [(q, u.intent, u.confidence) for q, u in read]


def report(name: str, readings: Sequence[Reading]) -> None:
    print(
        f"### {name}: {len(readings)} questions\n",
        "| language | right | answered | right of those |",
        "| --- | --- | --- | --- |",
        sep="\n",
    )
    for language in ("en", "ko"):
        mine = [r for r in readings if r[0].language == language]
        sure = [r for r in mine if r[2] >= SURE]
        print(f"| {language} | {_right(mine):.1%} | {len(sure) / len(mine):.1%} | {_right(sure):.1%} |")
    matrix = confusion_matrix([r[0].intent for r in readings], [r[1] for r in readings], labels=list(INTENTS))
    print(f"\n| asked \\ read | {' | '.join(INTENTS)} | right |\n|{' --- |' * (len(INTENTS) + 2)}")
    for intent, row in zip(INTENTS, matrix, strict=True):
        share = row[INTENTS.index(intent)] / max(1, row.sum())
        print(f"| {intent} | {' | '.join(str(n or '') for n in row)} | {share:.0%} |")
    print()


def print_slots(name: str, questions: Sequence[Labelled]) -> None:
    hosts, asked = hosts_of(questions), [q for q in questions if q.intent != "other"]
    print(f"### {name}\n\n| language | metric | window | host |\n| --- | --- | --- | --- |")
    for language in ("en", "ko"):
        mine = [(q, slots_of(q.text, hosts)) for q in asked if q.language == language]
        topical = [(q, s) for q, s in mine if q.intent not in {"status", "services", "logs"}]
        metric = np.mean([s.metric == q.metric for q, s in topical])
        window, host = np.mean([s.window == q.window for q, s in mine]), np.mean([s.host == q.host for q, s in mine])
        print(f"| {language} | {metric:.1%} | {window:.1%} | {host:.1%} |")
    print()


def print_cost(questions: Sequence[Labelled]) -> None:
    spent = []
    for question in questions[::8]:
        started = time.process_time()
        understand(question.text, ("web-1", "db-2"))
        spent.append((time.process_time() - started) * 1000)
    middle, most = np.median(spent), np.percentile(spent, 95)
    print(f"Understanding one question: median {middle:.0f} ms of processor time, 95% within {most:.0f} ms")


def _half(question: Labelled) -> int:
    return hashlib.sha256(question.text.encode()).digest()[0] % 2


def _read(classifier: IntentClassifier, question: Labelled, hosts: Sequence[str]) -> Reading:
    intent, likelihood = next(iter(classifier.likelihoods(question.text, hosts).items()))
    return question, intent, likelihood


def _right(readings: Sequence[Reading]) -> float:
    return float(np.mean([q.intent == read for q, read, _ in readings])) if readings else float("nan")


if __name__ == "__main__":
    main(sys.argv[1:])
