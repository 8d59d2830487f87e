"""The exporter against Debian's node_exporter: processor time and latency of a scrape, resident memory.

Both run side by side with the same collectors and are scraped in turn, over one kept connection each, like Prometheus
scrapes. Medians over the rounds. `python -m benchmarks.exporter [--rounds=N] [--scrapes=N]`
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_EXPORTER = ROOT / ".tools/prometheus-node-exporter/usr/bin/prometheus-node-exporter"
PYTHON = (sys.executable, "-m", "exporter")
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PLAIN = ""
GZIP = "Accept-Encoding: gzip\r\n"
OPENMETRICS = "Accept: application/openmetrics-text;version=1.0.0\r\n"
SUCCESS = "node_scrape_collector_success"


@dataclass
class Exporter:
    """A running exporter and the connection it is scraped over."""

    name: str
    process: subprocess.Popen[bytes]
    sock: socket.socket

    def scrape(self, headers: str = PLAIN) -> bytes:
        """The body of one answer; both sides tell its length or send it in chunks."""
        self.sock.sendall(f"GET /metrics HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        answer = self.sock.recv(1 << 20)
        head, _, body = answer.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b"content-length" in fields:
            while len(body) < int(fields[b"content-length"]):
                body += self.sock.recv(1 << 20)
        else:
            while not body.endswith(b"\r\n0\r\n\r\n"):
                body += self.sock.recv(1 << 20)
        return body

    def processor_seconds(self) -> float:
        """User and system time so far, of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def resident_mebibytes(self) -> float:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Cost:
    """What one scrape costs, in milliseconds."""

    processor: float
    latency: float


@contextmanager
def running(name: str, command: Sequence[str | Path]) -> Iterator[Exporter]:
    """The exporter on a free port of 127.0.0.1, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address: tuple[str, int] = probe.getsockname()
    listen = f"--web.listen-address={address[0]}:{address[1]}"
    with subprocess.Popen([*command, listen], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            with connected(address) as sock:
                yield Exporter(name, process, sock)
        finally:
            process.terminate()


@contextmanager
def connected(address: tuple[str, int], patience_seconds: float = 20.0) -> Iterator[socket.socket]:
    ends = time.monotonic() + patience_seconds
    while True:
        try:
            with socket.create_connection(address) as sock:
                yield sock
                return
        except ConnectionRefusedError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def measure(exporter: Exporter, scrapes: int, headers: str = PLAIN) -> Cost:
    latencies = []
    before = exporter.processor_seconds()
    for _ in range(scrapes):
        began = time.perf_counter()
        exporter.scrape(headers)
        latencies.append(time.perf_counter() - began)
    spent = exporter.processor_seconds() - before
    return Cost(spent / scrapes * 1000, statistics.median(latencies) * 1000)


def in_turn(exporters: Sequence[Exporter], rounds: int, scrapes: int, headers: str = PLAIN) -> list[Cost]:
    """The median cost at each exporter; each round scrapes one after the other."""
    for exporter in exporters:
        measure(exporter, 20, headers)
    costs = [[measure(exporter, scrapes, headers) for exporter in exporters] for _ in range(rounds)]
    return [
        Cost(statistics.median(c.processor for c in column), statistics.median(c.latency for c in column))
        for column in zip(*costs, strict=True)
    ]


def collectors(command: Sequence[str | Path]) -> set[str]:
    """The collectors that an exporter runs by default."""
    with running("once", command) as exporter:
        lines = exporter.scrape().decode().splitlines()
    return {line.split('"')[1] for line in lines if line.startswith(SUCCESS + "{")}


def only(names: set[str]) -> list[str]:
    return ["--collector.disable-defaults", *(f"--collector.{name}" for name in sorted(names))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scrapes", type=int, default=200)
    parser.add_argument("--shared", default="", help="not needed here")
    given = parser.parse_args()
    if not NODE_EXPORTER.exists():
        print(f"no {NODE_EXPORTER}: scripts/debian.sh prometheus-node-exporter unpacks it")
        return 1
    both = collectors([NODE_EXPORTER, "--collector.processes"]) & collectors(PYTHON)
    print(f"{len(both)} collectors on both sides: {' '.join(sorted(both))}")
    print("\nboth with these collectors")
    with ExitStack() as stack:
        theirs = stack.enter_context(running("node_exporter", [NODE_EXPORTER, "--log.level=error", *only(both)]))
        ours = stack.enter_context(running("ours", [*PYTHON, *only(both)]))
        report([theirs, ours], given.rounds, given.scrapes)
    print("\neach with what it does by default; ours tells of process groups, TCP states, interrupts and more besides")
    with ExitStack() as stack:
        theirs = stack.enter_context(running("node_exporter", [NODE_EXPORTER, "--log.level=error"]))
        ours = stack.enter_context(running("ours", PYTHON))
        report([theirs, ours], given.rounds, given.scrapes)
    return 0


def report(exporters: Sequence[Exporter], rounds: int, scrapes: int) -> None:
    plain: list[Cost] = []
    print(f"{'':14} {'node_exporter':>22} {'ours':>22} {'ratio':>14}   medians of {rounds} rounds x {scrapes} scrapes")
    for label, headers in (("plain text", PLAIN), ("gzip", GZIP), ("OpenMetrics", OPENMETRICS)):
        theirs, ours = in_turn(exporters, rounds, scrapes, headers)
        plain = plain or [theirs, ours]
        for what, their, our in (
            ("processor", theirs.processor, ours.processor),
            ("latency", theirs.latency, ours.latency),
        ):
            print(f"{label + ' ' + what:24} {their:9.3f} ms {our:19.3f} ms {our / their:13.2f} x")
        if headers:
            print(f"{label + ' / plain text':24} {'':12} {ours.processor / plain[1].processor:19.2f} x (processor)")
    sizes = [exporter.resident_mebibytes() for exporter in exporters]
    print(f"{'resident':24} {sizes[0]:9.1f} MiB {sizes[1]:18.1f} MiB {sizes[1] / sizes[0]:12.2f} x")


if __name__ == "__main__":
    sys.exit(main())
