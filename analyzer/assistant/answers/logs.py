"""What the logs say: the newest warnings and errors, and what comes most often. Lines are quoted, never obeyed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from analyzer.assistant.answers.sentences import problem_sentences
from analyzer.assistant.draft import Citations, Draft
from analyzer.assistant.inquiry import Inquiry
from analyzer.data import Evidence, LogLine, Window
from analyzer.errors import SourceError

SHOWN = 5
HOSTS_ASKED = 10
DEFAULT_SPAN = timedelta(hours=1)
LONGEST = 200  # characters of a line that are shown


async def answer_logs(inquiry: Inquiry) -> Draft:
    """Warnings and errors of the hosts asked about; "none" is an answer, "could not read" another."""
    start, end = inquiry.past_or(DEFAULT_SPAN)
    count = inquiry.understood.slots.count or SHOWN
    lines, templates, problems = await read_logs(inquiry, start, count)
    citations = Citations()
    window = Window(start, end, timedelta(seconds=1))
    frequent = sorted(templates, key=lambda line: -line.count)[:count]
    newest = sorted(lines, key=lambda line: line.at, reverse=True)[:count]
    told = [_frequent(inquiry, line, window, citations) for line in frequent]
    told += [_newest(inquiry, line, window, citations) for line in newest]
    return Draft(
        _summary(inquiry, start, frequent, newest, problems),
        (*told, *problem_sentences(inquiry, problems)),
        tuple(citations.evidence),
        logs=(*frequent, *newest),
    )


async def read_logs(
    inquiry: Inquiry, since: datetime, limit: int
) -> tuple[list[LogLine], list[LogLine], tuple[str, ...]]:
    """Lines and templates of the hosts asked about, and why some could not be read."""
    if inquiry.logs is None:
        return [], [], (inquiry.say("no exporter's log endpoint is connected", "연결된 익스포터 로그 주소가 없습니다"),)
    hosts = [h.host.name for h in inquiry.hosts][:HOSTS_ASKED]
    asked = [call(host, since, limit) for host in hosts for call in (inquiry.logs.lines, inquiry.logs.templates)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    found: tuple[list[LogLine], list[LogLine]] = ([], [])
    problems = []
    for number, result in enumerate(results):
        if isinstance(result, SourceError):
            problems.append(str(result))
        elif isinstance(result, BaseException):
            raise result
        else:
            found[number % 2].extend(result)
    return found[0], found[1], tuple(dict.fromkeys(problems))


def evidence_of(line: LogLine, window: Window) -> Evidence:
    return Evidence("", window, line.host, "log", "count", float(line.count), subject=line.text[:LONGEST])


def _frequent(inquiry: Inquiry, line: LogLine, window: Window, citations: Citations) -> str:
    cited = citations.cite(evidence_of(line, window))
    times = inquiry.number(line.count)
    return inquiry.say(
        f"{line.host}: {times} times: “{line.text[:LONGEST]}”{cited}",
        f"{line.host}: {times}회: “{line.text[:LONGEST]}”{cited}",
    )


def _newest(inquiry: Inquiry, line: LogLine, window: Window, citations: Citations) -> str:
    cited = citations.cite(evidence_of(line, window))
    return f"{line.host} {inquiry.moment(line.at)} {line.priority} {line.unit}: “{line.text[:LONGEST]}”{cited}"


def _summary(
    inquiry: Inquiry, start: datetime, frequent: list[LogLine], newest: list[LogLine], problems: tuple[str, ...]
) -> str:
    since = inquiry.moment(start)
    if frequent or newest:
        return inquiry.say(
            f"Log since {since}: the most frequent and the newest entries.",
            f"{since} 이후 로그에서 자주 나온 내용과 최근 내용입니다.",
        )
    if problems:
        return inquiry.say("The logs could not be read.", "로그를 읽지 못했습니다.")
    return inquiry.say(f"No warning or error was logged since {since}.", f"{since} 이후 기록된 경고나 오류가 없습니다.")
