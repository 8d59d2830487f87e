"""The manual says what the program does: its flags are the program's own help text, its metrics exist."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from exporter.__main__ import PROGRAM
from exporter.flags import help_text
from exporter.settings import all_flags
from tests.processes import ROOT, a_free_port, start_exporter

MANUAL = ROOT / "docs/exporter.md"
FLAGS = ROOT / "docs/exporter-flags.md"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the manual lists the flags of Linux")


def test_the_list_of_flags_is_the_programs_help_text() -> None:
    """Made by `python -m exporter --help`."""
    assert help_text(PROGRAM, all_flags()) in FLAGS.read_text()


def test_flags_and_metrics_of_the_manual_exist(tmp_path: Path) -> None:
    text = MANUAL.read_text()
    names = {flag.name for flag in all_flags()}
    told = {word.partition("=")[0].replace("--no-", "--") for word in re.findall(r"`(--[a-z][\w.=-]*)`", text)}
    assert told - names == set()
    port = a_free_port()
    with start_exporter(tmp_path, port) as program:
        page = program.get("/metrics")[1]
    own = set(re.findall(r"`((?:openmanager_exporter|promhttp|process|node_scrape)_[a-z_]+)`", text))
    families = set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE)) | {"openmanager_exporter_series_dropped_total"}
    assert own - families == set()
    assert own
