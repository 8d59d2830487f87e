"""Which operating system runs: what os-release says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

LABELS = (
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
)
INFO = Family("node_os_info", "What os-release says of the operating system.", labels=LABELS)
VERSION = Family("node_os_version", "The major and minor part of its version.", labels=("id", "id_like", "name"))
SUPPORT_END = Family("node_os_support_end_timestamp_seconds", "When support for it ends, in seconds since the epoch.")
PATHS = ("etc/os-release", "usr/lib/os-release")
ASSIGNMENT = re.compile(r"""^([A-Z][A-Z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(.*))\s*$""", re.MULTILINE)
NUMBER = re.compile(r"[0-9]+\.?[0-9]*")


@dataclass(slots=True)
class Release:
    """What was read last, and of which version of the file."""

    stamp: tuple[int, int] = (0, 0)
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class OsCollector:
    """Source: /etc/os-release, os-release(5). Read again when the file changes."""

    trees: Trees
    release: Release = field(default_factory=Release, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        for path in PATHS:
            stamp = self.trees.root.stamp(path)
            if stamp is not None:
                return self._told(path, stamp)
        raise NoData("there is no os-release file")

    def _told(self, path: str, stamp: tuple[int, int]) -> Iterable[Block]:
        if stamp != self.release.stamp:
            self.release.blocks = tuple(blocks(self.trees.root.read(path).decode(errors="replace")))
            self.release.stamp = stamp
        return self.release.blocks


def blocks(content: str) -> Iterable[Block]:
    """The samples for the text of an os-release file."""
    found = {name: _plain(quoted, single, bare) for name, quoted, single, bare in ASSIGNMENT.findall(content)}
    said = {label: found.get(label.upper(), "") for label in LABELS}
    yield Table(INFO).block([tuple(said.values())], [[1]])
    version = NUMBER.match(said["version_id"])
    if version and float(version[0]) > 0:
        yield Table(VERSION).block([(said["id"], said["id_like"], said["name"])], [[float(version[0])]])
    if end := found.get("SUPPORT_END"):
        yield Table(SUPPORT_END).single([datetime.strptime(end, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()])


def _plain(quoted: str, single: str, bare: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted) if quoted else single or bare.strip()
