"""Learns the intent classifier from questions.tsv: `python -m analyzer.assistant.understanding.training` writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from analyzer.assistant.understanding.embedding import Embedding, load_embedding
from analyzer.assistant.understanding.intent import INTENTS, WEIGHTS, IntentClassifier, Matrix, features_of

QUESTIONS = Path(__file__).with_name("questions.tsv")
SOFTNESS = {"meaning": 10.0, "letters": 5.0}  # inverse strength of the penalty, by cross-validation


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with what it means."""

    language: str
    intent: str
    metric: str
    window: str
    host: str
    text: str


def read_questions(path: Path = QUESTIONS) -> tuple[Labelled, ...]:
    """The rows of a file in the form lang, intent, metric, window, host, question, tab-separated, with a header."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return tuple(Labelled(*line.split("\t")) for line in lines if line)


def hosts_of(questions: Sequence[Labelled]) -> tuple[str, ...]:
    return tuple(sorted({q.host for q in questions if q.host}))


def train(questions: Sequence[Labelled], embed: Embedding | None, hosts: Sequence[str]) -> IntentClassifier:
    """A classifier fitted to these questions alone."""
    texts = [q.text for q in questions]
    centre = np.zeros(0, np.float32) if embed is None else embed([t.lower() for t in texts]).mean(axis=0)
    rows = features_of(texts, hosts, embed, centre)
    softness = SOFTNESS["letters" if embed is None else "meaning"]
    fitted = LogisticRegression(C=softness, max_iter=3000).fit(rows, [INTENTS.index(q.intent) for q in questions])
    return IntentClassifier(_float32(fitted.coef_), _float32(fitted.intercept_), centre, embed)


def _float32(values: Matrix) -> Matrix:
    return np.asarray(values, dtype=np.float32)


def main() -> None:
    questions = read_questions()
    hosts = hosts_of(questions)
    meaning, letters = train(questions, load_embedding(), hosts), train(questions, None, hosts)
    np.savez_compressed(
        WEIGHTS,
        centre=meaning.centre,
        meaning_weights=meaning.weights,
        meaning_bias=meaning.bias,
        letters_weights=letters.weights.astype(np.float16),
        letters_bias=letters.bias,
    )


if __name__ == "__main__":
    main()
