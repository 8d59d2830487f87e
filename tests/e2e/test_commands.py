"""The commands that look once and end, as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import a_free_port, clean_environment, instant, start_exporter, start_prometheus, until


@dataclass(frozen=True)
class Reached:
    """A Prometheus with some scrapes of one host behind it, and an address where no analyzer listens."""

    prometheus: str
    host: str
    nobody: str


@pytest.fixture(scope="module")
def reached(prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    folder, port = tmp_path_factory.mktemp("commands"), a_free_port()
    with (
        start_exporter(folder, port) as exporter,
        start_prometheus(prometheus_program, folder, a_free_port(), {"node": port}) as prometheus,
    ):
        scraped = "count_over_time(node_load1[1m]) > 5"
        until(lambda: instant(prometheus, scraped), "some scrapes", exporter, prometheus)
        yield Reached(prometheus.url, f"127.0.0.1:{port}", f"127.0.0.1:{a_free_port()}")


def analyzer(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=clean_environment(),
    )


def aimed(reached: Reached) -> list[str]:
    return [
        f"--prometheus.url={reached.prometheus}",
        f"--web.listen-address={reached.nobody}",
        "--cycle.step=1s",
        "--training.history=5m",
        "--scrape.targets=http://127.0.0.1:9/metrics",
    ]


def test_once_prints_the_hosts_for_a_person(reached: Reached) -> None:
    ended = analyzer("once", *aimed(reached))
    assert ended.returncode == 0, ended.stderr
    assert reached.host in ended.stdout
    assert "health" in ended.stdout
    assert "served by prometheus" in ended.stdout


def test_once_names_the_hosts_there_are_when_asked_for_another(reached: Reached) -> None:
    ended = analyzer("once", *aimed(reached), "--host", "web-9")
    assert ended.returncode == 1
    assert f"there is no host web-9; there are {reached.host}" in ended.stderr


def test_once_says_why_when_nobody_can_be_asked() -> None:
    nobody = ["--prometheus.url=http://127.0.0.1:9", "--scrape.targets=http://127.0.0.1:9/metrics"]
    ended = analyzer("once", *nobody)
    assert ended.returncode == 1
    assert "can't reach Prometheus" in ended.stderr.replace("\n", " ")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("question", "word"), [("how are my servers?", "memory"), ("서버 상태 어때?", "메모리"), ("메모리 얼마나 써?", "%")]
)
def test_ask_answers_by_itself_where_no_analyzer_runs(reached: Reached, question: str, word: str) -> None:
    ended = analyzer("ask", *aimed(reached), question)
    assert ended.returncode == 0, ended.stderr
    assert word in ended.stdout


def test_report_comes_as_markdown_html_and_json(reached: Reached) -> None:
    korean = analyzer("report", *aimed(reached), "--lang=ko")
    assert korean.returncode == 0, korean.stderr
    assert korean.stdout.startswith("# 호스트 보고서")
    page = analyzer("report", *aimed(reached), "--format=html")
    assert "<html" in page.stdout
    told = analyzer("report", *aimed(reached), "--format=json")
    assert isinstance(json.loads(told.stdout), dict)


def test_understand_reads_a_file_of_questions(tmp_path: Path) -> None:
    (tmp_path / "questions.tsv").write_text("lang\tquestion\nko\tweb-1 메모리 왜 이렇게 높아?\n", encoding="utf-8")
    ended = analyzer("understand", "--hosts", "web-1,db-2", "--tsv", str(tmp_path / "questions.tsv"))
    assert ended.returncode == 0, ended.stderr
    header, row = (line.split("\t") for line in ended.stdout.splitlines())
    assert header == ["question", "intent", "metric", "window", "host", "confidence"]
    assert row[1:3] + row[4:5] == ["cause", "memory", "web-1"]


def test_check_config_names_every_wrong_key_and_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "wrong.yml").write_text("promethues: {}\ncycle:\n  intervall: 5s\n")
    ended = analyzer("check-config", f"--config.file={tmp_path / 'wrong.yml'}")
    assert ended.returncode == 2
    assert "did you mean 'prometheus'?" in ended.stderr
    assert "did you mean 'cycle.interval'?" in ended.stderr
    (tmp_path / "empty.yml").write_text("")
    assert analyzer("check-config", f"--config.file={tmp_path / 'empty.yml'}").returncode == 0


def test_output_cut_off_by_its_reader_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "many.tsv").write_text("question\n" + "how are my servers?\n" * 3000)
    command = f"{sys.executable} -m analyzer understand --tsv {tmp_path / 'many.tsv'} | head -n 1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert ended.stdout.startswith("question\t")
    assert "Traceback" not in ended.stderr
