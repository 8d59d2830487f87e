"""Names of PCI devices from pci.ids, the list that lspci(8) has: vendors, devices, subsystems, classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

USUAL = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids")
Key = tuple[str, ...]
"""The ids from the outside in: vendor, device, subsystem's vendor and device; or `C` and one of a class."""


def find(root: Path, given: str) -> Path | None:
    """The list that the user names, else where distributions have it; None when there is none."""
    places = [Path(given)] if given else [root / place for place in USUAL]
    return next((place for place in places if place.is_file()), None)


def read(lines: Iterable[str], wanted: frozenset[Key]) -> dict[Key, str]:
    """The names of the wanted keys, of the many that the list has."""
    return {key: name for key, name in entries(lines) if key in wanted}


def entries(lines: Iterable[str]) -> Iterator[tuple[Key, str]]:
    """All names with their keys: what hangs on a line stands below it, a tab further in."""
    path: list[str] = []
    for line in lines:
        ids, _, name = line.strip().partition("  ")
        if not name or line.startswith("#"):
            continue
        depth = len(line) - len(line.lstrip("\t"))
        path[depth:] = [ids]
        is_class = path[0].startswith("C ")
        key = ("C", "".join([path[0][2:], *path[1:]])) if is_class else tuple(" ".join(path).split())
        yield key, name.strip()


def keys(ids: Sequence[str]) -> frozenset[Key]:
    """What to look for, for a device's ids: class, vendor, device, subsystem's vendor, subsystem's device."""
    kind, vendor, device, other, sub = (plain(one) for one in ids)
    classes = {("C", kind[:length]) for length in (2, 4, 6)}
    return frozenset({*classes, (vendor,), (vendor, device), (other,), (vendor, device, other, sub)})


def names(ids: Sequence[str], found: dict[Key, str]) -> tuple[str, ...]:
    """Names of vendor, device, subsystem's vendor, subsystem's device, class; an id where there is no name."""
    kind, vendor, device, other, sub = (plain(one) for one in ids)
    classes = (found.get(("C", kind[:length])) for length in (6, 4, 2))
    return (
        found.get((vendor,), vendor),
        found.get((vendor, device), device),
        found.get((other,), other),
        found.get((vendor, device, other, sub), sub),
        next(filter(None, classes), f"Unknown class ({kind})"),
    )


def plain(one: str) -> str:
    return one.removeprefix("0x").lower()
