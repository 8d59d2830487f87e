"""Which kind of question it is: a linear classifier over the sentence's meaning and its cues.

The weights are learned from questions.tsv by `python -m analyzer.assistant.understanding.training` and ship beside it,
so nothing is fitted at run time. A second set over letters serves where the sentence model can't be had.
"""

from __future__ import annotations

import functools
import logging
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from analyzer.assistant.understanding.cues import cues_of
from analyzer.assistant.understanding.embedding import Embedding, EmbeddingUnavailable, load_embedding
from analyzer.assistant.understanding.hostnames import without_hosts
from analyzer.data import Language

Intent = Literal[
    "status", "value", "anomaly", "cause", "forecast", "compare", "processes", "services", "logs", "advice", "other"
]
INTENTS: tuple[Intent, ...] = get_args(Intent)
Matrix = npt.NDArray[np.float32]
WEIGHTS = Path(__file__).with_name("intent.npz")
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
MEANING_WEIGHT, CUE_WEIGHT = 2.0, 0.5  # found by cross-validation on questions.tsv
LETTER_BUCKETS = 2048
LONGEST = 400  # characters that are looked at: the rest of a long text is rarely the question
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IntentClassifier:
    """`weights[intent, feature]`, `bias[intent]`; `centre` is taken off each sentence's vector first."""

    weights: Matrix
    bias: Matrix
    centre: Matrix
    embed: Embedding | None
    why_no_embedding: str = ""

    def likelihoods(self, text: str, hosts: Sequence[str]) -> dict[Intent, float]:
        """How likely each intent is, most likely first; they add up to 1."""
        row = features_of([text], hosts, self.embed, self.centre)[0]
        logits = self.weights @ row + self.bias
        odds = np.exp(logits - logits.max())
        shares = odds / odds.sum()
        order = np.argsort(-shares)
        return {INTENTS[i]: float(shares[i]) for i in order}


@functools.cache
def load_classifier(*, with_embedding: bool = True) -> IntentClassifier:
    """The shipped classifier; over letters where the sentence model is unavailable, with the reason."""
    stored = np.load(WEIGHTS)
    try:
        embed = load_embedding() if with_embedding else None
        reason = "" if embed else "the sentence model is switched off"
    except EmbeddingUnavailable as error:
        embed, reason = None, str(error)
        log.warning("questions are understood by letters alone: %s", reason)
    kind = "meaning" if embed else "letters"
    return IntentClassifier(stored[f"{kind}_weights"], stored[f"{kind}_bias"], stored["centre"], embed, reason)


def features_of(texts: Sequence[str], hosts: Sequence[str], embed: Embedding | None, centre: Matrix) -> Matrix:
    """One row of features for each text: its meaning (or its letters) beside its cues."""
    texts = [text[:LONGEST].encode("utf-8", "replace").decode() for text in texts]  # lone surrogates have no bytes
    bare = [without_hosts(text.lower(), hosts) for text in texts]
    cues = np.array([cues_of(text, hosts) for text in texts], dtype=np.float32)
    if embed is None:
        return np.hstack([letters_of(bare), cues])
    vectors = embed(bare) - centre
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.hstack([vectors * MEANING_WEIGHT, cues * CUE_WEIGHT])


def letters_of(texts: Sequence[str]) -> Matrix:
    """Runs of one to four letters, counted in buckets; each row has length 1."""
    rows = np.zeros((len(texts), LETTER_BUCKETS), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in text.split():
            padded = f" {word} "
            for size in (1, 2, 3, 4):
                for start in range(len(padded) - size + 1):
                    row[zlib.crc32(padded[start : start + size].encode()) % LETTER_BUCKETS] += 1
    np.log1p(rows, out=rows)
    return cast("Matrix", rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))


def language_of(text: str) -> Language:
    """Korean where any Hangul is written: English names in a Korean question are common, the reverse is not."""
    return "ko" if HANGUL.search(text) else "en"
