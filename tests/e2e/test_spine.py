"""The main job, for real: exporter, Prometheus and analyzer as processes, a load on this machine, and what breaks."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from analyzer.detectors import DETECTORS, ENSEMBLE
from tests.analyzer.sinks.fake_grafana import TOKEN, FakeGrafana
from tests.processes import (
    Program,
    a_free_port,
    instant,
    start_analyzer,
    start_exporter,
    start_prometheus,
    until,
)

QUICK = ("--cycle.interval=1s", "--cycle.step=1s", "--cycle.recent=10m", "--scrape.interval=1s", "--training.least=90s")


@dataclass
class Stack:
    """The three programs and how to start them again."""

    exporter: Program
    prometheus: Program
    analyzer: Program
    host: str


@contextmanager
def stack(folder: Path, prometheus_program: Path, *flags: str) -> Iterator[Stack]:
    ports = {name: a_free_port() for name in ("exporter", "prometheus", "analyzer")}
    with ExitStack() as started:
        exporter = started.enter_context(start_exporter(folder, ports["exporter"]))
        jobs = {"node": ports["exporter"], "openmanager-analyzer": ports["analyzer"]}
        prometheus = started.enter_context(start_prometheus(prometheus_program, folder, ports["prometheus"], jobs))
        analyzer = started.enter_context(
            start_analyzer(
                folder,
                ports["analyzer"],
                prometheus.url,
                f"--scrape.targets={exporter.url}/metrics",
                '--prometheus.selector=job="node"',
                *QUICK,
                *flags,
            )
        )
        yield Stack(exporter, prometheus, analyzer, f"127.0.0.1:{ports['exporter']}")


def burn(seconds: float, size: int) -> None:
    end = time.monotonic() + seconds
    ballast = bytearray(size)
    ballast[::4096] = b"x" * len(ballast[::4096])
    while time.monotonic() < end:
        sum(range(10_000))


@contextmanager
def load(folder: Path, seconds: float) -> Iterator[None]:
    """All cores busy, memory taken and a file written again and again; bounded in time, undone at the end."""
    count = 3 * (os.cpu_count() or 1)
    size = int(psutil.virtual_memory().available * 0.2 / count)
    workers = [
        multiprocessing.get_context("spawn").Process(target=burn, args=(seconds, size), daemon=True)
        for _ in range(count)
    ]
    writer = subprocess.Popen(
        ["timeout", str(seconds), "sh", "-c", "while :; do dd if=/dev/zero of=big bs=1M count=256 conv=fsync; done"],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
        writer.terminate()
        writer.wait()
        (folder / "big").unlink(missing_ok=True)


@contextmanager
def grafana(port: int) -> Iterator[FakeGrafana]:
    """The fake, answering from a thread of its own."""
    fake, loop = FakeGrafana(port=port), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(fake.start(), loop).result(10)
    try:
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(fake.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def settings_for_grafana(folder: Path, port: int) -> str:
    judge = "judge:\n  false-alarms-per-day: 100\n  over-after: 5s\n"
    text = f"grafana:\n  url: http://127.0.0.1:{port}\n  token: {TOKEN}\n{judge}"
    (folder / "settings.yml").write_text(text, encoding="utf-8")
    return f"--config.file={folder / 'settings.yml'}"


def anomalies(fake: FakeGrafana) -> list[dict[str, Any]]:
    return [kept for kept in fake.annotations.values() if any("anomaly" in tag for tag in kept["tags"])]


@pytest.mark.timeout(700)
def test_a_real_load_shows_in_prometheus_and_once_in_a_grafana_that_was_down(
    tmp_path: Path, prometheus_program: Path
) -> None:
    grafana_port = a_free_port()
    with stack(tmp_path, prometheus_program, settings_for_grafana(tmp_path, grafana_port)) as running:
        programs = (running.exporter, running.prometheus, running.analyzer)
        prometheus = running.prometheus
        score = f'openmanager_anomaly_score{{host="{running.host}",model="ensemble"}}'
        learning = until(
            lambda: instant(prometheus, f'openmanager_learning_ratio{{host="{running.host}"}}'), "learning", *programs
        )
        assert 0 <= float(learning[0]["value"][1]) <= 1
        assert instant(prometheus, score) == [], "a host is never scored by an unfitted model"
        until(lambda: instant(prometheus, score), "a first score", *programs, seconds=150)
        firing = f'openmanager_findings_firing{{host="{running.host}",kind="anomaly"}} > 0'
        with load(tmp_path, 300):
            until(lambda: instant(prometheus, firing), "a finding for the load", *programs, seconds=150)
            until(lambda: instant(prometheus, f"{score} > 0.5"), "a high score", *programs)
            until(
                lambda: instant(prometheus, "openmanager_host_state"),
                "a state, later than scores",
                *programs,
                seconds=120,
            )
            host = until(
                lambda: (told := running.analyzer.json(f"/api/v1/hosts/{running.host}"))["state"] and told,
                "a state in the API",
                *programs,
            )
            shares = instant(prometheus, f'topk(3, openmanager_anomaly_feature_share_ratio{{host="{running.host}"}})')
            owed = 'openmanager_outbox_pending{sink="annotations"} > 0'
            until(lambda: instant(prometheus, owed), "annotations owed to a Grafana that is down", *programs)
            with grafana(grafana_port) as fake:
                until(lambda: anomalies(fake), "the annotation, now that Grafana is there", *programs, seconds=90)
        assert len(shares) == 3
        assert host["state"]["count"] >= 1
        every = "last_over_time(openmanager_anomaly_score[5m])"
        assert {row["metric"]["model"] for row in instant(prometheus, every)} == {*DETECTORS, ENSEMBLE}
        for name in ("openmanager_trend_per_second", "openmanager_health_score", "openmanager_stage_duration_seconds"):
            assert instant(prometheus, f"last_over_time({name}[5m])"), name
        young = "openmanager_cycle_age_seconds < 30"
        until(lambda: instant(prometheus, young), "a cycle that is not old", *programs)
        status, answer = running.analyzer.post("/api/v1/query", {"question": "무슨 이상이 있어?"})
        assert status == 200
        assert answer["analysis"]["language"] == "ko"
        with grafana(grafana_port) as again:
            again.annotations |= fake.annotations
            # Of one, not of all: a machine that others use too may have anomalies that are not ours to end.
            closed = lambda: any(kept["timeEnd"] > kept["time"] for kept in anomalies(again))  # noqa: E731 - read twice
            until(closed, "the end of an anomaly in its annotation", *programs, seconds=300)
            texts = [kept["text"] + str(kept["time"]) for kept in again.annotations.values()]
            assert len(texts) == len(set(texts)), "each was added once"


@pytest.mark.timeout(400)
def test_prometheus_dies_and_comes_back(tmp_path: Path, prometheus_program: Path) -> None:
    with stack(tmp_path, prometheus_program) as running:
        analyzer = running.analyzer
        until(lambda: analyzer.get("/-/ready")[0] == 200, "ready", analyzer)
        served = 'openmanager_source_in_use{source="prometheus"} 1'
        until(lambda: served in analyzer.get("/metrics")[1], "served by Prometheus", analyzer)
        running.prometheus.process.kill()
        running.prometheus.process.wait()
        until(
            lambda: 'openmanager_source_in_use{source="direct scrape"} 1' in analyzer.get("/metrics")[1],
            "scrape",
            analyzer,
        )
        status, text = analyzer.get("/-/ready")
        assert status == 200
        assert "direct scrape" in text
        assert "can't reach Prometheus" in text
        assert analyzer.json("/api/v1/hosts")["hosts"], "hosts are still seen"
        port = int(running.prometheus.url.rpartition(":")[2])
        jobs = {"node": int(running.host.rpartition(":")[2])}
        with start_prometheus(prometheus_program, tmp_path, port, jobs):
            until(lambda: served in analyzer.get("/metrics")[1], "Prometheus in use again", analyzer)


@pytest.mark.timeout(120)
def test_without_any_source_ready_says_so_and_sigterm_still_ends_it(tmp_path: Path) -> None:
    flags = ("--scrape.targets=http://127.0.0.1:9/metrics", *QUICK)
    with start_analyzer(tmp_path, a_free_port(), "http://127.0.0.1:9", *flags) as analyzer:
        until(lambda: "127.0.0.1:9" in analyzer.get("/-/ready")[1], "a reason", analyzer)
        assert analyzer.get("/-/ready")[0] == 503
        assert analyzer.get("/-/healthy")[0] == 200
        assert analyzer.stop() == 0, "it ended by itself, unkilled"


@pytest.mark.timeout(200)
def test_sigterm_ends_each_program_with_nothing_half_written(tmp_path: Path, prometheus_program: Path) -> None:
    with stack(tmp_path, prometheus_program) as running:
        until(lambda: running.analyzer.get("/-/ready")[0] == 200, "ready", running.analyzer)
        for program in (running.analyzer, running.exporter):
            assert program.stop() == 0, program.output()
            assert "Traceback" not in program.output()
