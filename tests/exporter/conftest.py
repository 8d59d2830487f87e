"""What tests of the exporter may ask for: node_exporter's fixtures and its own output on them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fixtures(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixture files of node_exporter's end-to-end test: proc, sys, udev, textfile and more."""
    folder = tmp_path_factory.mktemp("fixtures")
    with tarfile.open(shared / "data/node_exporter/fixtures.tar.gz") as archive:
        archive.extractall(folder, filter="fully_trusted")
    return folder


@pytest.fixture(scope="session")
def golden(shared: Path) -> str:
    """What node_exporter 1.12.1 itself says about these fixtures."""
    return (shared / "data/node_exporter/e2e-output.txt").read_text()
