"""`make up`: three programs from one command, what it says, and that Ctrl-C leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.processes import ROOT, STOP_SECONDS, a_free_port, until

UP = ROOT / "scripts/up.py"


def command(data: Path, **ports: int) -> list[str]:
    flags = [f"--{name}-port={port}" for name, port in ports.items()]
    return [sys.executable, str(UP), f"--data={data}", *flags]


@pytest.mark.timeout(200)
def test_up_runs_all_three_survives_the_loss_of_one_and_ends_on_ctrl_c(
    tmp_path: Path, prometheus_program: Path
) -> None:
    ports = {name: a_free_port() for name in ("exporter", "prometheus", "analyzer")}
    environment = {**os.environ, "PATH": f"{prometheus_program.parent}:{os.environ['PATH']}"}
    log = tmp_path / "up.log"
    with log.open("wb") as sink:
        started = subprocess.Popen(
            command(tmp_path / "data", **ports), stdout=sink, stderr=subprocess.STDOUT, env=environment
        )
    try:
        until(lambda: "Ctrl-C stops it" in log.read_text() or started.poll() is not None, "all answer", seconds=120)
        said = log.read_text()
        for name, port in ports.items():
            assert re.search(rf"^ +{name} +http://127\.0\.0\.1:{port}/$", said, re.MULTILINE), said
        assert rule_groups(ports["prometheus"]) == {
            "openmanager-hosts": ["alerts.yml", "recording.yml"],
            "openmanager-analyzer": ["alerts.yml"],
            "openmanager-derived": ["recording.yml"],
        }
        children = {child.pid: child for child in psutil.Process(started.pid).children()}
        assert len(children) == 3
        prometheus = next(child for child in children.values() if "prometheus" in child.name())
        prometheus.kill()
        until(lambda: "prometheus ended with code -9; starting it again" in log.read_text(), "told of the loss")
        until(lambda: any("prometheus" in c.name() for c in psutil.Process(started.pid).children()), "started it again")
        children |= {child.pid: child for child in psutil.Process(started.pid).children()}
        started.send_signal(signal.SIGINT)
        assert started.wait(STOP_SECONDS) == 0, log.read_text()
        until(lambda: not any(child.is_running() for child in children.values()), "all ended")
        assert "Traceback" not in log.read_text()
    finally:
        if started.poll() is None:
            started.kill()


def rule_groups(port: int) -> dict[str, list[str]]:
    """The rules that Prometheus evaluates: each group's name, and the files that have one of it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rules", timeout=10) as answer:
        groups = json.load(answer)["data"]["groups"]
    return {
        name: sorted(Path(group["file"]).name for group in groups if group["name"] == name)
        for name in {group["name"] for group in groups}
    }


def test_a_port_in_use_is_named_with_its_owner_and_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"exporter": a_free_port(), "prometheus": port, "analyzer": a_free_port()}
        ended = subprocess.run(command(tmp_path, **ports), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert f"port {port}, which the prometheus needs, is in use by" in ended.stderr
    assert f"process {os.getpid()}" in ended.stderr
    assert "make up PROMETHEUS_PORT=" in ended.stderr


def test_three_programs_need_three_ports(tmp_path: Path) -> None:
    port = a_free_port()
    ports = {"exporter": port, "prometheus": port, "analyzer": a_free_port()}
    ended = subprocess.run(command(tmp_path, **ports), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "three different ports" in ended.stderr


@pytest.mark.timeout(200)
def test_where_no_prometheus_can_be_had_it_says_so_and_goes_on(tmp_path: Path) -> None:
    """A copy of the checkout without .tools, and a PATH without apt or prometheus."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("exporter", "analyzer", "prometheus.yml"):
        (copy / name).symlink_to(ROOT / name)
    (copy / "scripts").mkdir()
    for script in (ROOT / "scripts").iterdir():
        if script.is_file():
            (copy / "scripts" / script.name).write_bytes(script.read_bytes())
            (copy / "scripts" / script.name).chmod(0o755)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname", "env"):
        (programs / name).symlink_to(Path("/usr/bin") / name)
    ports = {name: a_free_port() for name in ("exporter", "prometheus", "analyzer")}
    flags = [f"--{name}-port={port}" for name, port in ports.items()]
    log = tmp_path / "up.log"
    with log.open("wb") as sink:
        started = subprocess.Popen(
            [sys.executable, str(copy / "scripts/up.py"), f"--data={tmp_path / 'data'}", *flags],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={"PATH": str(programs), "HOME": str(tmp_path)},
        )
    try:
        until(lambda: "Ctrl-C stops it" in log.read_text() or started.poll() is not None, "both answer", seconds=120)
        said = log.read_text()
        assert "No Prometheus can be had here" in said
        assert "apt-get install prometheus" in said
        assert f"http://127.0.0.1:{ports['analyzer']}/" in said
        started.send_signal(signal.SIGINT)
        assert started.wait(STOP_SECONDS) == 0, log.read_text()
    finally:
        if started.poll() is None:
            started.kill()
