"""Ten thousand scrapes of the exporter: what it holds before, meanwhile and after. `--scrapes=N` for fewer.

Connections are kept and new, ended and hung up half way, in every format.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

from benchmarks.exporter import GZIP, OPENMETRICS, PLAIN, PYTHON, Exporter, running

WARM_UP = 200
STOPS = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scrapes", type=int, default=10_000)
    parser.add_argument("--shared", default="", help="not needed here")
    given = parser.parse_args()
    print(f"{'scrapes':>8} {'resident MiB':>13} {'threads':>8} {'descriptors':>12} {'of them sockets':>16}")
    with running("ours", PYTHON) as exporter:
        scrape(exporter, WARM_UP)
        done = WARM_UP
        show(exporter, done)
        for _ in range(STOPS):
            scrape(exporter, given.scrapes // STOPS)
            done += given.scrapes // STOPS
            show(exporter, done)
    return 0


def scrape(exporter: Exporter, times: int) -> None:
    address = exporter.sock.getpeername()
    for number in range(times):
        headers = (PLAIN, GZIP, OPENMETRICS)[number % 3]
        exporter.scrape(headers)
        if number % 10 == 0:
            with socket.create_connection(address) as rude:
                rude.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
                rude.recv(1000)


def show(exporter: Exporter, done: int) -> None:
    proc = Path(f"/proc/{exporter.process.pid}")
    links = [os.readlink(link) for link in proc.glob("fd/*")]  # noqa: PTH115 - some are no paths
    sockets = sum(link.startswith("socket:") for link in links)
    threads = len([*proc.glob("task/*")])
    print(f"{done:8} {exporter.resident_mebibytes():13.2f} {threads:8} {len(links):12} {sockets:16}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
