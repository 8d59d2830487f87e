"""The thread that follows log sources into the book: never more than its share of a processor, whatever is written."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from exporter.collectors.logs_book import Book, Line
from exporter.collectors.logs_files import FileSource, Place
from exporter.collectors.logs_journal import JournalSource

POLL_SECONDS = 1.0
SAVE_SECONDS = 30.0
SHORTEST_REST = 0.001
STOP_SECONDS = 5.0


class Source(Protocol):
    """Where lines come from."""

    def poll(self) -> tuple[list[Line], bool]:
        """Lines that have come, without waiting, and whether there may be more at once."""
        ...

    def close(self) -> None: ...


class FollowingEnded(Exception):
    """Logs weren't read for a while."""


@dataclass(frozen=True, slots=True)
class Places:
    """Up to where the logs were read: what a later run goes on from."""

    cursor: str = ""
    files: dict[str, Place] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Places:
        """What an earlier run left; nothing when there was none. ValueError when it is something else."""
        try:
            content = json.loads(path.read_bytes())
            files = {str(name): _place(*numbers) for name, numbers in content["files"].items()}
            return cls(str(content["cursor"]), files)
        except FileNotFoundError:
            return cls()
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{path} isn't what an earlier run left there: {error}") from error

    def save(self, path: Path) -> None:
        """Replace the file whole; OSError when that can't be."""
        new = path.with_name(f"{path.name}.new")
        new.write_text(json.dumps({"cursor": self.cursor, "files": self.files}), encoding="utf-8")
        os.replace(new, path)  # noqa: PTH105 - the same as Path.replace, and read as such


def _place(device: Any, inode: Any, offset: Any, head: Any) -> Place:
    return int(device), int(inode), int(offset), int(head)


@dataclass(slots=True)
class Follower:
    """Runs once started, until stopped."""

    book: Book
    journal: JournalSource | None
    files: FileSource | None
    share: float = 0.25
    state: Path | None = None
    save_error: str = ""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _saved: Places = field(default_factory=Places)

    @property
    def sources(self) -> Sequence[Source]:
        return [source for source in (self.journal, self.files) if source is not None]

    def start(self) -> None:
        """Start following, if that isn't so already. FollowingEnded, once, when it broke down; it is started again."""
        if self._thread is not None and self._thread.is_alive():
            return
        broken = self._thread is not None
        self._thread = threading.Thread(target=self._follow, name="logs", daemon=True)
        self._thread.start()
        if broken:
            raise FollowingEnded("the thread that reads logs broke down and was started again; its traceback is above")

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        for source in self.sources:
            source.close()

    def _follow(self) -> None:
        save_at = time.monotonic() + SAVE_SECONDS
        while not self._stopping.is_set():
            began = time.thread_time()
            more = False
            for source in self.sources:
                lines, again = source.poll()
                self.book.add(lines)
                more |= again
            if time.monotonic() >= save_at:
                save_at = time.monotonic() + SAVE_SECONDS
                self._save()
            spent = time.thread_time() - began
            rest = max(spent * (1 / self.share - 1), SHORTEST_REST) if more else POLL_SECONDS
            self._stopping.wait(rest)
        self._save()

    def _save(self) -> None:
        if self.state is None:
            return
        cursor = self.journal.cursor if self.journal else ""
        places = Places(cursor, self.files.places() if self.files else {})
        if places == self._saved:
            return
        try:
            places.save(self.state)
        except OSError as error:
            self.save_error = f"can't write {self.state}: {error.strerror}"
            return
        self._saved, self.save_error = places, ""
