"""A fleet's service told to end in the middle of learning: at once, in order, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from analyzer.pool import MANY_HOSTS
from benchmarks.fake_prometheus import prometheus
from benchmarks.fleet_service import catalogue
from tests.processes import Program, a_free_port, answers, clean_environment, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and groups of processes are POSIX's")
LEARNED_SECONDS = 0.2


@contextmanager
def fleet_service(folder: Path) -> Iterator[Program]:
    """In a group of processes of its own, as a terminal starts it."""
    port, log = a_free_port(), folder / "analyzer.log"
    with prometheus(MANY_HOSTS) as url, log.open("ab") as sink:
        words = [
            f"--prometheus.url={url}",
            f"--features.file={catalogue(10, folder)}",
            f"--storage.path={folder}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--training.history=6h",
            "--scrape.targets=http://127.0.0.1:9/metrics",
        ]
        program = [sys.executable, "-m", "analyzer", "serve", *words]
        environment = clean_environment()
        process = subprocess.Popen(program, stdout=sink, stderr=sink, env=environment, start_new_session=True)
        service = Program("analyzer", process, f"http://127.0.0.1:{port}", log)
        try:
            until(lambda: answers(service, "/-/healthy"), "it answers", service)
            yield service
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def learns(service: Program) -> bool:
    """Whether a process of its own works for it."""
    children = psutil.Process(service.process.pid).children()
    return any(child.cpu_times().user > LEARNED_SECONDS for child in children)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_while_it_learns_a_fleet_it_ends_in_order_and_leaves_nothing(
    how: signal.Signals, tmp_path: Path
) -> None:
    with fleet_service(tmp_path) as service:
        until(lambda: learns(service), "it learns", service)
        children = psutil.Process(service.process.pid).children(recursive=True)
        os.killpg(service.process.pid, how)  # Ctrl-C reaches a terminal's whole group
        assert service.process.wait(30) == 0
        assert service.output() == ""
        gone, left = psutil.wait_procs(children, timeout=10)
    assert len(gone) == 1
    assert left == []
