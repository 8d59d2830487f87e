"""What all shapes that go over HTTP are made of."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

SeverityLabel = Literal["info", "warning", "critical"]
Verdict = Literal["ok", "info", "warning", "critical", "learning", "silent", "unknown"]
LONGEST_NAME = 300
LONGEST_WINDOW = timedelta(days=31)
SPAN = re.compile("[0-9]{1,6}[mhdw]")
SPANS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no IANA time zone, such as UTC or Asia/Seoul") from None
    return name


def _span(text: str) -> str:
    if not SPAN.fullmatch(text):
        raise ValueError("is no span: write it like 90m, 2h, 7d or 2w")
    if not timedelta(minutes=1) <= span_of(text) <= LONGEST_WINDOW:
        raise ValueError("should be from 1m to 31d")
    return text


def span_of(text: str) -> timedelta:
    """Of "90m", "24h", "7d" or "2w"."""
    return int(text[:-1]) * SPANS[text[-1]]


Span = Annotated[str, Field(json_schema_extra={"pattern": f"^{SPAN.pattern}$"}), AfterValidator(_span)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
Timezone = Annotated[str, StringConstraints(max_length=LONGEST_NAME), AfterValidator(_timezone)]
# JSON knows neither NaN nor infinity: a number that could not be told is null, and pydantic writes it so.
Number = float | None


class Asked(BaseModel):
    """What a client sends. Unknown keys are errors: a misspelt filter must not widen the answer in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NothingAsked(Asked):
    """An endpoint that takes no parameters."""


class SpokenAsked(Asked):
    """Of an endpoint whose answer has sentences in it."""

    timezone: Timezone = Field("UTC", description="IANA time zone of the times in sentences")


class Told(BaseModel):
    """What a client gets. Fields may be added in later versions, never taken away."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Words(Told):
    """The same in both languages."""

    en: str
    ko: str
