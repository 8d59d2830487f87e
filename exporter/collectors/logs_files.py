"""Plain log files, followed as they grow, are truncated, and are replaced by new ones.

What is in a file when it is first seen is history and not read; a file that appears later is read from its beginning.
A file that grows faster than it may be read is caught up with by a jump, which is counted.
"""

from __future__ import annotations

import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from glob import iglob
from itertools import islice

from exporter.collectors.logs_book import Line

CHUNK = 64 * 1024
MOST_FILES = 64
MOST_BEHIND = 8 * 1024 * 1024
JUMP_TO = 128 * 1024
"""After a jump so many bytes before the end are read."""
LONGEST = 32 * 1024
LOOK_SECONDS = 10.0
MOST_CLOSED = 256
HEAD = 64

Identity = tuple[int, int]
Place = tuple[int, int, int, int]
"""Device, inode, offset, checksum of the beginning."""


@dataclass(slots=True)
class LogFile:
    """One file by its path. `take()` gives the lines that have come, one chunk at a time."""

    path: str
    clock: Callable[[], float] = time.time
    descriptor: int = -1
    identity: Identity = (0, 0)
    position: int = 0
    error: str = ""
    skipped_bytes: int = 0
    jumps: int = 0
    rest: bytes = b""
    _dropping: bool = False

    def open(self, position: Callable[[int, Identity, int], int]) -> None:
        """Open it; where reading begins depends on which file it is and how long. OSError when that can't be."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise OSError(f"{self.path} is no ordinary file")
        self.identity = (status.st_dev, status.st_ino)
        self.position = position(descriptor, self.identity, status.st_size)
        self.descriptor = descriptor
        self.rest, self._dropping, self.error = b"", False, ""

    def take(self) -> tuple[list[Line], bool]:
        """Lines that have come, and whether there may be more at once. OSError when it can't be read."""
        status = os.fstat(self.descriptor)
        if status.st_size < self.position:  # truncated, as by logrotate's copytruncate
            self.position, self.rest, self._dropping = 0, b"", False
        if status.st_size - self.position > MOST_BEHIND:
            self._jump(status.st_size - JUMP_TO)
        chunk = os.pread(self.descriptor, CHUNK, self.position)
        self.position += len(chunk)
        return list(self._lines(chunk)), len(chunk) == CHUNK

    def place(self) -> Place:
        """Up to where it was read. A line half read counts as unread."""
        offset = self.position - len(self.rest)
        return (*self.identity, offset, _head(self.descriptor, offset))

    def replaced(self) -> bool:
        """Whether the path leads to another file by now, or nowhere."""
        try:
            status = os.stat(self.path)  # noqa: PTH116 - a path object costs more, once a second for each file
        except OSError:
            return True
        return (status.st_dev, status.st_ino) != self.identity

    def close(self) -> list[Line]:
        """Let go of it; gives the last line if that had no end."""
        if self.descriptor < 0:
            return []
        os.close(self.descriptor)
        self.descriptor = -1
        last, self.rest = self.rest, b""
        return [self._line(last)] if last and not self._dropping else []

    def _jump(self, to: int) -> None:
        self.jumps += 1
        self.skipped_bytes += to - self.position
        self.position, self.rest, self._dropping = to, b"", True

    def _lines(self, chunk: bytes) -> Iterator[Line]:
        """Whole lines; the beginning of one waits for its end, up to a length."""
        *whole, rest = chunk.split(b"\n")
        for text in whole:
            joined, self.rest = self.rest + text, b""
            if not self._dropping and joined:
                yield self._line(joined)
            self._dropping = False
        self.rest += rest
        if len(self.rest) > LONGEST:
            if not self._dropping:
                yield self._line(self.rest)
            self.rest, self._dropping = b"", True

    def _line(self, text: bytes) -> Line:
        continues = text[:1] in {b" ", b"\t"}
        return Line(self.clock(), self.path, text.decode("utf-8", errors="replace"), continues=continues)


@dataclass(slots=True)
class FileSource:
    """All files that the patterns match. `positions` are from an earlier run, by path."""

    patterns: tuple[str, ...]
    positions: dict[str, Place] = field(default_factory=dict)
    files: dict[str, LogFile] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    _closed: dict[Identity, Place] = field(default_factory=dict)
    _looked: float = -LOOK_SECONDS
    _first: bool = True

    def poll(self) -> tuple[list[Line], bool]:
        """Lines of all files, and whether there may be more at once."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._look()
        lines: list[Line] = []
        more = False
        for file in self.files.values():
            taken, again = self._take(file)
            lines += taken
            more |= again
        return lines, more

    def places(self) -> dict[str, Place]:
        """Up to where each file is read, for a later run."""
        return {path: file.place() for path, file in self.files.items() if file.descriptor >= 0}

    def close(self) -> None:
        for file in self.files.values():
            file.close()

    def _look(self) -> None:
        """Find new files, and forget those that are gone for good."""
        found = set(islice((path for pattern in self.patterns for path in iglob(pattern)), MOST_FILES))  # noqa: PTH207
        named = {pattern for pattern in self.patterns if not any(sign in pattern for sign in "*?[")}
        for path in found | named:
            if path not in self.files:
                self.files[path] = LogFile(path, self.clock)
        for path in [path for path, file in self.files.items() if path not in found | named and file.descriptor < 0]:
            del self.files[path]
        for file in self.files.values():
            if file.descriptor < 0:
                self._open(file)
        self._first = False
        self._looked = time.monotonic()

    def _take(self, file: LogFile) -> tuple[list[Line], bool]:
        if file.descriptor < 0:
            return [], False
        try:
            lines, more = file.take()
        except OSError as error:
            file.close()
            file.error = str(error)
            return [], False
        if not lines and not more and file.replaced():
            self._closed[file.identity] = file.place()
            lines = file.close()
            self._open(file)
            more = file.descriptor >= 0
        return lines, more

    def _open(self, file: LogFile) -> None:
        try:
            file.open(self._start)
        except OSError as error:
            file.error = str(error)
            return
        while len(self._closed) > MOST_CLOSED:
            del self._closed[next(iter(self._closed))]

    def _start(self, descriptor: int, identity: Identity, size: int) -> int:
        """Where to begin: after what was read of this very file, whatever it was called then."""
        for file in self.files.values():
            if file.descriptor >= 0 and file.identity == identity:
                return file.position
        earlier = {place[:2]: place for place in self.positions.values()} | self._closed
        if identity in earlier:
            *_, offset, head = earlier[identity]
            # The number of a deleted file's inode is given to another: only the same beginning makes the same file.
            return offset if offset <= size and head == _head(descriptor, offset) else 0
        return size if self._first and not self.positions else 0


def _head(descriptor: int, offset: int) -> int:
    """A checksum of how a file begins, of the part that was read."""
    return zlib.crc32(os.pread(descriptor, min(HEAD, offset), 0))
