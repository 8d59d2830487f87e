"""This machine's own features, recorded through our exporter and Prometheus while disks fill and work goes on.

`python -m benchmarks.recording --folder=DIR --hours=H` records until then (or until it is told to end) and writes
DIR/recorded.npz every five minutes; `benchmarks.recorded` holds forecasts against it. As root it also fills two small
filesystems of its own again and again, with log rotation, and notes when each was full. It works at nice 19.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from analyzer.data import Times
from analyzer.features import load_features, query
from tests.processes import ROOT, Program, a_free_port, start_exporter, start_prometheus

STEP_SECONDS = 5
WINDOW_SECONDS = 30.0
SAVE_SECONDS = 300.0
MOST_STEPS = 10_000
FILESYSTEM_BYTES = 96 << 20
PROMETHEUS = ROOT / ".tools" / "prometheus" / "usr" / "bin" / "prometheus"
# Each filesystem's name and the minutes that one fill takes, at least and at most.
FILLS = {"short": (8.0, 14.0), "long": (35.0, 55.0)}
USED = '1 - node_filesystem_avail_bytes{{mountpoint="{point}"}} / node_filesystem_size_bytes{{mountpoint="{point}"}}'


class Fill(threading.Thread):
    """Fills a filesystem at a pace of its own with logs that are rotated, clears it once it is full, begins again."""

    def __init__(self, point: Path, minutes: tuple[float, float], stopped: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.point, self.minutes, self.stopped = point, minutes, stopped
        self.random = np.random.default_rng(seed)
        self.full_at: list[float] = []

    def run(self) -> None:
        while not self.stopped.is_set():
            self._fill_once()
            self.stopped.wait(self.random.uniform(20, 60))
            for file in self.point.iterdir():
                file.unlink()

    def _fill_once(self) -> None:
        """What stays and a log that is cut once a minute and a half both grow; seconds differ in how much comes."""
        rate = FILESYSTEM_BYTES / (60 * self.random.uniform(*self.minutes))
        rotates = self.random.uniform(60, 120)
        begun = cut = time.monotonic()
        with (self.point / "stays").open("wb", buffering=0) as stays, (self.point / "log").open("wb", 0) as log:
            while not self.stopped.wait(1.0):
                now = time.monotonic()
                if now - cut > rotates:
                    log.truncate(0)
                    log.seek(0)
                    cut = now
                try:
                    stays.write(bytes(int(rate * self.random.exponential(1.0))))
                    log.write(bytes(int(0.3 * rate * self.random.exponential(1.0))))
                    stays.write(b"x")
                    if now - begun > 60 and os.statvfs(self.point).f_bavail == 0:
                        raise OSError(errno.ENOSPC, "full")  # noqa: TRY301 - a short write says so only next time
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    self.full_at.append(time.time())
                    return


def work(stopped: threading.Event) -> None:
    """A bounded load: 2 to 8% of a core and 20 to 150 MB that come and go, on top of what the machine does anyway."""
    while not stopped.is_set():
        swing = 0.5 + 0.5 * np.sin(time.time() / 600 * 2 * np.pi)
        end = time.monotonic() + 0.02 + 0.06 * swing
        held = bytearray(int((20 + 130 * swing) * 1e6))
        while time.monotonic() < end:
            sum(range(2000))
        stopped.wait(1.0)
        del held


@contextmanager
def filesystems(folder: Path) -> Iterator[dict[str, Path]]:
    """The filesystems to fill; none where only root may mount them."""
    points: dict[str, Path] = {}
    try:
        for name in FILLS:
            point = folder / f"fill-{name}"
            point.mkdir(exist_ok=True)
            mount = ["mount", "-t", "tmpfs", "-o", f"size={FILESYSTEM_BYTES}", "tmpfs", str(point)]
            if subprocess.run(mount, check=False).returncode == 0:
                points[name] = point
        yield points
    finally:
        for point in points.values():
            subprocess.run(["umount", "--lazy", str(point)], check=False)


def expressions(points: dict[str, Path]) -> dict[str, str]:
    """Every catalogue feature's query, and the use of the filesystems that are filled here."""
    found = {feature.name: query(feature, "", WINDOW_SECONDS) for feature in load_features()}
    return found | {f"fill_{name}": USED.format(point=point) for name, point in points.items()}


def answered(prometheus: Program, promql: str, start: float, end: float) -> Times:
    """The query's only series on the grid; NaN where it has no value."""
    found = np.full(round((end - start) / STEP_SECONDS) + 1, np.nan)
    for first in range(0, len(found), MOST_STEPS):
        until = min(first + MOST_STEPS, len(found)) - 1
        asked = {"query": promql, "start": start + first * STEP_SECONDS, "end": start + until * STEP_SECONDS}
        reply = prometheus.json("/api/v1/query_range?" + urllib.parse.urlencode(asked | {"step": STEP_SECONDS}))
        for series in reply["data"]["result"]:
            for at, value in series["values"]:
                found[round((at - start) / STEP_SECONDS)] = float(value)
    return found


def save(
    prometheus: Program, wanted: dict[str, str], fills: list[Fill], names: list[str], start: float, to: Path
) -> None:
    """Everything recorded so far, in one file that is replaced whole."""
    end = time.time() // STEP_SECONDS * STEP_SECONDS
    values = np.array([answered(prometheus, promql, start, end) for promql in wanted.values()], dtype=np.float32)
    times = start + np.arange(values.shape[1]) * STEP_SECONDS
    full_at = {f"full_{name}": np.array(fill.full_at) for name, fill in zip(names, fills, strict=True)}
    part = to.with_suffix(".part.npz")
    np.savez_compressed(part, allow_pickle=False, times=times, names=np.array(list(wanted)), values=values, **full_at)
    part.replace(to)
    print(f"{(end - start) / 3600:.2f} h of {len(wanted)} features in {to}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--hours", type=float, default=24.0)
    given = arguments.parse_args()
    os.nice(19)
    given.folder.mkdir(parents=True, exist_ok=True)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    exporter_port, port = a_free_port(), a_free_port()
    with ExitStack() as stack:
        points = stack.enter_context(filesystems(given.folder))
        stack.enter_context(start_exporter(given.folder, exporter_port))
        jobs = {"node": exporter_port}
        prometheus = stack.enter_context(
            start_prometheus(PROMETHEUS, given.folder, port, jobs, scrape=f"{STEP_SECONDS}s")
        )
        fills = [Fill(point, FILLS[name], stopped, seed) for seed, (name, point) in enumerate(points.items())]
        threads: list[threading.Thread] = [*fills, threading.Thread(target=work, args=(stopped,), daemon=True)]
        for thread in threads:
            thread.start()
        wanted = expressions(points)
        start = time.time() // STEP_SECONDS * STEP_SECONDS
        end = time.monotonic() + given.hours * 3600
        while not stopped.is_set():
            stopped.wait(min(SAVE_SECONDS, max(end - time.monotonic(), 0.0)))
            save(prometheus, wanted, fills, list(points), start, given.folder / "recorded.npz")
            if time.monotonic() >= end:
                stopped.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
