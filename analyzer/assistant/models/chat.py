"""One wording from one provider: streamed, bounded in time and size, down the ladder schema, JSON, tool, prompt."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from analyzer.assistant.models.grounding import Sentence
from analyzer.assistant.models.prompt import Message, schema
from analyzer.assistant.models.providers import Provider, Rung

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk

LARGEST_CHARACTERS = 20_000  # an answer is a few sentences
TOKENS_OUT = 700
TOOL = "answer"
REFUSALS = frozenset({400, 422})
# Some servers answer 500 to a shape they don't know, naming it.
SHAPE_NAMED = re.compile(r"response_format|json_schema|json_object|tool_choice|validation error")
BYTES_A_TOKEN = 3  # a careful guess for both languages, where a provider doesn't count


class ModelFailed(Exception):
    """This provider gave nothing usable; `retry_after_seconds` is its own wish, when it stated one."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class RungRefused(ModelFailed):
    """The provider does not take this rung of the ladder: the next one may do."""


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    text: str
    cites: list[str]


class _Telling(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    sentences: list[_Told]


@dataclass(frozen=True, slots=True)
class Wording:
    """What a model said, by which model and rung, and what it took."""

    sentences: tuple[Sentence, ...]
    model: str
    rung: Rung
    tokens_in: int
    tokens_out: int


@dataclass(slots=True)
class Chat:
    """Talks to one provider, and remembers the rung that worked."""

    provider: Provider
    _rung: int = 0
    _client: openai.AsyncOpenAI | None = field(default=None, repr=False)

    async def word(self, model: str, chat: list[Message], ids: Sequence[str]) -> Wording:
        """ModelFailed, with why, when nothing valid came. Bad requests step down the ladder, once for all."""
        ladder = self.provider.ladder
        for place in range(self._rung, len(ladder)):
            try:
                wording = await self._ask(model, chat, ids, ladder[place])
            except RungRefused:
                if place + 1 == len(ladder):
                    raise
                self._rung = place + 1
            else:
                return wording
        raise ModelFailed("it takes no rung of the ladder")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _ask(self, model: str, chat: list[Message], ids: Sequence[str], rung: Rung) -> Wording:
        import httpx2  # noqa: PLC0415 it and openai take 36 MB, which only those with a provider should pay
        import openai  # noqa: PLC0415 as above

        try:
            async with asyncio.timeout(self.provider.timeout_seconds):
                text, tokens = await self._stream(model, chat, ids, rung)
        except TimeoutError:
            raise ModelFailed(f"no whole answer within {self.provider.timeout_seconds:g} s") from None
        except openai.APIStatusError as error:
            if error.status_code in REFUSALS or SHAPE_NAMED.search(str(error)):
                raise RungRefused(f"it refuses the request: {_short(error)}") from None
            raise ModelFailed(f"HTTP {error.status_code}: {_short(error)}", _retry_after(error)) from None
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise ModelFailed(f"{type(error).__name__}: {_short(error)}") from None
        sizes = tokens or (_tokens(json.dumps(chat, ensure_ascii=False)), _tokens(text))
        return Wording(_sentences(text), model, rung, *sizes)

    async def _stream(
        self, model: str, chat: list[Message], ids: Sequence[str], rung: Rung
    ) -> tuple[str, tuple[int, int] | None]:
        asked = {"model": model, "messages": chat, "stream": True, "temperature": 0.0, "max_tokens": TOKENS_OUT}
        stream: openai.AsyncStream[ChatCompletionChunk] = await self._opened().chat.completions.create(
            **{**asked, **_shape(rung, ids)}
        )
        parts: list[str] = []
        size, tokens, finish = 0, None, None
        async with stream:
            async for chunk in stream:
                if chunk.usage:
                    tokens = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
                for choice in (chunk.choices or [])[:1]:
                    finish = choice.finish_reason or finish
                    part = _part(choice.delta)
                    parts.append(part)
                    size += len(part)
                if size > LARGEST_CHARACTERS:
                    raise ModelFailed(f"its answer is longer than {LARGEST_CHARACTERS} characters")
        if finish == "length":
            raise ModelFailed(f"its answer was cut off after {TOKENS_OUT} tokens")
        return "".join(parts), tokens

    def _opened(self) -> openai.AsyncOpenAI:
        if self._client is None:
            import openai  # noqa: PLC0415 as above

            provider = self.provider
            self._client = openai.AsyncOpenAI(
                api_key=provider.api_key or "none",
                base_url=provider.url,
                timeout=provider.timeout_seconds,
                max_retries=0,
            )
        return self._client


def _shape(rung: Rung, ids: Sequence[str]) -> dict[str, Any]:
    """How each rung asks for the answer's shape. All of them are validated afterwards."""
    shape = schema(ids)
    if rung == "schema":
        return {
            "response_format": {"type": "json_schema", "json_schema": {"name": TOOL, "strict": True, "schema": shape}}
        }
    if rung == "json":
        return {"response_format": {"type": "json_object"}}
    if rung == "tool":
        function = {"name": TOOL, "description": "Gives the worded answer.", "parameters": shape}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": TOOL}},
        }
    return {}


def _part(delta: Any) -> str:
    calls = getattr(delta, "tool_calls", None) or []
    arguments = "".join(call.function.arguments or "" for call in calls[:1] if call.function)
    return (getattr(delta, "content", None) or "") + arguments


def _sentences(text: str) -> tuple[Sentence, ...]:
    """The first JSON object of a text, whatever stands around it. ModelFailed when it has not the right shape."""
    start = text.find("{")
    if start < 0:
        raise ModelFailed("it holds no JSON" if text.strip() else "it is empty")
    try:
        tree, _ = json.JSONDecoder().raw_decode(text[start:])
        told = _Telling.model_validate(tree)
    except (ValueError, RecursionError, ValidationError) as error:
        raise ModelFailed(f"its JSON is wrong: {_short(error)}") from None
    return tuple(Sentence(s.text.strip(), tuple(dict.fromkeys(s.cites))) for s in told.sentences if s.text.strip())


def _retry_after(error: openai.APIStatusError) -> float | None:
    value = error.response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        return None


def _tokens(text: str) -> int:
    return len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN + 1


def tokens_of(chat: list[Message]) -> int:
    """About how many tokens a chat takes."""
    return _tokens("".join(str(message["content"]) for message in chat))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
