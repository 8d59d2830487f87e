"""Metrics that other programs leave in files: cron jobs, backups, scripts."""

from __future__ import annotations

import glob
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exporter.collectors import setting
from exporter.exposition import Block, Family, Layout, Table, Value, series
from exporter.procfs import Trees
from exporter.textformat import Malformed, Read, read

log = logging.getLogger("exporter")

MODIFIED = Family("node_textfile_mtime_seconds", "When a file was last written.", labels=("file",))
ERROR = Family("node_textfile_scrape_error", "Whether a folder or a file could not be read (1).")
OWN = frozenset({MODIFIED.name, ERROR.name})

EXACT = 1e15
"""Below it, every whole number is told apart from its neighbours by a float."""

State = tuple[int, int, int]
"""Inode, size and time of the last change: a file with the same has the same content."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read; no families when it can't be."""

    state: State
    families: tuple[Read, ...] | None


@dataclass(slots=True)
class Known:
    """What the files said, kept as long as they don't change."""

    files: dict[str, File] = field(default_factory=dict)
    block: Block | None = None
    clash: bool = False


@dataclass(frozen=True, slots=True)
class TextfileCollector:
    """Reads *.prom of the folders, which may be patterns such as /srv/*/metrics."""

    trees: Trees
    directory: tuple[str, ...] = setting((), "Folder with files *.prom; may be a pattern, and given several times.")
    known: Known = field(default_factory=Known, init=False, repr=False)
    modified: Table = field(default_factory=lambda: Table(MODIFIED), init=False, repr=False)
    error: Table = field(default_factory=lambda: Table(ERROR), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        paths, failed = self._paths()
        files = {path: one for path in paths if (one := self._file(path)) is not None}
        if files != self.known.files or self.known.block is None:
            self.known.files = files
            self.known.block, self.known.clash = merged(files)
        failed |= self.known.clash or len(files) < len(paths)
        whole = {path: file for path, file in files.items() if file.families is not None}
        failed |= len(whole) < len(files)
        times = [file.state[2] / 1e9 for file in whole.values()]
        yield self.modified.block([(path,) for path in whole], [times])
        yield self.error.single([int(failed)])
        yield self.known.block

    def _paths(self) -> tuple[list[str], bool]:
        """The files to read, and whether there was a folder that can't be had."""
        found, failed = [], False
        for pattern in filter(None, self.directory):
            for folder in sorted(glob.glob(pattern)) or [pattern]:  # noqa: PTH207 - a pattern may be absolute
                try:
                    found += sorted(str(path) for path in Path(folder).iterdir() if path.suffix == ".prom")
                except OSError as error:
                    log.debug("can't look into folder", extra={"path": folder, "reason": str(error)})
                    failed = True
        return found, failed

    def _file(self, path: str) -> File | None:
        """The file, read only when it changed; None when it went away just now."""
        try:
            status = Path(path).stat()
        except OSError:
            return None
        state = (status.st_ino, status.st_size, status.st_mtime_ns)
        known = self.known.files.get(path)
        if known is not None and known.state == state:
            return known
        try:
            families = read(Path(path).read_text(encoding="utf-8"))
            if any(family.name in OWN for family in families):
                raise Malformed(f"{' and '.join(sorted(OWN))} are the exporter's own")
        except (OSError, ValueError) as error:
            log.warning("can't read text file", extra={"path": path, "reason": str(error)})
            return File(state, None)
        return File(state, tuple(families))


def merged(files: dict[str, File]) -> tuple[Block, bool]:
    """All families of all files, and whether files contradict each other: then the first one is believed."""
    chosen: dict[str, list[tuple[str, Read]]] = {}
    clash = False
    for path, file in files.items():
        for family in file.families or ():
            others = chosen.setdefault(family.name, [])
            same = all(other.kind == family.kind and other.help == family.help for _, other in others)
            clash |= not same
            if same:
                others.append((path, family))
    groups, values = [], []
    for name, parts in chosen.items():
        samples = [sample for _, family in parts for sample in family.samples]
        text = parts[0][1].help or f"Metric read from {', '.join(path for path, _ in parts)}"
        groups.append((Family(name, text, parts[0][1].kind), list(rows(name, samples))))
        values += [value for _, _, value in samples]
    return Block(Layout(groups), values_of(values)), clash


def rows(name: str, samples: Iterable[tuple[str, tuple[tuple[str, str], ...], float]]) -> Iterator[bytes]:
    """The samples without their values. A label that only some of them have is empty for the others."""
    samples = list(samples)
    names = sorted({label for _, labels, _ in samples for label, _ in labels})
    for suffix, labels, _ in samples:
        given = dict(labels)
        bound = [one for one in names if one in given or one not in {"le", "quantile"}]
        family = Family(name, "", labels=tuple(bound))
        yield series(family, tuple(given.get(one, "") for one in bound), suffix)


def values_of(numbers: list[float]) -> list[Value]:
    """Whole numbers without a fraction, as they were most likely written."""
    return [int(number) if number.is_integer() and abs(number) < EXACT else number for number in numbers]
