"""Runs exporter, Prometheus and analyzer together until Ctrl-C, on this machine alone.

Checks the ports first, prints the three addresses once all answer, starts again what ended by itself, and stops all
of them at the end. Where no Prometheus can be had it says so and goes on: the analyzer reads the exporter directly.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 10.0
RESTART_SECONDS = 3.0
READY_SECONDS = 120.0
REPORT_EVERY_SECONDS = 15.0


@dataclass(frozen=True)
class Program:
    """One process of the three, and where it says that it works."""

    name: str
    command: Sequence[str]
    address: str
    ready_path: str


def main() -> int:
    arguments = read_arguments()
    ports = {
        "exporter": arguments.exporter_port,
        "prometheus": arguments.prometheus_port,
        "analyzer": arguments.analyzer_port,
    }
    taken = [complaint for name, port in ports.items() if (complaint := port_complaint(name, port))]
    if len(set(ports.values())) < len(ports):
        taken.append("the three programs need three different ports")
    if taken:
        print("\n".join(taken), file=sys.stderr)
        return 1
    data = Path(arguments.data).resolve()
    data.mkdir(parents=True, exist_ok=True)
    return asyncio.run(run_together(programs(ports, find_prometheus(), data)))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exporter-port", type=int, default=9100)
    parser.add_argument("--prometheus-port", type=int, default=9090)
    parser.add_argument("--analyzer-port", type=int, default=9095)
    parser.add_argument("--data", default=str(ROOT / ".data"), help="folder for Prometheus's and the analyzer's data")
    return parser.parse_args()


def port_complaint(name: str, port: int) -> str:
    """Empty when the port is free; else who has it and what to do."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            free = f"stop it, or take another port: make up {name.upper()}_PORT={port + 10000}"
            return f"port {port}, which the {name} needs, is in use by {owner(connection.pid)}; {free}"
    return ""


def owner(pid: int | None) -> str:
    if pid is None:
        return "a process of another user (root can see which: ss -ltnp)"
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        return f"process {pid}"


def find_prometheus() -> str | None:
    """On PATH, else Debian's package unpacked in .tools, else None with a word on what to install."""
    installed = shutil.which("prometheus")
    if installed:
        return installed
    unpacked = ROOT / ".tools/prometheus/usr/bin/prometheus"
    if not unpacked.exists():
        print("no prometheus on PATH: unpacking the distribution's package into .tools", flush=True)
        with suppress(OSError):
            subprocess.run([ROOT / "scripts/debian.sh", "prometheus"], check=False)
    if unpacked.exists():
        return str(unpacked)
    print(
        "No Prometheus can be had here. Going on without it: the analyzer reads the exporter directly, and keeps no\n"
        "history over restarts. To have one: apt-get install prometheus, or put a prometheus binary on PATH.",
        flush=True,
    )
    return None


def programs(ports: dict[str, int], prometheus: str | None, data: Path) -> list[Program]:
    address = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    started = [
        Program(
            "exporter",
            [sys.executable, "-m", "exporter", f"--web.listen-address={address['exporter']}"],
            address["exporter"],
            "/-/healthy",
        )
    ]
    if prometheus:
        started.append(
            Program("prometheus", prometheus_command(prometheus, ports, data), address["prometheus"], "/-/ready")
        )
    analyzer = [
        *[sys.executable, "-m", "analyzer", "serve"],
        f"--prometheus.url=http://{address['prometheus']}",
        f"--scrape.targets=http://{address['exporter']}/metrics",
        f"--web.listen-address={address['analyzer']}",
        f"--storage.path={data / 'analyzer'}",
    ]
    started.append(Program("analyzer", analyzer, address["analyzer"], "/-/ready"))
    return started


def prometheus_command(program: str, ports: dict[str, int], data: Path) -> list[str]:
    config = (ROOT / "prometheus.yml").read_text(encoding="utf-8")
    for default, name in ((9100, "exporter"), (9090, "prometheus"), (9095, "analyzer")):
        config = config.replace(f'"127.0.0.1:{default}"', f'"127.0.0.1:{ports[name]}"')
    config = config.replace('"rules/', f'"{ROOT}/rules/')
    (data / "prometheus.yml").write_text(config, encoding="utf-8")
    return [
        program,
        f"--config.file={data / 'prometheus.yml'}",
        f"--storage.tsdb.path={data / 'prometheus'}",
        "--storage.tsdb.retention.time=30d",
        f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
        "--log.level=warn",
    ]


async def run_together(started: list[Program]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stop.set)
    keepers = [asyncio.create_task(keep_running(program, stop)) for program in started]
    announcer = asyncio.create_task(announce(started))
    await stop.wait()
    print("stopping", flush=True)
    announcer.cancel()
    codes = await asyncio.gather(*keepers)
    # A program that was told to end before it could listen for that is ended by the signal itself.
    return 0 if all(code in {0, -signal.SIGTERM} for code in codes) else 1


async def keep_running(program: Program, stop: asyncio.Event) -> int:
    """Run until `stop`; a program that ends by itself is named and started again. Returns its last exit code."""
    while True:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this script alone, which then stops them in order
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        echo = asyncio.create_task(pass_on(program.name, process))
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            code = await end(process)
            await echo
            return code
        stopping.cancel()
        await echo
        print(f"{program.name} ended with code {process.returncode}; starting it again", flush=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RESTART_SECONDS)
        if stop.is_set():
            return process.returncode or 0


async def end(process: asyncio.subprocess.Process) -> int:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        return await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        return await process.wait()


async def pass_on(name: str, process: asyncio.subprocess.Process) -> None:
    """Each line the program writes, with its name before it."""
    if process.stdout is None:
        return
    while line := await process.stdout.readline():
        print(f"{name:<10} | {line.decode(errors='replace').rstrip()}", flush=True)


async def announce(started: list[Program]) -> None:
    """Wait until all answer, then print where they are; meanwhile say what is still awaited."""
    begun = last = time.monotonic()
    waiting = {program.name: program for program in started}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while waiting and time.monotonic() - begun < READY_SECONDS:
            for program in list(waiting.values()):
                if await answers(session, f"http://{program.address}{program.ready_path}"):
                    del waiting[program.name]
            if waiting and time.monotonic() - last > REPORT_EVERY_SECONDS:
                last = time.monotonic()
                print(f"waiting for {', '.join(waiting)}", flush=True)
            await asyncio.sleep(0.25)
    lines = [f"  {program.name:<10}  http://{program.address}/" for program in started]
    late = f" (still starting: {', '.join(waiting)})" if waiting else ""
    took = f"after {time.monotonic() - begun:.0f} s"
    print("\n".join(["", f"OpenManager runs, {took}{late}. Ctrl-C stops it.", *lines, ""]), flush=True)


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200  # noqa: PLR2004 - HTTP's own OK
    except (aiohttp.ClientError, TimeoutError):
        return False


if __name__ == "__main__":
    sys.exit(main())
