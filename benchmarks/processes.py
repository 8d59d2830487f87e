"""The whole exporter against node_exporter and process-exporter together, on a host with hundreds of processes.

All three run with their defaults (node_exporter with its processes collector too, process-exporter with the rules that
its Debian package ships) and are scraped in turn. Then thousands of processes: does the answer still come in time?
`python -m benchmarks.processes [--processes=N] [--rounds=N] [--scrapes=N]`
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.exporter import NODE_EXPORTER, PYTHON, ROOT, Exporter, in_turn, running

PROCESS_EXPORTER = ROOT / ".tools/prometheus-process-exporter/usr/bin/prometheus-process-exporter"
RULES = "process_names: [{name: '{{.Comm}}', cmdline: ['.+']}]\n"
NAMES = 40
PR_SET_NAME = 15
MANY = 5_000
DEADLINE_SECONDS = 9.0


@contextmanager
def sleepers(count: int) -> Iterator[None]:
    """So many processes of a few names that sleep."""
    libc = ctypes.CDLL(None)
    pids = []
    for number in range(count):
        pid = os.fork()
        if not pid:
            libc.prctl(PR_SET_NAME, f"service{number % NAMES}".encode(), 0, 0, 0)
            signal.pause()
            os._exit(0)
        pids.append(pid)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scrapes", type=int, default=20)
    parser.add_argument("--shared", default="", help="not needed here")
    given = parser.parse_args()
    missing = [str(one) for one in (NODE_EXPORTER, PROCESS_EXPORTER) if not one.exists()]
    if missing:
        print(f"no {' and no '.join(missing)}: scripts/test-tools.sh unpacks them")
        return 1
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rules = Path(folder, "rules.yml")
        rules.write_text(RULES)
        stack.enter_context(sleepers(given.processes))
        node = stack.enter_context(running("node_exporter", [NODE_EXPORTER, "--collector.processes"]))
        process = stack.enter_context(running("process-exporter", [PROCESS_EXPORTER, f"--config.path={rules}"]))
        lean = stack.enter_context(
            running(
                "process-exporter, no smaps, no threads",
                [PROCESS_EXPORTER, f"--config.path={rules}", "--gather-smaps=false", "--threads=false"],
            )
        )
        ours = stack.enter_context(running("ours", PYTHON))
        ours.scrape()  # it hangs up on whoever connects and asks nothing
        compare([node, process, lean, ours], given.processes, given.rounds, given.scrapes)
    with sleepers(MANY), running("ours", PYTHON) as exporter:
        many(exporter)
    return 0


def compare(exporters: list[Exporter], processes: int, rounds: int, scrapes: int) -> None:
    costs = in_turn(exporters, rounds, scrapes)
    print(f"{processes} processes more than the host has; medians of {rounds} rounds x {scrapes} scrapes")
    for exporter, cost in zip(exporters, costs, strict=True):
        resident = exporter.resident_mebibytes()
        print(
            f"{exporter.name:40} {cost.processor:9.2f} ms processor {cost.latency:9.2f} ms {resident:7.1f} MiB resident"
        )
    node, process, lean, ours = (cost.processor for cost in costs)
    print(f"ours / (node_exporter + process-exporter)        {ours / (node + process):6.3f} x (goal 0.2)")
    print(f"ours / (node_exporter + lean process-exporter)   {ours / (node + lean):6.3f} x")


def many(exporter: Exporter) -> None:
    """Scrapes of a host with thousands of processes."""
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        text = exporter.scrape().decode()
        seconds.append(time.perf_counter() - began)
    failed = [line for line in text.splitlines() if line.startswith('node_scrape_collector_success{collector="named')]
    groups = text.count("namedprocess_namegroup_num_procs{")
    print(
        f"{MANY} processes more: first scrape {seconds[0]:.3f} s, then {statistics.median(seconds[1:]):.3f} s "
        f"(deadline {DEADLINE_SECONDS:g} s); {groups} groups; {failed[0].rpartition(' ')[2]} = success; "
        f"{exporter.resident_mebibytes():.1f} MiB resident"
    )


if __name__ == "__main__":
    sys.exit(main())
