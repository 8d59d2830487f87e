"""Secrets in log lines are blotted out before a line is kept: passwords, tokens, keys, cookies, credentials in URLs.

It errs on the side of blotting out too much. What names a secret (`password=`) stays, the secret itself becomes ***.
A line costs time in proportion to its length, whoever wrote it: nothing in the expressions below repeats unbounded
before something that may fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

BLOT = "***"
LONGEST_WORD = 64

SEPARATOR = r"\\?[\"']?\s{0,4}(?::=|=>|[=:])\s{0,4}"
VALUE = r"(?:\\\"(?:[^\"\\]|\\[^\"])*(?:\\\")?|\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s&\"']+)"
"""A value with its quotes, escaped ones as in JSON within JSON too; one that is cut off has no closing quote."""
NAME = (
    r"(?:passw(?:or)?d|passwd|passphrase|passcode|pwd|secret|token|credential|sess(?:ion)?[_-]?id|signature|"
    r"(?:api|access|private|signing|encryption|account|auth|master|client|shared|ssh|license|storage)[_-]?key)"
)
NAME_SIGNS = (
    "passw", "passphrase", "passcode", "pwd", "secret", "token", "credential", "signature",
    "sessid", "sessionid", "sess_id", "session_id", "session-id", "_key", "-key",
    *(f"{kind}key" for kind in ("api", "access", "private", "signing", "encryption", "account", "auth", "master",
                                "client", "shared", "ssh", "license", "storage")),
)  # fmt: skip
OPTION = re.compile(NAME, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of secret looks like. Lines without any of its signs, in lower case, are spared the search."""

    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _rule(signs: str | tuple[str, ...], pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> Rule:
    words = tuple(signs.split("|")) if isinstance(signs, str) else signs
    return Rule(words, re.compile(pattern, re.IGNORECASE), replacement)


def _option(match: re.Match[str]) -> str:
    return f"{match[1]}{BLOT}" if OPTION.search(match[1]) else match[0]


def _base64(match: re.Match[str]) -> str:
    text = match[0]
    mixed = not text.isupper() and not text.islower() and any(letter.isdigit() for letter in text)
    return BLOT if mixed else text


RULES = (
    # Headers whose whole value is a secret, in requests, curl commands and dumps of either.
    _rule(
        "authorization",
        rf"(authorization{SEPARATOR}\\?[\"']?(?:(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)\s{{1,4}})?)"
        r"[^\s\"'\\][^\"'\r\n]*",
        r"\1***",
    ),
    _rule("cookie", rf"(cookie2?{SEPARATOR}\\?[\"']?)[^\s\"'\\][^\"'\r\n]*", r"\1***"),
    _rule("bearer |basic ", r"(\b(?:bearer|basic)\s{1,4})[\w.~+/=-]{6,}", r"\1***"),
    # Credentials in URLs; a password may hold what it should not, such as / or @.
    _rule("://", r"(://)(?:[^\s/?#\"'<>:@]{0,256}:[^\s\"'<>]{0,256}|[^\s/?#\"'<>]{0,256})@", r"\1***@"),
    # name=value, "name": "value", NAME := 'value'; --name value; the password is value.
    _rule(NAME_SIGNS, rf"({NAME}[\w.-]{{0,40}}{SEPARATOR}){VALUE}", r"\1***"),
    _rule("pass|auth|sig", rf"((?:pass|auth|sig)(?:\\?[\"']\s{{0,4}}:|\\?[\"']?\s{{0,4}}=)\s{{0,4}}){VALUE}", r"\1***"),
    _rule("--", rf"((?<![\w-])--[\w.-]{{1,60}}\s{{1,4}})(?!-){VALUE}", _option),
    _rule(
        "passw|passphrase|secret|token",
        r"((?:password|passwd|passphrase|secret|token)\s{1,4}(?:is|was)\s{0,4}:?\s{1,4})\S+",
        r"\1***",
    ),
    _rule("identified", rf"(identified\s{{1,4}}(?:with\s{{1,4}}\S{{1,40}}\s{{1,4}})?by\s{{1,4}}){VALUE}", r"\1***"),
    # Tokens known by their looks.
    _rule("eyj", r"\beyj[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?", BLOT),
    _rule("akia|asia", r"\b(?:akia|asia)[0-9a-z]{16}\b", BLOT),
    _rule("ghp_|gho_|ghu_|ghs_|ghr_|github_pat_", r"\b(?:gh[pousr]|github_pat)_\w{20,}", BLOT),
    _rule("glpat-|xox|hf_|npm_|pypi-", r"\b(?:glpat-|xox[a-z]-|hf_|npm_|pypi-)[\w-]{10,}", BLOT),
    _rule("sk-|rk-|sk_|rk_|pk_|aiza", r"\b(?:[sr]k-[\w-]{16,}|[srp]k_(?:live|test)_\w{10,}|aiza[\w-]{30,})", BLOT),
)
LONG_BASE64 = re.compile(r"(?<![\w+/=.-])[A-Za-z0-9+/]{64,}={0,2}(?![\w+/=.-])")
"""A line of a private key whose beginning nobody saw. Digests are in lower case, paths have dots: both stay."""
KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
LONGEST_KEY = 200
"""Lines after which a private key that never ends is taken for ended."""


@dataclass(slots=True)
class Blotter:
    """Blots out secrets in the lines of one source: a private key goes over many lines."""

    key_lines: int = 0

    def clean(self, line: str) -> str:
        """The line as it may be kept."""
        if self.key_lines:
            end = KEY_ENDS.search(line)
            self.key_lines = 0 if end else self.key_lines - 1
            return BLOT + self.clean(line[end.end() :]) if end else BLOT
        begin = KEY_BEGINS.search(line) if "-----BEGIN" in line else None
        if begin is None:
            return blotted(line)
        end = KEY_ENDS.search(line, begin.end())
        if end:
            return f"{blotted(line[: begin.start()])}{BLOT}{self.clean(line[end.end() :])}"
        self.key_lines = LONGEST_KEY
        return blotted(line[: begin.start()]) + BLOT


def blotted(text: str) -> str:
    """The text without the secrets that stand in it whole."""
    lowered = text.lower()
    for rule in RULES:
        for sign in rule.signs:
            if sign in lowered:
                text = rule.pattern.sub(rule.replacement, text)
                break
    if len(text) >= LONGEST_WORD and max(map(len, text.split()), default=0) >= LONGEST_WORD:
        text = LONG_BASE64.sub(_base64, text)
    return text
