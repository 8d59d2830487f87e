"""A real filesystem fills: what Prometheus was told about when it would be full, against when it was."""

from __future__ import annotations

import errno
import os
import statistics
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

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

SIZE_BYTES = 256 << 20
FULL_SECONDS = 134.0
# The least that is forecast is five minutes ahead, and that asks for a third of it as history.
QUICK = ("--cycle.interval=1s", "--cycle.step=1s", "--cycle.recent=1m42s", "--cycle.foresee=2s")
TOLD = 'openmanager_time_to_exhaustion{bound}_seconds{{host="{host}",feature="filesystem_fullest_used_ratio"}}'


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A tmpfs of SIZE_BYTES on a folder of its own; skips where that isn't allowed, and fails there in CI."""
    point = folder / "filling"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(point)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(f"can't mount a tmpfs on {point}: {done.stderr}")
    if done.returncode:
        pytest.skip(f"only root may mount a tmpfs: {done.stderr}")
    try:
        yield point
    finally:
        subprocess.run(["umount", "--lazy", str(point)], check=True)


class Filling(threading.Thread):
    """Writes so many bytes a second until no space is left; late turns catch up, so a busy machine keeps the rate."""

    def __init__(self, file: Path, bytes_per_second: float) -> None:
        super().__init__(daemon=True)
        self.file = file
        self.rate = bytes_per_second
        self.stopped = threading.Event()
        self.full_at: float | None = None

    def run(self) -> None:
        begun, written = time.monotonic(), 0
        with self.file.open("wb", buffering=0) as out:
            while not self.stopped.wait(0.1):
                due = int((time.monotonic() - begun) * self.rate)
                try:
                    while written < due:
                        written += out.write(b"x" * min(due - written, 1 << 20))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    self.full_at = time.time()
                    return


@contextmanager
def filling(point: Path) -> Iterator[Filling]:
    thread = Filling(point / "growing.log", SIZE_BYTES / FULL_SECONDS)
    thread.start()
    try:
        yield thread
    finally:
        thread.stopped.set()
        thread.join()


def when_told(prometheus: Program, host: str, bound: str, end: float) -> dict[float, float]:
    """At what time it was told that the filesystem would be full at what time, up to `end`; epoch seconds."""
    series = TOLD.format(bound=bound, host=host)
    asked = {"query": f"{series} + timestamp({series})", "start": end - FULL_SECONDS, "end": end, "step": 1}
    result = prometheus.json("/api/v1/query_range?" + urllib.parse.urlencode(asked))["data"]["result"]
    return {float(at): float(full) for at, full in result[0]["values"]} if result else {}


@pytest.mark.timeout(240)
def test_prometheus_knows_when_a_filesystem_will_be_full_before_it_is(tmp_path: Path, prometheus_program: Path) -> None:
    ports = {name: a_free_port() for name in ("exporter", "prometheus", "analyzer")}
    host = f"127.0.0.1:{ports['exporter']}"
    with ExitStack() as started:
        point = started.enter_context(mounted(tmp_path))
        only = f"--collector.filesystem.mount-points-include=^{point}$"
        exporter = started.enter_context(start_exporter(tmp_path, ports["exporter"], only))
        jobs = {"node": ports["exporter"], "openmanager-analyzer": ports["analyzer"]}
        prometheus = started.enter_context(start_prometheus(prometheus_program, tmp_path, ports["prometheus"], jobs))
        writer = started.enter_context(filling(point))
        flags = ('--prometheus.selector=job="node"', f"--scrape.targets={exporter.url}/metrics", *QUICK)
        analyzer = started.enter_context(start_analyzer(tmp_path, ports["analyzer"], prometheus.url, *flags))
        programs = (exporter, prometheus, analyzer)
        until(lambda: instant(prometheus, TOLD.format(bound="", host=host)), "a forecast", *programs, seconds=130)
        assert writer.full_at is None, "it was told before it happened"
        full_at = until(lambda: writer.full_at, "no space left", *programs, seconds=60)
        told = {bound: when_told(prometheus, host, bound, full_at) for bound in ("", "_lower", "_upper")}
    assert full_at - min(told[""]) > 10, "early enough to do something about it"
    soonest, expected, latest = (statistics.median(told[bound].values()) for bound in ("_lower", "", "_upper"))
    assert soonest <= expected <= latest
    assert abs(expected - full_at) < 5, "a scrape, a cycle and a renewal late at most"
