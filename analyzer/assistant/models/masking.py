"""What a provider must not see: secrets go for good; host names and addresses, if wished, for the way there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

HIDDEN = "[removed]"
NAMED = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|auth|cookie|session[-_ ]?id"
    r"|credential|비밀번호|암호|토큰)s?[\"']?\s*(?:=|:|is|은|는)\s*[\"']?[^\s\"',;&]{3,}"
)
SECRETS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
        r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
        r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
        r"\b(?:sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abpr]|AKIA|ASIA|AIza)[-_A-Za-z0-9]{12,}",
        r"(?<=authorization: )(?:basic|bearer|token|digest)?\s*[^\s,;\"']+",
        r"(?<=bearer )[\w.~+/=-]{8,}",
        NAMED,
        r"\b[A-Fa-f0-9]{40,}\b",
        r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b",
    )
)
ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """The text with what looks like a secret removed, never to be restored."""
    for pattern in SECRETS:
        text = pattern.sub(HIDDEN, text)
    return text


@dataclass(frozen=True, slots=True)
class Mask:
    """Stand-ins for names, both ways. An empty mask changes nothing."""

    standins: Mapping[str, str]

    @classmethod
    def of(cls, hosts: Iterable[str], text: str) -> Mask:
        """Stand-ins for these hosts and for every address in a text."""
        names = sorted({name for name in hosts if name}, key=len, reverse=True)
        addresses = sorted(set(ADDRESS.findall(text)) - set(names))
        hosts_hidden = {name: f"HOST{chr(65 + i % 26)}{i // 26 or ''}" for i, name in enumerate(names)}
        return cls(
            {**hosts_hidden, **{a: f"ADDRESS{chr(65 + i % 26)}{i // 26 or ''}" for i, a in enumerate(addresses)}}
        )

    def hide(self, text: str) -> str:
        for name, standin in self.standins.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", standin, text)
        return text

    def show(self, text: str) -> str:
        for name, standin in self.standins.items():
            text = re.sub(rf"(?<![A-Za-z0-9]){standin}(?![A-Za-z0-9])", name.replace("\\", r"\\"), text)
        return text
