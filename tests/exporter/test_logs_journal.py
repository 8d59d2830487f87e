"""The journal: entries as journalctl writes them, from a program that stands in for it where there is no journal."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from exporter.collectors.logs_book import Line
from exporter.collectors.logs_journal import JournalSource

STAND_IN = """#!{python}
import json, pathlib, sys, time
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
after = next((word.partition("=")[2] for word in sys.argv if word.startswith("--after-cursor=")), "")
if after == "bad":
    sys.exit(1)
place = int(after) if after else -1
while True:
    lines = (folder / "entries").read_bytes().split(b"\\n")[:-1]
    for number, line in enumerate(lines):
        if number > place:
            place = number
            if line == b"END":
                sys.exit(0)
            sys.stdout.buffer.write(line + b"\\n")
            sys.stdout.buffer.flush()
    time.sleep(0.01)
"""


class Journal:
    """A journal as a file of entries, and a journalctl for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "journalctl"
        self.program.write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
        self.program.chmod(0o755)
        (folder / "entries").touch()
        self.written = 0

    def write(self, message: object, seconds: float | None = None, **fields: object) -> None:
        when = time.time() if seconds is None else seconds
        entry = {"__CURSOR": str(self.written), "__REALTIME_TIMESTAMP": str(int(when * 1e6)), "MESSAGE": message}
        self.raw(json.dumps(entry | fields))

    def raw(self, text: str) -> None:
        with (self.folder / "entries").open("a") as file:
            file.write(f"{text}\n")
        self.written += 1

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


def read(source: JournalSource, enough: Callable[[list[Line]], bool]) -> list[Line]:
    """Poll until that is enough."""
    lines: list[Line] = []
    ends = time.monotonic() + 60
    while not enough(lines):
        assert time.monotonic() < ends, f"waited a minute in vain; {source.error}"
        taken, more = source.poll()
        lines += taken
        if not more:
            time.sleep(0.01)
    return lines


def test_entries_are_read_with_time_unit_and_priority(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write("disk on fire", 1000.5, PRIORITY="2", _SYSTEMD_UNIT="nginx.service")
    journal.write("session opened", PRIORITY="6", _SYSTEMD_UNIT="session-42.scope")
    journal.write("link up", _TRANSPORT="kernel")
    journal.write([99, 97, 102, 233], PRIORITY="7", _SYSTEMD_UNIT="getty@tty1.service")
    journal.write(["twice", "said"], PRIORITY="4")
    journal.write(None, PRIORITY=None)
    journal.raw("no JSON")
    journal.raw('{"MESSAGE": "no cursor"}')
    journal.write("last", PRIORITY="9", SYSLOG_IDENTIFIER="whatever a client says of itself")
    source = JournalSource(str(journal.program))
    lines = read(source, lambda lines: len(lines) == 7)
    source.close()
    assert [(line.source, line.severity, line.text) for line in lines] == [
        ("nginx.service", "critical", "disk on fire"),
        ("session.scope", "info", "session opened"),
        ("kernel", "unknown", "link up"),
        ("getty.service", "debug", "caf\ufffd"),
        ("journal", "warning", "twice said"),
        ("journal", "unknown", "(too long to be told)"),
        ("journal", "unknown", "last"),
    ]
    assert lines[0].seconds == 1000.5
    assert source.cursor == "8"
    assert journal.calls() == [
        [
            "--follow",
            "--output=json",
            "--quiet",
            "--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,_TRANSPORT",
            "--lines=0",
        ]
    ]


def test_when_journalctl_dies_it_is_started_again_after_the_last_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    source = JournalSource(str(journal.program))
    journal.write("one")
    assert [line.text for line in read(source, bool)] == ["one"]
    os.kill(source.process, signal.SIGKILL)
    journal.write("two")
    assert [line.text for line in read(source, bool)] == ["two"]
    assert source.starts == 2
    assert journal.calls()[1][-2:] == ["--after-cursor=0", "--no-tail"]
    source.close()


def test_a_cursor_that_journalctl_refuses_is_given_up(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    source = JournalSource(str(journal.program), cursor="bad")
    journal.write("still here")
    assert [line.text for line in read(source, bool)] == ["still here"]
    assert source.jumps == 1
    source.close()


def test_a_journalctl_that_ends_each_time_is_started_less_and_less_often(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.raw("END")
    source = JournalSource(str(journal.program))
    read(source, lambda _: source.starts == 1 and not source.process)
    assert source.error == f"{journal.program} ended with 0"
    read(source, lambda _: source.starts == 2 and not source.process)
    assert source._pause == 4.0
    source.close()


def test_without_journalctl_the_source_is_down_and_says_why(tmp_path: Path) -> None:
    source = JournalSource(str(tmp_path / "absent"))
    assert source.poll() == ([], False)
    assert source.poll() == ([], False)
    assert source.error == f"can't start {tmp_path}/absent: No such file or directory"
    source.close()


def test_whoever_cannot_keep_up_for_long_goes_on_from_now(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    source = JournalSource(str(journal.program), cursor="-1")
    for number in range(50):
        journal.write(f"old {number}" + "." * 5000, seconds=1000.0)
    read(source, bool)
    select.select([source._pipe], [], [], 20)  # the rest didn't fit in one read
    source._behind_since = time.monotonic() - 61  # for a minute it has read nothing but what is five minutes old
    read(source, lambda _: source.jumps == 1)
    assert (source.cursor, source.process) == ("", 0)
    read(source, bool)
    assert "--lines=0" in journal.calls()[-1]
    source.close()


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    source = JournalSource(str(journal.program))
    journal.write("one")
    read(source, bool)
    process = source.process
    source.close()
    assert not Path(f"/proc/{process}").exists()
