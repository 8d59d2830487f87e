"""How many log lines a second one processor reads: cleaned of secrets, graded, mined and kept.

`python -m benchmarks.logs [--lines=N]`
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from exporter.collectors.logs_book import Book, Line
from exporter.collectors.logs_files import FileSource
from exporter.collectors.logs_secrets import Blotter
from exporter.collectors.logs_severity import of_line
from exporter.collectors.logs_templates import Miner

GOAL = 10_000
USERS = ("root", "admin", "alice", "bob", "postgres")


def kinds(chance: random.Random) -> Sequence[Callable[[], str]]:
    """Lines as sshd, the kernel, web servers, systemd, Go and Java programs, PostgreSQL and HDFS write them."""

    def number(most: int) -> int:
        return chance.randrange(most)

    def address() -> str:
        return ".".join(str(number(256)) for _ in range(4))

    def digits(length: int) -> str:
        return "".join(chance.choice("0123456789abcdef") for _ in range(length))

    def user() -> str:
        return chance.choice(USERS)

    return (
        lambda: f"sshd[{number(9999)}]: Failed password for {user()} from {address()} port {number(65536)} ssh2",
        lambda: f"sshd[{number(9999)}]: Accepted publickey for {user()} from {address()} port 22: RSA {digits(40)}",
        lambda: f"kernel: [{chance.random() * 1e5:.6f}] eth{number(4)}: link is down",
        lambda: f'{address()} - - [22/Nov/2026:16:00:01 +0000] "GET /items/{number(9999)} HTTP/1.1" 200 {number(9999)}',
        lambda: f"systemd[1]: Started Session {number(9999)} of User {user()}.",
        lambda: (
            f'level=error caller=main.go:{number(999)} msg="request failed" trace_id={digits(32)} token={digits(20)}'
        ),
        lambda: f"INFO  [pool-{number(9)}-thread-{number(99)}] c.e.Service - order {digits(12)} in {number(999)} ms",
        lambda: f"postgres[{number(9999)}]: LOG:  checkpoint complete: wrote {number(9999)} buffers",
        lambda: f"dfs.DataNode: PacketResponder {number(3)} for block blk_{number(10**15)} terminating",
        lambda: f"E1122 16:04:01.123456 {number(9999)} reflector.go:{number(999)}] Failed to watch *v1.Pod: refused",
    )


def per_second(work: Callable[[list[str]], object], lines: list[str], rounds: int = 5) -> float:
    """Lines a second of processor time, the median of some rounds."""
    speeds = []
    for _ in range(rounds):
        began = time.process_time()
        work(lines)
        speeds.append(len(lines) / (time.process_time() - began))
    return statistics.median(speeds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--shared", default="", help="not needed here")
    given = parser.parse_args()
    chance = random.Random(1)
    choices = kinds(chance)
    lines = [f"Nov 22 16:04:{chance.randrange(60):02} web {chance.choice(choices)()}" for _ in range(given.lines)]
    miner, blotter, book = Miner(), Blotter(), Book()
    speeds = {
        "miner alone": per_second(lambda some: [miner.learn(line, "a", "info", 0.0) for line in some], lines),
        "secrets alone": per_second(lambda some: [blotter.clean(line) for line in some], lines),
        "severity alone": per_second(lambda some: [of_line(line) for line in some], lines),
        "all, and kept": per_second(lambda some: book.add(Line(0.0, "a", line) for line in some), lines),
        "all, from a file": per_second(from_file, lines, 3),
    }
    for what, speed in speeds.items():
        print(f"{what:18} {speed:10,.0f} lines a second of one processor (goal {GOAL:,})")
    print(f"{len(choices)} kinds of lines became {len(miner)} templates")
    return 0 if speeds["all, from a file"] >= GOAL else 1


def from_file(lines: list[str]) -> None:
    """The way of a plain file, from its bytes to the book."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.touch()
        source, book = FileSource((str(path),)), Book()
        source.poll()
        for at in range(0, len(lines), 20_000):
            with path.open("a") as file:
                file.writelines(f"{line}\n" for line in lines[at : at + 20_000])
            more = True
            while more:
                taken, more = source.poll()
                book.add(taken)
        source.close()
        if sum(book.counts.values()) != len(lines):
            raise AssertionError("lines were lost")


if __name__ == "__main__":
    sys.exit(main())
