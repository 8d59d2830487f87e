"""What is mounted where: /proc/PID/mountinfo, proc(5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount; names as the kernel has them, which need not be UTF-8."""

    device: bytes
    point: bytes
    type: bytes
    major: bytes
    minor: bytes
    readonly: bool


def parse(content: bytes, rootfs: bytes, wanted: Callable[[bytes, bytes], bool]) -> list[Mount]:
    """The mounts below `rootfs` that are wanted by point and type, each device, point and type once.

    Points are told as the host sees them, without `rootfs`.
    """
    found: dict[tuple[bytes, bytes, bytes], Mount] = {}
    for line in content.splitlines():
        words = line.split(b" ")
        rest = words.index(b"-", 6)
        point, kind, device = _below(rootfs, _plain(words[4])), words[rest + 1], _plain(words[rest + 2])
        if not wanted(point, kind):
            continue
        major, _, minor = words[2].partition(b":")
        options = words[5].split(b",") + words[rest + 3].split(b",")
        found.setdefault((device, point, kind), Mount(device, point, kind, major, minor, b"ro" in options))
    return [*found.values()]


def _plain(text: bytes) -> bytes:
    r"""A name without the octal escapes of blanks, tabs, newlines and backslashes (`\040`)."""
    return ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), text)


def _below(rootfs: bytes, point: bytes) -> bytes:
    if rootfs == b"/" or not point.startswith(rootfs):
        return point
    return point[len(rootfs) :] or b"/"
