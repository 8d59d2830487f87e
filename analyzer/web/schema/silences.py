"""Silences that people plan: what they write, and how one is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from analyzer.silencing import matcher_of, selective
from analyzer.web.schema.shapes import Asked, Span, Told

MOST_MATCHERS = 20
LONGEST_MATCHER = 500
LONGEST_COMMENT = 1000
SilenceState = Literal["pending", "active", "expired"]


def _readable(text: str) -> str:
    matcher_of(text)
    return text


def _selective(texts: list[str]) -> list[str]:
    if not selective([matcher_of(text) for text in texts]):
        raise ValueError("would silence every finding there is: name a host, a kind or a cause")
    return texts


WrittenMatcher = Annotated[str, StringConstraints(max_length=LONGEST_MATCHER), AfterValidator(_readable)]
Matchers = Annotated[list[WrittenMatcher], Field(min_length=1, max_length=MOST_MATCHERS), AfterValidator(_selective)]


class SilenceAsked(Asked):
    matchers: Matchers = Field(
        description='label matchers as Alertmanager writes them, such as host="web-1:9100" or kind=~"saturation:.*"; '
        "all must fit. Labels: cause, fingerprint, host, job, kind, nodename, severity"
    )
    starts_at: AwareDatetime | None = Field(None, description="from when on; left out: from now on")
    ends_at: AwareDatetime | None = Field(None, description="until when; this or `duration`")
    duration: Span | None = Field(None, description="how long, such as 90m or 2h; this or `ends_at`")
    comment: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_COMMENT)] = Field(
        description="why, for those who wonder"
    )
    created_by: Annotated[str, StringConstraints(max_length=LONGEST_MATCHER)] = Field("", description="who says so")


class SilencesAsked(Asked):
    state: SilenceState | None = Field(None, description="pending, active or expired ones only")


class SilenceTold(Told):
    id: str
    state: SilenceState
    matchers: list[str]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    comment: str
    created_by: str
    created_at: AwareDatetime


class SilencesTold(Told):
    silences: list[SilenceTold] = Field(description="those that end last first; 1000 at most")
