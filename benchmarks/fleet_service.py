"""The whole service of a large fleet, as people run it: ticks, first fits, refits and forecasts together.

`python -m benchmarks.fleet_service [--hosts=2500] [--features=40] [--minutes=15] [--history=2d] [--refit=1h]`. A real
analyzer process with a fake Prometheus over loopback, which also scrapes it. How long after its due time each cycle
was published, cycles missed, how soon all hosts are scored, and memory.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from benchmarks.fake_prometheus import prometheus

INTERVAL_SECONDS = 15.0
LOOKED_SECONDS = 0.1
TOLD_SECONDS = 60.0


def catalogue(count: int, folder: Path) -> Path:
    """Only the benchmark's features; every third has a limit, which is seldom near."""
    shipped = re.findall(r"^  - name: (\w+)$", Path("analyzer/features.yml").read_text(), re.MULTILINE)
    entries = "\n".join(
        f"  - {{name: bench_{n}, unit: ratio, group: group_{n % 8}, promql: 'bench_{n}{{$selector}}', "
        f"meaning: {{en: bench {n}}}, minimum_effect: 0.05{'' if n % 3 else ', limit: 1, saturates_at: 0.9'}}}"
        for n in range(count)
    )
    path = folder / "features.yml"
    path.write_text(f"without: [{', '.join(shipped)}]\nfeatures:\n{entries}\n")
    return path


@contextmanager
def analyzer(url: str, asked: argparse.Namespace, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = [
        *(sys.executable, "-m", "analyzer", "serve"),
        f"--prometheus.url={url}",
        f"--features.file={catalogue(asked.features, folder)}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{asked.port}",
        f"--training.history={asked.history}",
        f"--training.interval={asked.refit}",
        "--scrape.targets=http://127.0.0.1:9/metrics",
    ]
    with subprocess.Popen(program) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


@dataclass(frozen=True)
class Used:
    """A process's memory now and at most, in MiB, and the seconds of processor that it and its children took so far.

    `whole` is the memory of it and its children together, what they share counted once (PSS).
    """

    now: float
    most: float
    whole: float
    seconds: float

    @classmethod
    def by(cls, process: int) -> Used:
        parent = psutil.Process(process)
        status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
        now, most = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        whole, seconds = 0.0, 0.0
        for each in (parent, *parent.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                whole += each.memory_full_info().pss / 2**20
                times = each.cpu_times()
                seconds += times.user + times.system
        return cls(now, most, whole, seconds)


class Watch:
    """Sees each cycle come, as anybody outside can: `late` seconds after it began, `gaps` seconds after the last."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._last = 0.0
        self.late: list[float] = []
        self.gaps: list[float] = []
        self.answered: list[float] = []

    def look(self) -> None:
        """Ask how old the last cycle is; one that is younger than the last is new."""
        begun = time.time()
        with suppress(requests.ConnectionError):
            age = self._session.get(f"{self._address}/-/ready", timeout=30).json()["age_seconds"]
            now = time.time()
            self.answered.append(now - begun)
            if age is None:
                return
            if now - age > self._last + 1.0:
                if self._last:
                    self.gaps.append(now - age - self._last)
                self._last = now - age
                self.late.append(age)


@dataclass(frozen=True)
class Scraped:
    """`seconds` it took until the answer was there, how many hosts are scored, and the last cycle's stages."""

    seconds: float
    scored: int
    stages: str


def scrape(address: str) -> Scraped:
    """As Prometheus does, which is a process of its own: who reads so long a text sees no cycle come meanwhile."""
    begun = time.time()
    answer = requests.get(f"{address}/metrics", headers={"Accept-Encoding": "gzip"}, timeout=60)
    took, body = time.time() - begun, answer.text
    scored = len(re.findall(r'^openmanager_anomaly_score\{host="[^"]*",model="ensemble"', body, re.MULTILINE))
    stages = re.findall(r'^openmanager_stage_duration_seconds\{stage="(\w+)"\} (\S+)', body, re.MULTILINE)
    told = ", ".join(f"{name} {float(seconds):.2f}" for name, seconds in stages if float(seconds) >= 0.05)
    return Scraped(took, scored, told)


def spread(values: list[float]) -> str:
    told = sorted(values)
    return f"{told[len(told) // 2]:.2f} usually, {told[int(0.95 * len(told))]:.2f} at 95%, {told[-1]:.2f} at most"


def measure(asked: argparse.Namespace) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        prometheus(asked.hosts) as url,
        analyzer(url, asked, Path(name)) as process,
        ProcessPoolExecutor(1) as scraper,
    ):
        address = f"http://127.0.0.1:{asked.port}"
        watch, begun = Watch(address), time.monotonic()
        scrape_at, tell_at, whole, before, scored, stages, most = 30.0, 0.0, None, 0.0, 0, "", 0.0
        scraping: Future[Scraped] | None = None
        scraped: list[float] = []
        while (passed := time.monotonic() - begun) < 60 * asked.minutes and process.poll() is None:
            watch.look()
            if passed >= scrape_at and scraping is None:
                scrape_at, scraping = passed + INTERVAL_SECONDS, scraper.submit(scrape, address)
            if scraping is not None and scraping.done():
                seen, scraping = scraping.result(), None
                scored, stages = seen.scored, seen.stages
                scraped.append(seen.seconds)
                most = max(most, Used.by(process.pid).whole)
                whole = passed if whole is None and scored == asked.hosts else whole
            if passed >= tell_at and watch.late:
                tell_at, used = passed + TOLD_SECONDS, Used.by(process.pid)
                print(
                    f"{passed / 60:5.1f} min: {scored} scored, {len(watch.late)} cycles, last after "
                    f"{watch.late[-1]:.2f} s, {used.now:.0f} MiB now, {used.most:.0f} at most, "
                    f"{used.whole:.0f} with its workers, "
                    f"{(used.seconds - before) / TOLD_SECONDS:.2f} cores; {stages}",
                    flush=True,
                )
                before = used.seconds
            time.sleep(LOOKED_SECONDS)
        tell(asked, watch, scraped, whole, Used.by(process.pid), most)


def tell(
    asked: argparse.Namespace, watch: Watch, scraped: list[float], whole: float | None, used: Used, most: float
) -> None:
    missed = sum(round(gap / INTERVAL_SECONDS) - 1 for gap in watch.gaps)
    print(f"{asked.hosts} hosts with {asked.features} features, {asked.history} of history, {asked.minutes:g} minutes")
    print(f"  first cycle published after {watch.late[0]:.1f} s")
    print(f"  later ones: {spread(watch.late[1:])} (seconds from due to published), {missed} missed")
    print(f"  all hosts scored after {f'{whole / 60:.1f} min' if whole else 'more than that'}")
    print(f"  /-/ready answered in {spread(watch.answered)}; /metrics in {spread(scraped)}")
    print(f"  {used.now:.0f} MiB at the end, {used.most:.0f} MiB at most; with its workers {most:.0f} MiB at most")
    print(
        f"  {used.seconds:.0f} s of processor; load of the machine {', '.join(f'{one:.1f}' for one in os.getloadavg())}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=2500)
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--history", default="2d")
    parser.add_argument("--refit", default="1h")
    parser.add_argument("--port", type=int, default=19495)
    asked, _ = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped then, too
    measure(asked)


if __name__ == "__main__":
    main()
