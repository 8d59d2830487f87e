"""The logs collector as a whole: metrics, the page, bounds, and what happens in a burst."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from exporter.collectors import NoData, Routed
from exporter.collectors.logs import LogsCollector
from exporter.collectors.logs_book import Book, Line, Wish
from exporter.collectors.logs_following import Follower, FollowingEnded
from exporter.flags import SettingsError
from exporter.procfs import Trees
from exporter.request import parse
from tests.exporter.page import of, page, told_now, values

MESSAGES = "openmanager_log_messages_total"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.touch()
    return path


@pytest.fixture
def collector(log: Path) -> Iterator[LogsCollector]:
    collector = LogsCollector(Trees.below(), file=(str(log),), journal=False)
    until(lambda: is_open(collector, log))
    yield collector
    collector.close()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends, "waited a minute in vain"
        time.sleep(0.02)


def is_open(collector: LogsCollector, log: Path) -> bool:
    """What is written before that counts as history."""
    return f'openmanager_log_source_up{{source="{log}"}} 1\n' in page(collector) + "\n"


def book_of(collector: LogsCollector) -> Book:
    assert collector.reading is not None
    return collector.reading.book


def asked(collector: LogsCollector, query: str = "") -> Any:
    """What the page answers."""
    route = collector.routes()["/api/v1/logs"]
    response = route(parse(f"GET /api/v1/logs?{query} HTTP/1.1".encode()))
    assert response.content_type == "application/json; charset=utf-8"
    content = json.loads(response.body)
    assert (content["status"] == "success") is (response.status == HTTPStatus.OK)
    return content.get("data", content.get("error"))


def test_messages_are_counted_by_source_and_severity_and_template(collector: LogsCollector, log: Path) -> None:
    with log.open("a") as file:
        file.write("ERROR can't reach 192.0.2.1\n  at line 5\nERROR can't reach 192.0.2.2\nINFO ready\n")
    until(lambda: sum(values(told_now(collector), MESSAGES, "severity").values()) == 3)
    found = told_now(collector)
    assert of(found, MESSAGES, source=str(log), severity="error") == 2
    assert of(found, MESSAGES, source=str(log), severity="info") == 1
    templates = {one["template"]: one for one in asked(collector)["templates"]}
    assert set(templates) == {"ERROR can't reach <ip>", "INFO ready"}
    error = templates["ERROR can't reach <ip>"]
    assert (error["count"], error["severity"], error["example"]) == (2, "error", "ERROR can't reach 192.0.2.1")
    labels = {"source": str(log), "severity": "error", "template": error["id"]}
    assert of(found, "openmanager_log_template_messages_total", **labels) == 2
    assert of(found, "openmanager_log_source_up", source=str(log)) == 1
    assert "reach" not in page(collector)


def test_the_page_answers_by_time_severity_source_and_limit() -> None:
    collector = LogsCollector(Trees.below(), file=("/nowhere",), journal=False)
    book_of(collector).add(
        [
            Line(100.0, "a", "ERROR first"),
            Line(200.0, "b", "INFO second"),
            Line(300.0, "a", "WARN third"),
            Line(400.0, "a", "fourth"),
        ]
    )

    def texts(query: str) -> list[str]:
        return [line["text"] for line in asked(collector, query)["lines"]]

    assert texts("") == ["ERROR first", "INFO second", "WARN third", "fourth"]
    assert texts("severity=warning") == ["ERROR first", "WARN third"]
    assert texts("source=b") == ["INFO second"]
    assert texts("start=200&end=300") == ["INFO second", "WARN third"]
    assert texts("start=1970-01-01T00:05:00Z") == ["WARN third", "fourth"]
    assert texts("limit=1") == ["fourth"]
    assert [one["template"] for one in asked(collector, "end=250&severity=info")["templates"]] == [
        "ERROR first",
        "INFO second",
    ]
    assert asked(collector, "source=a&limit=1")["lines"] == [
        {
            "time": "1970-01-01T00:06:40.000Z",
            "source": "a",
            "severity": "unknown",
            "template": asked(collector, "severity=unknown")["lines"][3]["template"],
            "text": "fourth",
        }
    ]
    collector.close()


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("severity=bad", "severity is one of critical, error, warning, notice, info, debug, unknown, not 'bad'"),
        ("limit=0", "limit is a number from 1 to 1000, not '0'"),
        ("limit=%C2%B2", "limit is a number from 1 to 1000, not '\u00b2'"),
        ("start=yesterday", "start is a time in epoch seconds or RFC 3339, not 'yesterday'"),
        ("end=nan", "end is a time in epoch seconds or RFC 3339, not 'nan'"),
        ("sort=x", "unknown parameter 'sort'; there are end, limit, severity, source, start"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_why(query: str, problem: str) -> None:
    collector = LogsCollector(Trees.below(), file=("/nowhere",), journal=False)
    assert asked(collector, query) == problem
    collector.close()


def test_secrets_and_control_signs_leave_neither_by_metrics_nor_by_the_page() -> None:
    collector = LogsCollector(Trees.below(), file=("/nowhere",), journal=False)
    book_of(collector).add([Line(1.0, "a", "\x1b[31mlogin\x1b[0m password=hunter2\x00\x07 \ud800 ok\r\n")])
    book_of(collector).add([Line(1.0, "a", "url=https://u:hunter2@h/x"), Line(1.0, "b", "-----BEGIN PRIVATE KEY-----")])
    book_of(collector).add([Line(1.0, "b", "aHVudGVyMg=="), Line(1.0, "a", "not in the key")])
    answer = asked(collector)
    assert [line["text"] for line in answer["lines"]] == [
        "login password=***  ok",
        "url=https://***@h/x",
        "***",
        "***",
        "not in the key",
    ]
    assert "hunter2" not in json.dumps(answer) + page(collector)
    assert "aHVud" not in json.dumps(answer)
    collector.close()


def test_without_lines_the_page_has_templates_only(log: Path) -> None:
    collector = LogsCollector(Trees.below(), file=(str(log),), journal=False, lines=False)
    book_of(collector).add([Line(1.0, "a", "ERROR alice failed 5 times")])
    answer = asked(collector)
    assert answer["lines"] == []
    assert [(one["template"], "example" in one) for one in answer["templates"]] == [
        ("ERROR alice failed <num> times", False)
    ]
    collector.close()


def test_memory_is_bounded_and_a_flood_does_not_push_out_warnings() -> None:
    book = Book(most_templates=50, most_characters=20_000)
    book.add([Line(1.0, "a", "ERROR the one that matters")])
    letters = "ghijklmnopqrstuvwxyz"
    for number in range(5_000):
        text = f"{letters[number % 20] * 9} {letters[number // 20 % 20] * 9} {letters[number // 400] * 9} {'x' * 3000}"
        book.add([Line(2.0, f"source {number}", text)])
    entries = book.lines(Wish(limit=1000))
    assert entries[0].text == "ERROR the one that matters"
    assert sum(len(entry.text) for entry in entries) <= 20_000
    assert {len(entry.text) for entry in entries[1:]} == {1000}
    assert len(book.miner) == 50
    assert len({source for source, _ in book.counts}) == 101
    assert book.counts["other", "unknown"] == 5_000 - 99
    counts, templates = book.told(20)
    assert len(templates) == 20
    assert sum(counts.values()) == 5_001


def test_the_worst_templates_are_told_as_series_before_the_frequent_ones() -> None:
    book = Book()
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]
    for times, word in enumerate(words, 1):
        book.add([Line(float(times), "a", f"{word} {word} {word}")] * times)
    book.add([Line(50.0, "a", "ERROR once"), Line(60.0, "a", "ERROR newest"), Line(55.0, "a", "ERROR twice here")])
    _, templates = book.told(4)
    assert sorted((severity, count) for *_, severity, count in templates) == [
        ("error", 1), ("error", 1), ("error", 1), ("unknown", 8),
    ]  # fmt: skip
    _, again = book.told(4)
    assert templates == again


class Flood:
    """A source that always has more, and takes some time to read."""

    def poll(self) -> tuple[list[Line], bool]:
        began = time.thread_time()
        while time.thread_time() - began < 0.02:
            pass
        return [], True

    def close(self) -> None:
        return


class Impatient(threading.Event):
    """Notes how long the thread wants to rest, and lets it rest no longer."""

    def __init__(self) -> None:
        super().__init__()
        self.rests: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout or 0.0)
        if len(self.rests) == 3:
            self.set()
        return self.is_set()


def test_in_a_burst_reading_rests_so_long_that_it_keeps_to_its_share() -> None:
    stopping = Impatient()
    follower = Follower(Book(), None, Flood(), 0.2, _stopping=stopping)  # type: ignore[arg-type]
    follower.start()
    until(stopping.is_set)
    follower.stop()
    assert all(rest >= 0.08 for rest in stopping.rests)  # four parts of rest to one of 0.02 s of work


def test_scrapes_are_answered_during_a_burst(log: Path) -> None:
    collector = LogsCollector(Trees.below(), file=(str(log),), journal=False)
    until(lambda: is_open(collector, log))
    with log.open("a") as file:
        file.writelines(f"INFO request {number} took {number % 97} ms\n" for number in range(100_000))
    seen = [0.0]
    while seen[-1] < 3_000:
        seen.append(sum(values(told_now(collector), MESSAGES, "severity").values()))
    assert seen == sorted(seen)
    collector.close()


def test_a_later_run_goes_on_where_this_one_stopped(tmp_path: Path, log: Path) -> None:
    state = tmp_path / "state.json"

    def run() -> LogsCollector:
        collector = LogsCollector(Trees.below(), file=(str(log),), journal=False, state_file=str(state))
        until(lambda: is_open(collector, log))
        return collector

    run().close()
    with log.open("a") as file:
        file.write("ERROR while nobody looked\n")
    second = run()
    until(lambda: bool(asked(second)["lines"]))
    assert [line["text"] for line in asked(second)["lines"]] == ["ERROR while nobody looked"]
    second.close()
    state.write_text("{}")
    with pytest.raises(SettingsError, match="isn't what an earlier run left there"):
        run()


def test_when_the_reading_thread_breaks_down_a_scrape_says_so_and_it_goes_on(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints: list[object] = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    collector = LogsCollector(Trees.below(), file=(str(log),), journal=False)
    assert collector.reading is not None
    files = collector.reading.follower.files
    assert files is not None
    files.clock = None  # type: ignore[assignment]
    page(collector)
    until(lambda: is_open(collector, log))
    with log.open("a") as file:
        file.write("x\n")
    until(lambda: bool(complaints))
    files.files[str(log)].clock = time.time
    with pytest.raises(FollowingEnded):
        page(collector)
    with log.open("a") as file:
        file.write("INFO y\n")
    until(lambda: (MESSAGES, frozenset({("source", str(log)), ("severity", "info")})) in told_now(collector))
    collector.close()


def test_without_journal_and_files_there_is_nothing_to_tell(tmp_path: Path) -> None:
    collector = LogsCollector(Trees.below(rootfs=str(tmp_path)))
    assert isinstance(collector, Routed)
    assert collector.routes() == {}
    with pytest.raises(NoData):
        list(collector.collect())
    collector.close()


def test_a_journal_below_another_root_is_read_there(tmp_path: Path) -> None:
    (tmp_path / "var/log/journal/0123").mkdir(parents=True)
    program = tmp_path / "journalctl"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/call\nexec sleep 60\n')
    program.chmod(0o755)
    collector = LogsCollector(Trees.below(rootfs=str(tmp_path)), journalctl=str(program))
    until(lambda: values(told_now(collector), "openmanager_log_source_up", "source") == {"journal": 1})
    until((tmp_path / "call").exists)
    until(lambda: f"--directory={tmp_path}/var/log/journal" in (tmp_path / "call").read_text())
    collector.close()
