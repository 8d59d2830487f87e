"""How severe a log line is: from the journal's priority, or from the words of a plain line."""

from __future__ import annotations

import re
from typing import Final

SEVERITIES: Final = ("critical", "error", "warning", "notice", "info", "debug", "unknown")
"""From the worst on; emerg, alert and crit of syslog(3) are all `critical`."""
PRIORITIES: Final = ("critical", "critical", "critical", "error", "warning", "notice", "info", "debug")
WHERE = 160
"""A line says how severe it is near its beginning."""

WORDS = {
    "emerg": "critical", "emergency": "critical", "alert": "critical", "crit": "critical", "critical": "critical",
    "fatal": "critical", "panic": "critical", "severe": "error", "err": "error", "error": "error", "eror": "error",
    "warn": "warning", "warning": "warning", "notice": "notice", "info": "info", "information": "info",
    "informational": "info", "debug": "debug", "trace": "debug", "fine": "debug", "verbose": "debug",
}  # fmt: skip
LETTERS = {"F": "critical", "E": "error", "W": "warning", "I": "info", "D": "debug"}

STATED = re.compile(
    r"(?:\b(?:level|lvl|severity|loglevel|log\.level|priority)\\?[\"']?\s?[=:]\s?\\?[\"']?|[\[<(|]\s{0,2})"
    r"(?P<word>[a-z]{3,13})(?![a-z])",
    re.IGNORECASE,
)
"""`level=warn`, `"severity": "ERROR"`, `[error]`, `<info>`, `| DEBUG |`."""
SHOUTED = re.compile(
    r"(?<![\w./-])(?:EMERG|ALERT|CRIT|CRITICAL|FATAL|PANIC|SEVERE|ERR|ERROR|WARN|WARNING|NOTICE|INFO|DEBUG|TRACE)(?![\w/-])"
)
LETTER = re.compile(r"(?<!\S)(?P<letter>[FEWID])\d{4} \d\d:\d\d:\d\d")
"""The Go logger of Kubernetes and its kind: `E1122 16:04:01.123`."""
SPOKEN = (
    (re.compile(r"\b(?:panic|fatal|segfault|segmentation fault|out of memory|oom-kill\w*|kernel bug)\b"), "critical"),
    (re.compile(r"(?<!no )(?<!0 )(?<!without )\b(?:error|exception|traceback|failed|failure|failing)\b"), "error"),
    (re.compile(r"\b(?:warn|warning|deprecated)\b"), "warning"),
)


def of_priority(priority: str) -> str:
    """The severity of a priority as syslog numbers them."""
    return PRIORITIES[int(priority)] if len(priority) == 1 and priority in "01234567" else "unknown"


def of_line(line: str) -> str:
    """The severity that a plain line states, else the one its words suggest, else `unknown`."""
    start = line[:WHERE]
    for match in STATED.finditer(start):
        severity = WORDS.get(match["word"].lower())
        if severity:
            return severity
    shouted = SHOUTED.search(start)
    if shouted:
        return WORDS[shouted[0].lower()]
    letter = LETTER.search(start)
    if letter:
        return LETTERS[letter["letter"]]
    lowered = start.lower()
    return next((severity for pattern, severity in SPOKEN if pattern.search(lowered)), "unknown")
