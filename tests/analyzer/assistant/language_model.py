"""A real, small language model behind an OpenAI-compatible endpoint. It words facts wrongly about as often as not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzer.assistant.models.providers import Provider
from tests.processes import ROOT, Program, a_free_port, running, until

FOLDER = ROOT / ".tools/language-model"
READY_SECONDS = 120.0


@contextmanager
def language_model(folder: Path, timeout_seconds: float = 90.0) -> Iterator[Provider]:
    """SmolLM2-135M under llama.cpp's server on one thread; skips at home and fails in CI where it is not set up."""
    weights = next(FOLDER.rglob("SmolLM2*.gguf"), None)
    if weights is None:
        if os.environ.get("CI") and os.environ.get("LANGUAGE_MODEL"):
            pytest.fail("the language model is missing: scripts/language-model.sh should have set it up")
        pytest.skip("no language model: scripts/language-model.sh sets one up")
    port = a_free_port()
    command: list[str | Path] = [FOLDER / "bin/python", "-m", "llama_cpp.server", "--model", weights]
    command += ["--n_threads", "1", "--n_threads_batch", "1", "--n_ctx", "2048", "--verbose", "False"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with running("language_model", command, port, "/v1/models", folder) as program:
        until(lambda: _ready(program), "the language model answers", program, seconds=READY_SECONDS)
        yield Provider("smollm2", f"{program.url}/v1", "smollm2", timeout_seconds=timeout_seconds)


def _ready(program: Program) -> bool:
    return program.get("/v1/models")[0] == 200
