"""What every test may ask for: the peers as real processes, free ports, and the shared data when it is there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.processes import a_free_port

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shared", default="", help="folder with the development data; its tests skip where it is absent")


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest) -> Path:
    """The folder of development data, or a skip that says so."""
    folder = request.config.getoption("--shared")
    if not folder or not Path(folder).is_dir():
        pytest.skip(f"no development data at {folder or '--shared'}")
    return Path(folder).resolve()


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses just now."""
    return a_free_port()


def tool(name: str, package: str = "") -> Path:
    """A program on PATH or unpacked in .tools; skips at home and fails in CI when there is none."""
    unpacked = ROOT / ".tools" / (package or name) / "usr/bin" / name
    found = str(unpacked) if unpacked.exists() else shutil.which(name)
    if found:
        return Path(found)
    if os.environ.get("CI"):
        pytest.fail(f"{name} is missing: scripts/test-tools.sh should have fetched it")
    pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="session")
def prometheus_program() -> Path:
    return tool("prometheus")


@pytest.fixture(scope="session")
def promtool() -> Path:
    return tool("promtool", "prometheus")


@pytest.fixture(scope="session")
def node_exporter_program() -> Path:
    return tool("prometheus-node-exporter")
