"""Reports in both languages and three formats: complete, from the same facts, harmless whatever hosts are called."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from analyzer.assistant.document import Document, DocumentMaker
from analyzer.assistant.rendering import render
from analyzer.data import Host, HostReport, Severity
from analyzer.sources.prometheus import PrometheusSource
from tests.analyzer.assistant.conftest import BUSY, FEATURES, NOW, SHORT_OF_MEMORY, WEB, WrittenLog, report
from tests.processes import Program

TROUBLED = report(BUSY, SHORT_OF_MEMORY)


@pytest.fixture
async def maker(two_days: Program) -> AsyncIterator[DocumentMaker]:
    source = PrometheusSource(tuple(FEATURES.values()), url=two_days.url)
    yield DocumentMaker(FEATURES, source, WrittenLog(), two_days.url)
    await source.close()


@pytest.fixture
async def korean(maker: DocumentMaker) -> Document:
    return await maker.make(TROUBLED, NOW, language="ko", timezone="Asia/Seoul")


async def test_a_report_has_every_section_in_natural_korean(korean: Document) -> None:
    text = render(korean, "md")
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == [
        "# 호스트 보고서",
        "## 호스트 상태",
        "## 이상 항목",
        "## 원인",
        "## 자원 예측",
        "## 권장 조치",
        "## 로그",
        "## 근거",
    ]
    assert "기간: 3월 3일 15:30 KST – 3월 4일 15:30 KST" in text
    assert "| web-1:9100 | 심각 | – | 1 | 3월 4일 15:30 KST |" in text
    assert "- java가 늘어난 CPU 시간의 92%를 사용했습니다(320%, 이전 50%, 100%는 코어 1개)." in text
    assert "[E" not in text


async def test_an_english_report_tells_the_same_facts(maker: DocumentMaker) -> None:
    text = render(await maker.make(TROUBLED, NOW), "md")
    assert "## What runs out" in text
    assert "- java used 92% of the added processor time (320%, before 50%; 100% is one core)." in text
    assert "- To look: `ps -eo pid,user,comm,%cpu,etime --sort=-%cpu | head`" in text


async def test_a_quiet_day_is_a_report_too(maker: DocumentMaker) -> None:
    text = render(await maker.make(report(), NOW), "md")
    assert "All 2 hosts are fine: no open findings." in text
    assert "Nothing is abnormal." in text


async def test_findings_that_ended_within_the_window_are_told_and_older_ones_are_not(maker: DocumentMaker) -> None:
    ended = replace(BUSY, starts_at=NOW - timedelta(hours=9), ends_at=NOW - timedelta(hours=8))
    old = replace(ended, starts_at=NOW - timedelta(days=9), ends_at=NOW - timedelta(days=8), severity=Severity.INFO)
    text = render(await maker.make(report(), NOW, history=(ended, old)), "md")
    assert "Nothing is abnormal now; these have ended." in text
    assert "from Mar 3 21:30 UTC to Mar 3 22:30 UTC (1 h)" in text
    assert "Feb 23" not in text


async def test_json_holds_the_same_as_data(korean: Document) -> None:
    tree = json.loads(render(korean, "json"))
    assert tree["language"] == "ko"
    assert [section["intent"] for section in tree["sections"]][:2] == ["status", "anomaly"]
    assert tree["sections"][0]["draft"]["system_status"][0]["host"] == WEB


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


async def test_html_is_one_page_that_loads_nothing_and_runs_nothing(maker: DocumentMaker) -> None:
    evil = HostReport(Host("<script>alert(1)</script>:9100", "node", "<img src=x>"), NOW, {})
    page = render(await maker.make(replace(TROUBLED, hosts=(*TROUBLED.hosts, evil)), NOW, language="ko"), "html")
    parser = _Tags()
    parser.feed(page)
    assert page.startswith('<!doctype html><html lang="ko">')
    assert not {"script", "img", "link", "iframe"} & set(parser.tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;:9100" in page
