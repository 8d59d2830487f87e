"""A program that hoards descriptors and errors in a log: told with the finding that they come with, for real."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes import (
    Program,
    a_free_port,
    instant,
    start_analyzer,
    start_exporter,
    start_prometheus,
    until,
)

# A limit needs no learning: this one is reached as soon as anybody opens so many files under that name.
FEATURES = """\
without: [file_descriptors]
features:
  - name: file_descriptors
    unit: count
    group: system
    promql: max by (instance) (namedprocess_namegroup_open_filedesc{groupname="omhoarder",$selector})
    meaning: {en: descriptors of the hoarder, ko: 호더의 디스크립터}
    saturates_at: 800
"""
HOARD = "import time; kept = [open('/dev/null') for _ in range(900)]; time.sleep(300)"
QUICK = ("--cycle.interval=1s", "--cycle.step=1s", "--cycle.recent=10m", "--judge.saturated-after=2s")


@contextmanager
def hoarder(folder: Path) -> Iterator[None]:
    """A Python that runs under another name: a process group of its own."""
    program = folder / "omhoarder"
    program.symlink_to(Path(sys.executable).resolve())
    process = subprocess.Popen([str(program), "-I", "-S", "-c", HOARD], start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def finding(analyzer: Program, *kinds: tuple[str, str]) -> Any:
    """The hoarder's finding once it tells all of these companions."""
    for told in analyzer.json("/api/v1/findings?firing=true")["findings"]:
        moved = {(each["kind"], each["change"]) for each in (told["companions"] or {"moved": []})["moved"]}
        if told["kind"] == "saturation:file_descriptors" and moved.issuperset(kinds):
            return told
    return None


@pytest.mark.timeout(300)
def test_a_finding_tells_the_process_that_did_it_and_the_errors_that_were_logged(
    tmp_path: Path, prometheus_program: Path
) -> None:
    (tmp_path / "features.yml").write_text(FEATURES, encoding="utf-8")
    log = tmp_path / "app.log"
    log.touch()
    ports = {name: a_free_port() for name in ("exporter", "prometheus", "analyzer")}
    with ExitStack() as started:
        told_of = (f"--collector.logs.file={log}", "--no-collector.logs.journal", "--collector.namedprocess.top=0")
        exporter = started.enter_context(start_exporter(tmp_path, ports["exporter"], *told_of))
        prometheus = started.enter_context(
            start_prometheus(prometheus_program, tmp_path, ports["prometheus"], {"node": ports["exporter"]})
        )
        flags = (f"--features.file={tmp_path / 'features.yml'}", f"--scrape.targets={exporter.url}/metrics", *QUICK)
        analyzer = started.enter_context(start_analyzer(tmp_path, ports["analyzer"], prometheus.url, *flags))
        seen = "count_over_time(node_load1[1m]) > 5"
        until(lambda: instant(prometheus, seen), "scrapes of the quiet time", exporter, prometheus)
        started.enter_context(hoarder(tmp_path))
        with log.open("a", encoding="utf-8") as lines:
            lines.writelines(f"ERROR upstream timed out after {number} s\n" for number in range(40))
        kinds = (("process group", "grew"), ("log template", "rose"))
        told = until(lambda: finding(analyzer, *kinds), "what moved with it", analyzer, exporter, seconds=90)
        answer = analyzer.post("/api/v1/query", {"question": "왜 느려?"})[1]
    moved = {(each["name"], each["change"]): each for each in told["companions"]["moved"]}
    assert ("omhoarder", "started") in moved
    grew = moved["omhoarder", "grew"]
    assert (grew["kind"], grew["resource"]) == ("process group", "process_files")
    assert 800 <= grew["now"] <= 910
    assert grew["before"] < grew["now"] / 1.2, "at a busy moment it may be seen half way"
    assert 0.2 <= grew["share"] <= 1
    (logged,) = [each for each in moved.values() if each["kind"] == "log template"]
    assert "upstream timed out after" in logged["name"], "in words, from the exporter's own log"
    assert 5 <= logged["now"] <= 40
    assert "omhoarder holds " in told["text"]["en"]
    assert "늘어난 열린 파일의 " in told["text"]["ko"]
    assert answer["analysis"]["intent"] == "cause"
    assert "늘어난 열린 파일의 " in answer["analysis"]["text"]
