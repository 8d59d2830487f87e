"""A real PostgreSQL as a peer: unpacked without root or installed, on a free port of 127.0.0.1, in a folder that goes.

It refuses to run as root. So root's tests let `nobody` run it, from a copy that nobody can read.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import ROOT
from tests.processes import STOP_SECONDS, a_free_port, clean_environment, until

TOOLS = ROOT / ".tools"
INSIDE = "usr/lib/postgresql/*/bin/postgres"
NOBODY = 65534
NOT_NEEDED = shutil.ignore_patterns("bitcode", "doc", "man", "locale")
# Nothing here outlives the tests, so nothing waits for a disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "unix_socket_directories=")


@contextmanager
def postgresql() -> Iterator[str]:
    """Gives the URL of an empty database."""
    binaries = _found()
    with tempfile.TemporaryDirectory(prefix="openmanager-postgresql-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            binaries = _copied(binaries, folder)
            os.chown(folder, NOBODY, NOBODY)
        around = folder if os.geteuid() == 0 else TOOLS
        libraries = sorted({str(path.parent) for path in around.glob("lib*/**/*.so*")})
        start = [*_as_nobody(), "env", f"LD_LIBRARY_PATH={':'.join(libraries)}"]
        data, port = folder / "data", a_free_port()
        made = [*start, binaries / "initdb", "-D", data, "--username=om", "--auth=trust", "--no-sync"]
        _run([*made, "--encoding=UTF8", "--locale=C"], folder)
        settings = [part for setting in FAST for part in ("-c", setting)]
        serve = [*start, binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", port, *settings]
        with _serving(serve, port, folder):
            yield f"postgresql://om@127.0.0.1:{port}/postgres"


def _found() -> Path:
    """The folder of its programs: unpacked by scripts/postgresql.sh, or installed where Debian has it."""
    places = [*sorted(TOOLS.glob(f"postgresql-*/{INSIDE}")), *sorted(Path("/").glob(INSIDE))]
    return places[0].parent if places else _missing("PostgreSQL: scripts/test-tools.sh should have fetched it")


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"missing is {what}")
    pytest.skip(f"missing is {what}")


def _copied(binaries: Path, folder: Path) -> Path:
    """It finds its other files by where it stands itself, so its whole tree is copied."""
    if not binaries.is_relative_to(TOOLS):
        return binaries
    package = binaries.parents[4]
    shutil.copytree(package / "usr", folder / "program/usr", ignore=NOT_NEEDED)
    for library in TOOLS.glob("lib*/usr/lib/*/*.so*"):
        (folder / "libraries").mkdir(exist_ok=True)
        shutil.copy(library, folder / "libraries")
    return folder / "program" / binaries.relative_to(package)


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv") or _missing("setpriv, without which root can't run PostgreSQL")
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _run(command: Sequence[object], folder: Path) -> None:
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _serving(command: Sequence[object], port: int, folder: Path) -> Iterator[None]:
    log = folder / "postgresql.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            list(map(str, command)), stdout=sink, stderr=subprocess.STDOUT, cwd=folder, env=clean_environment()
        )
    try:
        until(lambda: _answers(process, port, log), "PostgreSQL answers")
        yield
    finally:
        process.send_signal(signal.SIGINT)  # ends its sessions at once; SIGTERM would wait for them
        process.wait(STOP_SECONDS)


def _answers(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    assert process.poll() is None, log.read_text("utf-8")
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
