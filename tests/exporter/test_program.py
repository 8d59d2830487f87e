"""The program as it is run: start, trouble at the start, a live scrape beside node_exporter's, an orderly end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from exporter import __version__
from exporter.itself import _elsewhere, _linux
from tests.conftest import tool
from tests.exporter.golden import kinds, samples
from tests.processes import READY_SECONDS, ROOT, STOP_SECONDS, Program, a_free_port, running, start_exporter, until

EXPORTER = (sys.executable, "-m", "exporter")
IN_BOTH = (
    *("cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev"),
    *("os", "processes", "stat", "time", "uname", "vmstat"),
)
FORMATS = ("", "Accept-Encoding: gzip\r\n", "Accept: application/openmetrics-text;version=1.0.0\r\n")
FORCED_NAMES = re.compile(
    r"(node|namedprocess)_\S+ (metric names should be written in|use base unit|counter metrics should have \"_total\")"
)
"""What promtool holds against names of node_exporter and process-exporter that dashboards rely on."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    port = a_free_port()
    command = [*EXPORTER, f"--web.listen-address=127.0.0.1:{port}"]
    with running("exporter", command, port, "/-/healthy", tmp_path_factory.mktemp("exporter")) as program:
        yield program


def scrape(program: Program, query: str = "") -> str:
    status, page = program.get(f"/metrics{query}")
    assert status == 200
    return page


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*EXPORTER, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=READY_SECONDS, check=False
    )


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert __version__ == project["version"]
    assert run("--version").stdout.startswith(f"openmanager-exporter {__version__} ")


def test_help_tells_every_flag() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "  --[no-]collector.loadavg\n" in done.stdout
    assert "  --collector.filesystem.mount-timeout=2s\n" in done.stdout


def test_a_port_in_use_is_named_with_the_flag_to_change_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(f"--web.listen-address=127.0.0.1:{port}")
    assert done.returncode == 1
    assert done.stderr == (
        f"openmanager-exporter: can't listen on 127.0.0.1:{port}: Address already in use; "
        "--web.listen-address takes another\n"
    )


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nowhere", "is no address: it takes HOST:PORT"),
        ("127.0.0.1:http", "is no address: it takes HOST:PORT"),
        ("127.0.0.1:99999", "is no address: it takes HOST:PORT"),
        ("no.such.host.invalid:9100", "can't listen on"),
    ],
)
def test_a_wrong_address_is_told(address: str, reason: str) -> None:
    done = run(f"--web.listen-address={address}")
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings_end_with_2_and_one_line_each() -> None:
    done = run("--web.max-requests=many", "--collector.lodavg")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "openmanager-exporter: --web.max-requests takes a whole number, not 'many'",
        "openmanager-exporter: unknown flag --collector.lodavg; did you mean --collector.loadavg?",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals, tmp_path: Path) -> None:
    port = a_free_port()
    command = [*EXPORTER, f"--web.listen-address=127.0.0.1:{port}"]
    with running("exporter", command, port, "/-/healthy", tmp_path) as program:
        with socket.create_connection(("127.0.0.1", port)) as idle:
            scrape(program)
            os.kill(program.process.pid, number)
            code = program.process.wait(STOP_SECONDS)
            assert idle.recv(1) == b""
        log = program.output()
    assert code == 0
    assert "msg=ended" in log
    assert "Traceback" not in log


HEARD_ELSEWHERE = """
import signal, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
from exporter.__main__ import main
sys.exit(main())
"""
"""The exporter as its main thread never notices a signal by itself: another thread takes it."""


def test_a_signal_wakes_a_loop_that_it_does_not_interrupt(tmp_path: Path) -> None:
    """So it is, too, with one that comes between the loop's last step and its wait."""
    port = a_free_port()
    command = [sys.executable, "-c", HEARD_ELSEWHERE, f"--web.listen-address=127.0.0.1:{port}"]
    with running("exporter", command, port, "/-/healthy", tmp_path) as program:
        exporter = psutil.Process(program.process.pid)
        until(lambda: connections(exporter) == 0, "all that may wake it is gone", program)
        time.sleep(0.5)  # and it waits
        os.kill(program.process.pid, signal.SIGTERM)
        assert program.process.wait(STOP_SECONDS) == 0
        log = program.output()
    assert "msg=ended" in log
    assert "Traceback" not in log


