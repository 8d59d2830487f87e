"""Devices of btrfs filesystems as only ioctls tell of them: space in use, errors by kind.

Structs and numbers as in include/uapi/linux/btrfs.h. Reading them changes nothing, and needs no root where the mount
point may be opened.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.procfs import Trees

log = logging.getLogger("exporter")

FS_INFO, FS_INFO_BYTES = 0x8400941F, 1024
DEVICE_INFO, DEVICE_INFO_BYTES, PATH_AT = 0xD000941E, 4096, 3072
DEVICE_STATS, DEVICE_STATS_BYTES = 0xC4089434, 1032
FILESYSTEM = struct.Struct("=QQ16s")
"""Highest id of a device, number of devices, the filesystem's UUID."""

DEVICE = struct.Struct("=Q16sQQ")
"""Id, UUID, bytes used, bytes in all."""

STATS = struct.Struct("=QQQ5Q")
"""Id, number of counts, flags, counts."""

KINDS = ("write", "read", "flush", "corruption", "generation")
OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Device:
    """One device of a filesystem."""

    name: str
    uuid: str
    size: int
    used: int
    errors: tuple[int, ...]


def filesystems(trees: Trees) -> dict[str, tuple[Device, ...]]:
    """The devices of each filesystem that is mounted where it may be opened, by the filesystem's UUID."""
    found: dict[str, tuple[Device, ...]] = {}
    for mount in mounts(trees):
        try:
            descriptor = os.open(trees.root.path(mount.lstrip("/")), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            # Another place of it may be open to us.
            continue
        try:
            highest, count, identity = FILESYSTEM.unpack_from(ask(descriptor, FS_INFO, bytes(FS_INFO_BYTES)))
            name = str(uuid.UUID(bytes=identity))
            if name not in found:
                found[name] = tuple(devices(descriptor, highest, count))
        except OSError as error:
            log.debug("can't ask btrfs for its devices", extra={"path": mount, "reason": str(error)})
        finally:
            os.close(descriptor)
    return found


def mounts(trees: Trees) -> Iterator[str]:
    """Where btrfs is mounted, from the first process's view of the host."""
    content = trees.proc.read_if_any("1/mountinfo") or trees.proc.read_if_any("self/mountinfo") or b""
    for line in content.decode(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("btrfs "):
            yield OCTAL.sub(lambda match: chr(int(match[1], 8)), before.split()[4])


def devices(descriptor: int, highest: int, count: int) -> Iterator[Device]:
    """Ids have gaps where devices were removed."""
    left = count
    for number in range(highest + 1):
        if not left:
            return
        try:
            info = ask(descriptor, DEVICE_INFO, number.to_bytes(8, "little").ljust(DEVICE_INFO_BYTES, b"\0"))
        except OSError as error:
            if error.errno == errno.ENODEV:
                continue
            raise
        left -= 1
        question = STATS.pack(number, len(KINDS), 0, *[0] * len(KINDS)).ljust(DEVICE_STATS_BYTES, b"\0")
        yield device(info, ask(descriptor, DEVICE_STATS, question))


def device(info: bytes, stats: bytes) -> Device:
    _, identity, used, size = DEVICE.unpack_from(info)
    path = info[PATH_AT:].partition(b"\0")[0].decode(errors="replace")
    return Device(path.rpartition("/")[2], str(uuid.UUID(bytes=identity)), size, used, STATS.unpack_from(stats)[3:])


def ask(descriptor: int, number: int, question: bytes) -> bytes:
    """What the kernel writes over the question; OSError when it refuses."""
    answer = bytearray(question)
    fcntl.ioctl(descriptor, number, answer)
    return bytes(answer)
