"""How fast questions are answered: against a live Prometheus with 50 hosts of history, computed and from the cache.

`python -m benchmarks.answers` writes the history, starts Prometheus (found on PATH or in .tools), asks every kind of
question in both languages, then replays questions as people repeat them.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from analyzer.assistant import HostAssistant
from analyzer.data import Host, Question, Report
from analyzer.sources.prometheus import PrometheusSource
from tests.analyzer.assistant.conftest import (
    BUSY,
    DB,
    FEATURES,
    NOW,
    SHORT_OF_MEMORY,
    WEB,
    WrittenLog,
    openmetrics,
    report,
)
from tests.processes import ROOT, Program, a_free_port, running, until

HOSTS = 50
QUESTIONS = (
    "how are my servers", "서버 상태 어때?", "how much memory is in use", "web-1 CPU 몇 퍼센트야?",
    "highest cpu in the last 24 hours", "what is abnormal", "이상 징후 있어?", "why is web-1 slow",
    "왜 web-1 cpu가 높아?",
    "when will the disk be full", "디스크 언제 꽉 차?", "cpu higher than yesterday?",
    "메모리 제일 많이 쓰는 서버 어디야",
    "top processes by cpu", "메모리 제일 많이 쓰는 프로세스", "which services failed", "nginx 돌아가고 있나요?",
    "show error logs", "what should I do", "디스크 용량 확보 방법 알려줘", "tell me a joke",
)  # fmt: skip
ROUNDS = 5
ASKED = 400  # questions of the replay


def main(_: Sequence[str] = ()) -> None:
    with tempfile.TemporaryDirectory() as folder, prometheus(Path(folder)) as program:
        asyncio.run(measure(program.url))


async def measure(url: str) -> None:
    source = PrometheusSource(tuple(FEATURES.values()), url=url)
    assistant, seen = HostAssistant(FEATURES, url, source, WrittenLog()), fifty(report(BUSY, SHORT_OF_MEMORY))
    await assistant.answer(Question(QUESTIONS[0], NOW), seen)  # loads the sentence model
    computed, kept, each = list[float](), list[float](), dict[str, list[float]]()
    for number in range(ROUNDS):
        later = replace(seen, at=NOW.replace(second=number))  # a new report: nothing kept is served
        for text in QUESTIONS:
            computed.append(await _spent(assistant, text, later))
            each.setdefault(text, []).append(computed[-1])
            kept.append(await _spent(assistant, text, later))
    print(f"{HOSTS} hosts, {len(computed)} questions of {len(QUESTIONS)} kinds\n")
    print("| answer | median | 95% within |\n| --- | --- | --- |")
    for name, times in (("computed", computed), ("kept", kept)):
        print(f"| {name} | {np.median(times) * 1000:.1f} ms | {np.percentile(times, 95) * 1000:.1f} ms |")
    slowest = sorted(each, key=lambda text: -float(np.median(each[text])))[:5]
    print("\nslowest: " + ", ".join(f"“{text}” {np.median(each[text]) * 1000:.0f} ms" for text in slowest))
    await replay(assistant, replace(seen, at=NOW.replace(second=30)))
    await source.close()


async def replay(assistant: HostAssistant, seen: Report) -> None:
    """Questions as people repeat them: a few often, most seldom, in other letter case and with other marks."""
    dice, first, repeats, spared = random.Random(1), set[str](), 0, 0
    for _ in range(ASKED):
        text = QUESTIONS[min(int(dice.paretovariate(0.8)) - 1, len(QUESTIONS) - 1)]
        written = dice.choice((text, text.upper(), text + "?", f" {text} "))
        answer = await assistant.answer(Question(written, NOW), seen)
        repeats += text in first
        spared += answer.cached
        first.add(text)
    print(
        f"\nreplay of {ASKED} questions: {repeats} repeats, {spared / max(1, repeats):.1%} of them cost no computation"
    )


def fifty(two: Report) -> Report:
    """The two hosts' reports, 25 times each, under other names."""
    hosts = [
        replace(two.hosts[number % 2], host=Host(_name(number), "node", _name(number).partition(":")[0]))
        for number in range(HOSTS)
    ]
    return replace(two, hosts=tuple(hosts))


@contextmanager
def prometheus(folder: Path) -> Iterator[Program]:
    """Prometheus with two days of fifty hosts; what it takes to write them is not measured."""
    programs = ROOT / ".tools/prometheus/usr/bin"
    history = [line for line in openmetrics().splitlines() if line != "# EOF"]
    with (folder / "history.om").open("w") as file:
        for line in history:
            file.write(line + "\n")
            if not line.startswith("#"):
                file.writelines(_renamed(line, number) for number in range(2, HOSTS) if _pair(number) in line)
        file.write("# EOF\n")
    blocks: list[str | Path] = [programs / "promtool", "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*blocks, folder / "history.om", folder / "tsdb"], check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    port = a_free_port()
    server: list[str | Path] = [programs / "prometheus", f"--config.file={folder / 'prometheus.yml'}"]
    server += [f"--storage.tsdb.path={folder / 'tsdb'}", "--storage.tsdb.retention.time=100y"]
    server += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with running("prometheus", server, port, "/-/ready", folder) as program:
        until(lambda: program.get("/-/ready")[0] == 200, "Prometheus is ready", program)
        yield program


def _name(number: int) -> str:
    return f"{'web' if number % 2 == 0 else 'db'}-{number + 1}:9100"


def _pair(number: int) -> str:
    return f'instance="{WEB if number % 2 == 0 else DB}"'


def _renamed(line: str, number: int) -> str:
    return line.replace(_pair(number), f'instance="{_name(number)}"') + "\n"


async def _spent(assistant: HostAssistant, text: str, seen: Report) -> float:
    begun = time.perf_counter()
    await assistant.answer(Question(text, NOW), seen)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(sys.argv[1:])
