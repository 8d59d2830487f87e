"""The systemd journal, through `journalctl --follow --output=json` and a cursor that is kept.

journalctl is started again when it ends, after the last entry that was read. While nobody reads, journalctl waits in
its pipe: a burst costs the journal's own file and nothing else.
https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from exporter.collectors.logs_book import Line
from exporter.collectors.logs_severity import of_priority

CHUNK = 64 * 1024
FIELDS = ("MESSAGE", "PRIORITY", "_SYSTEMD_UNIT", "_TRANSPORT")
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
LATE_SECONDS = 300.0
PATIENCE_SECONDS = 60.0
"""Entries older than LATE are skipped when catching up has taken longer than this."""
LONGEST_ENTRY = 1024 * 1024
MOST_TEXT = 32 * 1024


@dataclass(slots=True)
class JournalSource:
    """Entries of the journal from now on, or from a cursor on."""

    program: str = "journalctl"
    directory: str = ""
    cursor: str = ""
    clock: Callable[[], float] = time.time
    error: str = ""
    jumps: int = 0
    starts: int = 0
    process: int = 0
    _pipe: int = -1
    _rest: bytes = b""
    _start_at: float = 0.0
    _pause: float = FIRST_PAUSE_SECONDS
    _latest: float = 0.0
    _behind_since: float = field(default=0.0)
    _fruitful: bool = False

    def poll(self) -> tuple[list[Line], bool]:
        """Entries that have come, and whether there may be more at once."""
        now = time.monotonic()
        if not self.process:
            if now < self._start_at:
                return [], False
            self._start()
        if not self.process:
            return [], False
        try:
            chunk = os.read(self._pipe, CHUNK)
        except BlockingIOError:
            self._behind_since = 0.0
            return [], False
        if not chunk:
            self._ended(now)
            return [], False
        lines = self._entries(chunk)
        self._skip_if_late(now)
        return lines, True

    def close(self) -> None:
        """End journalctl."""
        if self.process:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGTERM)
            self._reap()

    def _start(self) -> None:
        where = [f"--after-cursor={self.cursor}", "--no-tail"] if self.cursor else ["--lines=0"]
        directory = [f"--directory={self.directory}"] if self.directory else []
        fields = f"--output-fields={','.join(FIELDS)}"
        arguments = [self.program, "--follow", "--output=json", "--quiet", fields, *directory, *where]
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        try:
            self.process = os.posix_spawnp(
                self.program, arguments, os.environ, file_actions=actions, setsigdef=[signal.SIGPIPE]
            )
        except OSError as error:
            os.close(reader)
            self.error = f"can't start {self.program}: {error.strerror}"
            self._start_at = time.monotonic() + LONGEST_PAUSE_SECONDS
            return
        finally:
            os.close(writer)
        self._pipe, self._rest, self._fruitful = reader, b"", False
        self.starts += 1

    def _entries(self, chunk: bytes) -> list[Line]:
        *whole, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest if len(rest) <= LONGEST_ENTRY else b""
        lines = [line for text in whole if text and (line := self._entry(text)) is not None]
        if lines:
            self._fruitful, self._pause, self.error = True, FIRST_PAUSE_SECONDS, ""
        return lines

    def _entry(self, text: bytes) -> Line | None:
        """One entry; None for what is none, as the end of one that was too long."""
        try:
            found = json.loads(text)
            seconds = int(found["__REALTIME_TIMESTAMP"]) / 1e6
            self.cursor = str(found["__CURSOR"])
        except (ValueError, KeyError, TypeError):
            return None
        self._latest = seconds
        return Line(seconds, _source(found), _text(found.get("MESSAGE")), of_priority(str(found.get("PRIORITY", ""))))

    def _skip_if_late(self, now: float) -> None:
        """Whoever can't keep up for long goes on from now."""
        if self.clock() - self._latest < LATE_SECONDS:
            self._behind_since = 0.0
        elif not self._behind_since:
            self._behind_since = now
        elif now - self._behind_since > PATIENCE_SECONDS:
            self.close()
            self.jumps += 1
            self.cursor, self._behind_since, self._start_at = "", 0.0, now

    def _ended(self, now: float) -> None:
        """It ended by itself: start it again, later each time."""
        status = self._reap()
        self.error = f"{self.program} ended with {status}"
        if not self._fruitful and self.cursor and status:  # it didn't like the cursor perhaps
            self.cursor = ""
            self.jumps += 1
        self._start_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    def _reap(self) -> int:
        os.close(self._pipe)
        process, self.process, self._pipe = self.process, 0, -1
        try:
            return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        except ChildProcessError:
            return 0


def _source(found: dict[str, Any]) -> str:
    """The unit that wrote it, without numbers of instances: a small set. What clients say of themselves isn't asked."""
    unit = found.get("_SYSTEMD_UNIT")
    if isinstance(unit, str) and unit:
        return _kind(unit)
    return "kernel" if found.get("_TRANSPORT") == "kernel" else "journal"


def _kind(unit: str) -> str:
    """A unit's name without what differs from instance to instance: `session-12.scope` is `session.scope`."""
    name, _, suffix = unit.rpartition(".")
    parts = name.partition("@")[0].split("-")
    while len(parts) > 1 and (suffix == "scope" or parts[0] == "run") and any(sign.isdigit() for sign in parts[-1]):
        parts.pop()
    return f"{'-'.join(parts)}.{suffix}"


def _text(message: Any) -> str:
    """The message; bytes that aren't UTF-8 come as a list of numbers, a repeated field as a list of messages."""
    match message:
        case str():
            return message[:MOST_TEXT]
        case [int(), *_]:
            return bytes(message[:MOST_TEXT]).decode(errors="replace")
        case [str(), *_]:
            return " ".join(message)[:MOST_TEXT]
        case _:
            return "(too long to be told)"
