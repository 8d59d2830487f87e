"""Logs: messages by source and severity, and by template, from the journal and from plain files.

Labels never carry free text: a template is told of by an id, and its text stands at /api/v1/logs. What is read there
has its secrets blotted out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exporter.collectors import NoData, setting
from exporter.collectors.logs_book import Book
from exporter.collectors.logs_files import FileSource
from exporter.collectors.logs_following import Follower, Places
from exporter.collectors.logs_journal import JournalSource
from exporter.collectors.logs_page import PATH, answer
from exporter.exposition import Block, Family, Table
from exporter.flags import SettingsError
from exporter.procfs import Trees
from exporter.request import Request, Response

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
    book: Book = field(default_factory=Book, init=False, repr=False)
    follower: Follower = field(init=False, repr=False)
    tables: Tables = field(default_factory=Tables, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.cpu_share <= 1:
            raise SettingsError([f"--collector.logs.cpu-share is more than 0 and at most 1, not {self.cpu_share:g}"])
        state = Path(self.state_file) if self.state_file else None
        try:
            places = Places.load(state) if state else Places()
        except (OSError, ValueError) as error:
            raise SettingsError([f"--collector.logs.state-file: {error}"]) from error
        directory = self._directory()
        journal = JournalSource(self.journalctl, directory or "", places.cursor) if directory is not None else None
        files = FileSource(self.file, places.files) if self.file else None
        object.__setattr__(self, "follower", Follower(self.book, journal, files, self.cpu_share, state))

    def collect(self) -> Iterable[Block]:
        if not self.follower.sources:
            raise NoData("no journal here, and no --collector.logs.file")
        self.follower.start()
        counts, templates = self.book.told(self.template_series)
        tables = self.tables
        yield tables.messages.block(list(counts), [list(counts.values())])
        yield tables.templates.block(
            [(identity, source, severity) for identity, source, severity, _ in templates],
            [[count for *_, count in templates]],
        )
        yield tables.kept.single([len(self.book.miner), self.book.miner.evicted])
        yield from self._sources()

    def routes(self) -> Mapping[str, Callable[[Request], Response]]:
        return {PATH: self._page} if self.follower.sources else {}

    def close(self) -> None:
        self.follower.stop()

    def _page(self, request: Request) -> Response:
        self.follower.start()
        return answer(self.book, request, lines=self.lines)

    def _sources(self) -> Iterable[Block]:
        """How the sources themselves are."""
        journal = self.follower.journal
        files = list(self.follower.files.files.values()) if self.follower.files else []
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