def test_a_read_that_never_returns_costs_its_collector_alone_and_not_the_end(tmp_path: Path) -> None:
    """A named pipe that nobody writes to stands in for a device that doesn't answer."""
    os.mkfifo(tmp_path / "loadavg")
    port = a_free_port()
    only = ("--collector.disable-defaults", "--collector.loadavg", "--collector.time", "--collector.deadline=200ms")
    with start_exporter(tmp_path, port, f"--path.procfs={tmp_path}", *only) as program:
        pages = [scrape(program) for _ in range(3)]
        threads = len([*Path(f"/proc/{program.process.pid}/task").iterdir()])
        code = program.stop()
        log = program.output()
    for page in pages:
        assert 'node_scrape_collector_success{collector="loadavg"} 0' in page
        assert 'node_scrape_collector_success{collector="time"} 1' in page
    assert threads == 3
    assert code == 0
    assert log.count('msg="collector hangs" collector=loadavg') == 1


def test_it_serves_on_the_socket_that_systemd_hands_over(tmp_path: Path) -> None:
    """As systemd does it: descriptor 3, LISTEN_FDS, LISTEN_PID, and a socket that waits to hear that it is ready."""
    ready = str(tmp_path / "notify")
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(ready)
        notify.settimeout(READY_SECONDS)
        port = listener.getsockname()[1]
        script = f'exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" -m exporter --web.systemd-socket'
        environment = {**os.environ, "NOTIFY_SOCKET": ready}
        with subprocess.Popen(
            ["bash", "-c", script, sys.executable], cwd=ROOT, env=environment, pass_fds=[listener.fileno()],
            stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            try:
                assert notify.recv(100) == b"READY=1"
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(b"GET /-/healthy HTTP/1.1\r\nConnection: close\r\n\r\n")
                    assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
                process.terminate()
                assert notify.recv(100) == b"STOPPING=1"
                assert process.wait(STOP_SECONDS) == 0
            finally:
                process.kill()


def test_a_socket_that_was_not_handed_over_is_told() -> None:
    done = run("--web.systemd-socket")
    assert done.returncode == 1
    assert done.stderr == (
        "openmanager-exporter: --web.systemd-socket: systemd handed over no socket; start the .socket unit\n"
    )


def test_the_units_are_valid_and_harden_the_service(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    for name in ("openmanager-exporter.service", "openmanager-exporter.socket"):
        unit = (ROOT / "systemd" / name).read_text().replace("/usr/local/bin/openmanager-exporter", sys.executable)
        (tmp_path / name).write_text(unit)
    units = [tmp_path / "openmanager-exporter.service", tmp_path / "openmanager-exporter.socket"]
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    security: list[str | Path] = [analyze, "security", "--offline=true", "--threshold=30", units[0]]
    done = subprocess.run(security, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_hundreds_of_scrapes_leave_nothing_behind(tmp_path: Path) -> None:
    """Every kind of ending: kept, closed, hung up half way, all formats. Ten thousand are measured by a benchmark."""
    port = a_free_port()
    with start_exporter(tmp_path, port) as program:
        scrape_in_every_way(port, 100)
        before = standing(program)
        scrape_in_every_way(port, 300)
        after = standing(program)
    assert after.threads == before.threads
    assert after.resident_bytes - before.resident_bytes < 2 << 20


def scrape_in_every_way(port: int, times: int) -> None:
    for number in range(times):
        headers = FORMATS[number % len(FORMATS)]
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET /metrics HTTP/1.1\r\nConnection: close\r\n{headers}\r\n".encode())
            while client.recv(1 << 16) and number % 10:
                pass


@dataclass(frozen=True)
class Standing:
    """What a process holds."""

    threads: int
    resident_bytes: int


def standing(program: Program) -> Standing:
    """Once no connection is left: what hung up half way lingers for two seconds."""
    process = psutil.Process(program.process.pid)
    until(lambda: connections(process) == 0, "every connection is gone", program)
    return Standing(process.num_threads(), process.memory_info().rss)


def connections(process: psutil.Process) -> int:
    return sum(one.status != psutil.CONN_LISTEN for one in process.net_connections("tcp"))


def test_a_live_host_is_told_without_failures_of_collectors_every_host_has(program: Program) -> None:
    found = samples(scrape(program))
    failed = {
        dict(labels)["collector"]
        for (name, labels), value in found.items()
        if name == "node_scrape_collector_success" and not value
    }
    assert failed.isdisjoint(IN_BOTH)
    assert "level=error" not in program.output()


def test_the_exporter_tells_of_itself(program: Program) -> None:
    page = scrape(program)
    found = {name: value for (name, _), value in samples(page).items()}
    assert 0 < found["process_cpu_seconds_total"] < 60
    assert 5e6 < found["process_resident_memory_bytes"] < 200e6
    assert abs(found["process_start_time_seconds"] - time.time()) < 300
    assert 5 < found["process_open_fds"] < found["process_max_fds"]
    assert f'openmanager_exporter_build_info{{version="{__version__}"' in page
    assert f'node_exporter_build_info{{version="{__version__}"' in page


def test_elsewhere_the_exporter_tells_of_itself_too() -> None:
    """What macOS and Windows use works on Linux as well, and has to agree with what Linux uses."""
    theirs, ours = _elsewhere(), _linux()
    processor, files, most, virtual, _, resident, started = map(float, theirs)
    assert abs(processor - float(ours[0])) < 1
    assert abs(files - float(ours[1])) < 20
    assert most == ours[2]
    assert abs(virtual - float(ours[3])) < 100e6
    assert abs(resident - float(ours[5])) < 100e6
    assert started == ours[6]


def test_promtool_complains_only_of_names_that_are_node_exporters(program: Program, promtool: Path) -> None:
    page = scrape(program)
    done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    complaints = (done.stdout + done.stderr).splitlines()
    assert "node_memory_MemFree_bytes" in "".join(complaints), "it has looked"
    assert [line for line in complaints if not FORCED_NAMES.match(line)] == []


def test_nothing_is_missing_beside_node_exporter(program: Program, node_exporter_program: Path, tmp_path: Path) -> None:
    """Debian's node_exporter on the same host: every series of these collectors is ours too, with its type."""
    port = a_free_port()
    only = ["--collector.disable-defaults", *(f"--collector.{name}" for name in IN_BOTH)]
    command: list[str | Path] = [node_exporter_program, f"--web.listen-address=127.0.0.1:{port}", *only]
    with running("node_exporter", command, port, "/", tmp_path) as peer:
        theirs, ours = scrape(peer), scrape(program)
    told = {identity(name, labels) for name, labels in samples(ours)}
    missing = {identity(name, labels) for name, labels in samples(theirs) if name.startswith("node_")} - told
    assert sorted((name, *labels) for name, labels in missing if not passing(name, labels)) == []
    types = {name: kind for name, kind in kinds(theirs).items() if name.startswith("node_")}
    assert {name: kinds(ours).get(name) for name in types} == types


def passing(name: str, labels: frozenset[tuple[str, str]]) -> bool:
    """The state of a process differs from one moment to the next; zram is left out since 1.9; the build is its own."""
    if dict(labels).get("device", "").startswith("zram"):
        return True
    return name in {"node_processes_state", "node_processes_threads_state", "node_exporter_build_info"}


def identity(name: str, labels: frozenset[tuple[str, str]]) -> tuple[str, frozenset[tuple[str, str]]]:
    """A series without its empty labels, which Prometheus doesn't keep, and without what newer versions added."""
    return name, frozenset((key, value) for key, value in labels if value and key != "rotational")
