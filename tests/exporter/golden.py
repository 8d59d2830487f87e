"""Compares a collector on node_exporter's fixtures with node_exporter's own output, sample for sample."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from exporter.collectors import build
from exporter.exposition import Rules
from exporter.procfs import Trees
from exporter.settings import parse

LINE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')

Series = tuple[str, frozenset[tuple[str, str]]]


def told(name: str, fixtures: Path, *flags: str, openmetrics: bool = False) -> str:
    """What one collector says about the fixtures, as a page."""
    paths = (
        f"--path.procfs={fixtures}/proc",
        f"--path.sysfs={fixtures}/sys",
        f"--path.rootfs={fixtures}",
        f"--path.udev.data={fixtures}/udev/data",
        "--collector.disable-defaults",
        f"--collector.{name}",
    )
    settings = parse([*paths, *flags])
    trees = Trees.below(settings.procfs, settings.sysfs, settings.rootfs, settings.udev_data)
    collector = build(name, trees, settings.collectors[name])
    rules = Rules(owner=name)
    blocks = list(collector.collect())
    trees.close()
    text = b"".join(b.layout.render(b.values, openmetrics=openmetrics, rules=rules) for b in blocks)
    return text.decode()


def samples(text: str) -> dict[Series, float]:
    """Every sample of a page; a page that says a series twice is refused."""
    found: dict[Series, float] = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        assert match, f"not a sample: {line!r}"
        key = (match["name"], frozenset(LABEL.findall(match["labels"] or "")))
        assert key not in found, f"said twice: {line!r}"
        found[key] = float(match["value"])
    return found


def kinds(text: str) -> dict[str, str]:
    """The type of each family."""
    words = (line.split() for line in text.split("\n") if line.startswith("# TYPE "))
    return {name: kind for _, _, name, kind in words}


def assert_equal(page: str, golden: str, families: Iterable[str]) -> None:
    """The page has exactly the golden file's samples and types of these families (regular expressions)."""
    wanted = re.compile("|".join(families))
    assert _of(samples(page), wanted) == _of(samples(golden), wanted)
    types = {name: kind for name, kind in kinds(golden).items() if wanted.fullmatch(name)}
    assert types
    assert {name: kind for name, kind in kinds(page).items() if wanted.fullmatch(name)} == types


def _of(found: Mapping[Series, float], wanted: re.Pattern[str]) -> dict[Series, float]:
    return {series: value for series, value in found.items() if wanted.fullmatch(series[0])}
