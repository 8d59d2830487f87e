"""What a question names: metric, stretch of time, hosts, how many, and the program it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.assistant.understanding.cues import CUES
from analyzer.assistant.understanding.hostnames import hosts_named
from analyzer.assistant.understanding.timespans import NUMBERS, Timespan, timespan_named
from analyzer.assistant.understanding.vocabulary import metric_named, words

COUNT = re.compile(
    r"\b(?:top|first|last|latest|recent)\s+(?P<a>\d{1,3}|one|two|three|four|five|ten|twenty)\b"
    r"(?!\s*(?:min|hour|day|week|month|h\b|m\b|d\b))"
    r"|(?P<b>\d{1,3}|한|두|세|네|다섯|열)\s*(?:개|줄|가지)(?!월)|상위\s*(?P<c>\d{1,3})"
    r"|\b(?P<d>\d{1,3}|one|two|three|four|five|ten)\s+(?:\w+\s+)?"
    r"(?:process|program|log|line|host|server|service)\w*",
    re.IGNORECASE | re.ASCII,
)
PROGRAM = re.compile(rf"(?<![a-z0-9_-])(?:{CUES['program'].pattern})(?![a-z0-9_-])", re.IGNORECASE)
SPOKEN_PROGRAMS = {
    "포스트그레스": "postgres", "레디스": "redis", "도커": "docker", "아파치": "apache2", "카프카": "kafka",
    "톰캣": "tomcat", "프로메테우스": "prometheus", "그라파나": "grafana", "엔진엑스": "nginx", "엔진x": "nginx",
    "ngnix": "nginx", "마이에스큐엘": "mysql", "몽고": "mongo", "젠킨스": "jenkins", "엘라스틱서치": "elasticsearch",
    "크롬": "chrome", "자바": "java", "파이썬": "python", "크론": "cron",
}  # fmt: skip
MOST_ASKED = 100
# What stands after "process" or "service" without being the name of one.
PLAIN_WORDS = words("plain")


@dataclass(frozen=True, slots=True)
class Slots:
    """Empty where the question says nothing."""

    metric: str = ""
    timespan: Timespan | None = None
    hosts: tuple[str, ...] = ()
    count: int | None = None
    program: str = ""

    @property
    def window(self) -> str:
        return self.timespan.text if self.timespan else ""

    @property
    def host(self) -> str:
        """The one host it is about; two named hosts are the sides of a comparison."""
        return self.hosts[0] if len(self.hosts) == 1 else ""

    def over(self, earlier: Slots) -> Slots:
        """These slots, with what they leave open taken from an earlier question."""
        return Slots(
            self.metric or earlier.metric,
            self.timespan or earlier.timespan,
            self.hosts or earlier.hosts,
            self.count or earlier.count,
            self.program or earlier.program,
        )


def slots_of(text: str, hosts: Sequence[str]) -> Slots:
    named = hosts_named(text, hosts)
    return Slots(metric_named(text), timespan_named(text), named, _count(text), _program(text))


def _count(text: str) -> int | None:
    match = COUNT.search(text)
    if not match:
        return None
    word = next(group for group in match.groups() if group).lower()
    number = int(word) if word.isdigit() else NUMBERS.get(word, 0)
    return min(number, MOST_ASKED) if number else None


def _program(text: str) -> str:
    match = PROGRAM.search(text)
    if match:
        word = match[0].lower()
        return SPOKEN_PROGRAMS.get(word, word)
    quoted = re.search(r"(?:process|service|unit)\s+([a-z][\w.@-]{2,})\b", text, re.IGNORECASE | re.ASCII)
    return quoted[1] if quoted and quoted[1].lower() not in PLAIN_WORDS else ""
