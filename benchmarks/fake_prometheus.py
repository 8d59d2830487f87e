"""A Prometheus that answers range queries of many hosts from prepared text: what is measured is who asks.

Run as a program of its own, so that its work is not counted: `python -m benchmarks.fake_prometheus HOSTS FEATURES`
prints its port. Feature n is asked for as `bench_n`; values are noise around 10 that depends on host, feature and time.
"""

from __future__ import annotations

import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np

NAME = re.compile(r"bench_(\d+)")
DISTINCT = 997  # values; a prime, so that no two hosts go the same way


def texts() -> list[str]:
    random = np.random.default_rng(0)
    return [f"{value:.9f}" for value in random.normal(10.0, 1.0, DISTINCT)]


class Answers(BaseHTTPRequestHandler):
    """Keep-alive, one write an answer."""

    protocol_version = "HTTP/1.1"
    hosts: int
    values: list[str]
    prepared: dict[tuple[str, str, str], bytes]

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.path == "/prepare":
            for n in range(int(form["features"][0])):
                self._range(f"bench_{n}", form["start"][0], form["end"][0], float(form["step"][0]))
            self._answer(b"{}")
        elif self.path.endswith("/query_range"):
            self._answer(self._range(form["query"][0], form["start"][0], form["end"][0], float(form["step"][0])))
        else:
            self._answer(self._known(form["time"][0]))

    def _known(self, time: str) -> bytes:
        found = (
            f'{{"metric":{{"instance":"host-{host:05d}:9100","job":"node","nodename":"host-{host:05d}"}},'
            f'"value":[{time},"1"]}}'
            for host in range(self.hosts)
        )
        return f'{{"status":"success","data":{{"resultType":"vector","result":[{",".join(found)}]}}}}'.encode()

    def _range(self, query: str, start: str, end: str, step: float) -> bytes:
        named = NAME.search(query)
        number = int(named.group(1)) if named else 0
        key = (str(number), start, end)
        if key not in self.prepared:
            times = np.arange(float(start), float(end) + step / 2, step)
            self.prepared[key] = self._matrix(number, times)
        return self.prepared[key]

    def _matrix(self, number: int, times: np.ndarray) -> bytes:
        at, texts = [f"{time:g}" if time % 1 else f"{int(time)}" for time in times], self.values
        steps = (times // 15).astype(int).tolist()
        found = (
            f'{{"metric":{{"instance":"host-{host:05d}:9100"}},"values":['
            + ",".join(
                f'[{time},"{texts[(host * 31 + number * 7 + at_step * 101) % DISTINCT]}"]'
                for time, at_step in zip(at, steps, strict=True)
            )
            + "]}"
            for host in range(self.hosts)
        )
        return f'{{"status":"success","data":{{"resultType":"matrix","result":[{",".join(found)}]}}}}'.encode()

    def _answer(self, body: bytes) -> None:
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )

    def log_message(self, *_: object) -> None:
        """Nothing: what is asked is not what is measured."""


def main() -> None:
    Answers.hosts, Answers.values, Answers.prepared = int(sys.argv[1]), texts(), {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
