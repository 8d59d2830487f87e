"""A Prometheus of many hosts that never lived: what is measured is who asks.

Run as a program of its own, so that its work is not counted: `python -m benchmarks.fake_prometheus HOSTS` prints its
port. It knows any time, at any step. Feature n is asked for as `bench_n`; a host's feature goes one of 251 prepared
ways, written out once, so that an answer is cut from them: days with noise, one in eight rising for weeks.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np

NAME = re.compile(r"bench_(\d+)")
HOST = re.compile(r'instance="host-(\d+):9100"')
SCRAPED = re.compile(r"\[(\d+)s\]$")
WAYS = 251  # a prime, so that few hosts go the same way in everything
DAY, WEEKS = 86400.0, 20 * 86400.0
SCRAPE_SECONDS = 15.0
WIDTH = len(b'[1700000000,"0.123456789"],')
SPARE_STEPS = 2000  # written ahead, for the questions to come


@contextmanager
def prometheus(hosts: int) -> Iterator[str]:
    """Its address, while the program runs."""
    program = [sys.executable, "-m", "benchmarks.fake_prometheus", str(hosts)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


@dataclass(frozen=True)
class Written:
    """Every way from `first` on (a multiple of the step), each sample in WIDTH bytes."""

    first: int
    steps: int
    ways: tuple[bytes, ...]


def written(first: int, steps: int, step: int) -> Written:
    times = step * np.arange(first, first + steps)
    day = 0.4 + 0.1 * np.sin(times / DAY * 2 * np.pi)
    rise = 0.2 * (times % WEEKS) / WEEKS
    stamps = np.char.mod('[%d,"', times)
    ways = []
    for way in range(WAYS):
        noise = np.random.default_rng(way).standard_normal(2**16)[times // step % 2**16]
        values = np.clip(day + 0.03 * noise + (rise if way % 8 == 0 else 0.0), 0.05, 0.95)
        samples = np.char.add(stamps, np.char.mod('%.9f"],', values))
        ways.append("".join(samples.tolist()).encode())
    return Written(first, steps, tuple(ways))


class Cuts(dict[int, bytes]):
    """A part of each way, as the inside of a JSON array; cut when it is first asked for."""

    def __init__(self, ways: Sequence[bytes], part: slice) -> None:
        super().__init__()
        self._ways, self._part = ways, part

    def __missing__(self, way: int) -> bytes:
        cut = self[way] = self._ways[way][self._part]
        return cut


class Archive:
    """What is written, by step: written anew where a question goes beyond it."""

    def __init__(self) -> None:
        self._known: dict[int, Written] = {}
        self._writing = threading.Lock()

    def cut(self, start: float, end: float, step: int) -> Cuts:
        """The ways within the window."""
        first, last = round(start / step), round(end / step)
        with self._writing:
            known = self._known.get(step)
            if known is None or first < known.first or last >= known.first + known.steps:
                begin = min(first, known.first) if known else first
                known = self._known[step] = written(begin, last - begin + 1 + SPARE_STEPS, step)
        begin, end_ = WIDTH * (first - known.first), WIDTH * (last - known.first + 1) - 1
        return Cuts(known.ways, slice(begin, end_))


class Answers(BaseHTTPRequestHandler):
    """Keep-alive, one write an answer."""

    protocol_version = "HTTP/1.1"
    hosts: int
    archive: Archive

    def do_POST(self) -> None:
        form = {key: values[0] for key, values in parse_qs(self.rfile.read(self._length).decode()).items()}
        query = form["query"]
        if self.path.endswith("/query_range"):
            self._answer("matrix", self._matrix(query, float(form["start"]), float(form["end"]), float(form["step"])))
        elif scraped := SCRAPED.search(query):
            self._answer("matrix", self._scrapes(float(form["time"]), float(scraped[1])))
        else:
            self._answer("vector", self._vector(query, form["time"]))

    @property
    def _length(self) -> int:
        return int(self.headers["Content-Length"])

    def _matrix(self, query: str, start: float, end: float, step: float) -> list[bytes]:
        named = NAME.search(query)
        if named is None:
            return []
        ways, number = self.archive.cut(start, end, round(step)), 7 * int(named[1])
        return [
            b'{"metric":{"instance":"host-%05d:9100"},"values":[%b]}' % (host, ways[(31 * host + number) % WAYS])
            for host in self._asked(query)
        ]

    def _scrapes(self, at: float, span: float) -> list[bytes]:
        samples = ",".join(f'[{at - back:.3f},"1"]' for back in np.arange(span, 0, -SCRAPE_SECONDS))
        return [b'{"metric":{},"values":[%b]}' % samples.encode()]

    def _vector(self, query: str, at: str) -> list[bytes]:
        value = {"node_boot": "1700000000", "node_cpu_": "8", "node_memo": "64000000000", "node_unam": "1"}
        known = next((told for name, told in value.items() if name in query), None)
        if known is None:
            return []
        labels = '"instance":"host-{0:05d}:9100","job":"node","nodename":"host-{0:05d}"'
        return [
            f'{{"metric":{{{labels.format(host)}}},"value":[{at},"{known}"]}}'.encode() for host in self._asked(query)
        ]

    def _asked(self, query: str) -> Sequence[int]:
        one = HOST.search(query)
        return [int(one[1])] if one else range(self.hosts)

    def _answer(self, kind: str, result: list[bytes]) -> None:
        body = b'{"status":"success","data":{"resultType":"%b","result":[%b]}}' % (kind.encode(), b",".join(result))
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )

    def log_message(self, *_: object) -> None:
        """Nothing: what is asked is not what is measured."""


def main() -> None:
    Answers.hosts, Answers.archive = int(sys.argv[1]), Archive()
    now = time.time()
    for step, days in ((SCRAPE_SECONDS, 3), (3600, 30)):  # what will be asked for is written before anybody waits
        Answers.archive.cut(now // step * step - days * DAY, now // step * step, int(step))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
