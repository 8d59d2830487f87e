"""Who can word an answer: any endpoint that speaks OpenAI's chat completions, with the addresses of the known ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Rung = Literal["schema", "json", "tool", "prompt"]
LADDER: tuple[Rung, ...] = ("schema", "json", "tool", "prompt")


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a known provider answers, which variable holds its key, and the rungs of the ladder it is known to keep."""

    url: str
    key_variable: str = ""
    ladder: tuple[Rung, ...] = LADDER


PRESETS: Mapping[str, Preset] = {
    "openai": Preset("https://api.openai.com/v1", "OPENAI_API_KEY"),
    # Its compatible endpoint documents response_format and strict as ignored.
    "anthropic": Preset("https://api.anthropic.com/v1/", "ANTHROPIC_API_KEY", ("tool", "prompt")),
    "gemini": Preset("https://generativelanguage.googleapis.com/v1beta/openai/", "GEMINI_API_KEY"),
    "mistral": Preset("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "together": Preset("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "groq": Preset("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "openrouter": Preset("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "ollama": Preset("http://127.0.0.1:11434/v1"),
    "vllm": Preset("http://127.0.0.1:8000/v1"),
    "llama.cpp": Preset("http://127.0.0.1:8080/v1"),
}


@dataclass(frozen=True, slots=True)
class Provider:
    """One endpoint with its settings. `strong_model` answers hard questions; prices are money for a million tokens."""

    name: str
    url: str
    model: str
    strong_model: str = ""
    api_key: str = field(default="", repr=False)
    timeout_seconds: float = 15.0
    price_in: float = 0.0
    price_out: float = 0.0
    ladder: tuple[Rung, ...] = LADDER

    def model_for(self, intent: str, size: int) -> str:
        """A cheap model for what is short, a strong one for causes, comparisons and much to say."""
        hard = intent in HARD or size > MUCH
        return self.strong_model if hard and self.strong_model else self.model

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


HARD = frozenset({"cause", "compare", "forecast"})
MUCH = 2000  # characters of facts


def make_provider(name: str, environment: Mapping[str, str], *, model: str, url: str = "", key: str = "") -> Provider:
    """A known provider by name, or any endpoint by its URL; the key from its usual variable where none is given."""
    known = PRESETS.get(name, Preset(url))
    found = key or (environment.get(known.key_variable, "") if known.key_variable else "")
    return Provider(name, url or known.url, model, api_key=found, ladder=known.ladder)
