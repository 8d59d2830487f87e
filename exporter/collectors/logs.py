"""Logs: messages by source and severity, and by template, from the journal and from plain files.

Labels never carry free text: a template is told of by an id, and its text stands at /api/v1/logs. What is read there
has its secrets blotted out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Table
from exporter.flags import SettingsError
from exporter.procfs import Trees
from exporter.request import Request, Response

if TYPE_CHECKING:
    from exporter.collectors.logs_book import Book
    from exporter.collectors.logs_following import Follower

PATH = "/api/v1/logs"
JOURNALS = ("var/log/journal", "run/log/journal")

MESSAGES = Family("openmanager_log_messages_total", "Log messages read.", "counter", ("source", "severity"))
TEMPLATES = Family(
    "openmanager_log_template_messages_total",
    "Log messages of one template; /api/v1/logs has its text.",
    "counter",
    ("template", "source", "severity"),
)
KEPT = (
    Family("openmanager_log_templates", "Templates that are kept."),
    Family("openmanager_log_templates_evicted_total", "Templates that made room for others.", "counter"),
)
UP = Family("openmanager_log_source_up", "Whether this source can be read.", labels=("source",))
JUMPS = Family(
    "openmanager_log_source_jumps_total",
    "Times that reading went on further down, to catch up.",
    "counter",
    ("source",),
)
SKIPPED = Family(
    "openmanager_log_source_skipped_bytes_total", "Bytes of files left out by these jumps.", "counter", ("source",)
)


@dataclass(slots=True)
class Tables:
    """The layouts of the families."""

    messages: Table = field(default_factory=lambda: Table(MESSAGES))
    templates: Table = field(default_factory=lambda: Table(TEMPLATES))
    kept: Table = field(default_factory=lambda: Table(*KEPT))
    sources: Table = field(default_factory=lambda: Table(UP, JUMPS))
    skipped: Table = field(default_factory=lambda: Table(SKIPPED))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read from the logs, and who reads it."""

    book: Book
    follower: Follower


@dataclass(frozen=True, slots=True)
class LogsCollector:
    """Sources: journalctl(1), and the files that the settings name. The first scrape or question starts reading."""

    trees: Trees
    file: tuple[str, ...] = setting((), "Log file to follow, or a pattern such as /var/log/*.log; may be repeated.")
    journal: bool = setting(default=True, help_text="Follow the systemd journal where there is one.")
    journalctl: str = setting("journalctl", "The program that reads the journal.")
    journal_directory: str = setting("", "Where the journal is, when journalctl wouldn't find it by itself.")
    state_file: str = setting("", "Where to keep up to where the logs were read; without, a restart begins at the end.")
    cpu_share: float = setting(0.25, "Share of one processor that reading may take.")
    template_series: int = setting(100, "Templates told of as metrics.")
    lines: bool = setting(default=True, help_text="Tell lines and examples at /api/v1/logs, not templates alone.")
    reading: Reading | None = field(init=False, repr=False)
    tables: Tables = field(default_factory=Tables, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.cpu_share <= 1:
            raise SettingsError([f"--collector.logs.cpu-share is more than 0 and at most 1, not {self.cpu_share:g}"])
        directory = self._directory()
        reading = self._reading(directory) if directory is not None or self.file else None
        object.__setattr__(self, "reading", reading)

    def collect(self) -> Iterable[Block]:
        reading = self.reading
        if reading is None:
            raise NoData("no journal here, and no --collector.logs.file")
        reading.follower.start()
        counts, templates = reading.book.told(self.template_series)
        tables = self.tables
        yield tables.messages.block(list(counts), [list(counts.values())])
        yield tables.templates.block(
            [(identity, source, severity) for identity, source, severity, _ in templates],
            [[count for *_, count in templates]],
        )
        yield tables.kept.single([len(reading.book.miner), reading.book.miner.evicted])
        yield from self._sources(reading.follower)

    def routes(self) -> Mapping[str, Callable[[Request], Response]]:
        if self.reading is None:
            return {}
        from exporter.collectors.logs_page import answer  # noqa: PLC0415 - see _reading

        book, follower = self.reading.book, self.reading.follower

        def page(request: Request) -> Response:
            follower.start()
            return answer(book, request, lines=self.lines)

        return {PATH: page}

    def close(self) -> None:
        if self.reading is not None:
            self.reading.follower.stop()

    def _reading(self, directory: str | None) -> Reading:
        """What reads; SettingsError when what an earlier run left can't be gone on from."""
        # Only who reads logs has the memory that it takes.
        from exporter.collectors.logs_book import Book  # noqa: PLC0415
        from exporter.collectors.logs_files import FileSource  # noqa: PLC0415
        from exporter.collectors.logs_following import Follower, Places  # noqa: PLC0415
        from exporter.collectors.logs_journal import JournalSource  # noqa: PLC0415

        state = Path(self.state_file) if self.state_file else None
        try:
            places = Places.load(state) if state else Places()
        except (OSError, ValueError) as error:
            raise SettingsError([f"--collector.logs.state-file: {error}"]) from error
        journal = JournalSource(self.journalctl, directory, places.cursor) if directory is not None else None
        files = FileSource(self.file, places.files) if self.file else None
        book = Book()
        return Reading(book, Follower(book, journal, files, self.cpu_share, state))

    def _sources(self, follower: Follower) -> Iterable[Block]:
        """How the sources themselves are."""
        journal = follower.journal
        files = list(follower.files.files.values()) if follower.files else []
        rows = [(file.path, int(file.descriptor >= 0), file.jumps) for file in files]
        if journal is not None:
            rows.append(("journal", int(journal.process > 0), journal.jumps))
        yield self.tables.sources.block(
            [(source,) for source, *_ in rows], [[up for _, up, _ in rows], [jumps for *_, jumps in rows]]
        )
        yield self.tables.skipped.block([(file.path,) for file in files], [[file.skipped_bytes for file in files]])

    def _directory(self) -> str | None:
        """Where the journal is: empty when journalctl knows best, None when there is none to follow."""
        if not self.journal:
            return None
        if self.journal_directory:
            return self.journal_directory
        root = self.trees.root.root
        present = [root + path for path in JOURNALS if _holds_something(root + path)]
        if not present or not _findable(self.journalctl):
            return None
        return "" if root == "/" else present[0]


def _holds_something(folder: str) -> bool:
    try:
        return any(Path(folder).iterdir())
    except OSError:
        return False


def _findable(program: str) -> bool:
    folders = [""] if "/" in program else os.get_exec_path()
    return any(os.access(Path(folder, program), os.X_OK) for folder in folders)
