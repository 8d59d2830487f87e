"""An incident in words for a message: short for a chat, in full with queries for a mail; English, Korean or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from apprise import NotifyType

from analyzer.data import Feature, Finding, Language
from analyzer.wording import SEVERITIES, say_finding

Step = Literal["open", "worse", "over"]
MAIL = "notify:mail"
TOLD_IN_CHAT = 3
TITLES: Mapping[Step, Mapping[Language, str]] = {
    "open": {"en": "[{severity}] {host}: {count} finding(s)", "ko": "[{severity}] {host}: 문제 {count}건"},
    "worse": {"en": "[{severity}] {host}: now {count} finding(s)", "ko": "[{severity}] {host}: 현재 문제 {count}건"},
    "over": {"en": "[resolved] {host}", "ko": "[해결] {host}"},
}
OVER: Mapping[Language, str] = {
    "en": "Nothing fires on {host} any more.",
    "ko": "{host} 호스트의 문제가 모두 해결되었습니다.",
}
MORE: Mapping[Language, str] = {"en": "and {count} more", "ko": "그 밖에 {count}건"}
QUERY: Mapping[Language, str] = {"en": "Query", "ko": "쿼리"}


@dataclass(frozen=True)
class Message:
    """What is sent; `colour` is how urgent the channel shows it."""

    title: str
    body: str
    colour: NotifyType


def message(
    host: str,
    step: Step,
    findings: Sequence[Finding],
    features: Mapping[str, Feature],
    languages: Sequence[Language],
    colour: NotifyType,
    link: str,
    *,
    in_full: bool,
) -> Message:
    """In every language that is asked for, one after another; the title is in the first."""
    parts = [_body(host, step, findings, features, language, in_full=in_full) for language in languages]
    return Message(_title(host, step, findings, languages[0]), "\n\n".join([*parts, *([link] if link else [])]), colour)


def _title(host: str, step: Step, findings: Sequence[Finding], language: Language) -> str:
    worst = max((finding.severity for finding in findings), default=None)
    severity = SEVERITIES[worst][language] if worst is not None else ""
    return TITLES[step][language].format(severity=severity, host=host, count=len(findings))


def _body(
    host: str,
    step: Step,
    findings: Sequence[Finding],
    features: Mapping[str, Feature],
    language: Language,
    *,
    in_full: bool,
) -> str:
    told = findings if in_full else findings[:TOLD_IN_CHAT]
    lines = [OVER[language].format(host=host)] if step == "over" else []
    for finding in told:
        lines.append(say_finding(finding, features, language))
        if in_full:
            lines += [f"  {QUERY[language]}: {cause.evidence.promql}" for cause in finding.causes]
    if len(told) < len(findings):
        lines.append(MORE[language].format(count=len(findings) - len(told)))
    return "\n".join(lines)
