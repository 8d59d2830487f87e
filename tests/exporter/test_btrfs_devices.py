"""Devices of btrfs, from structs as the kernel fills them; compared with node_exporter on a real filesystem by hand."""

from __future__ import annotations

import struct
import uuid
from pathlib import Path

import pytest

from exporter.collectors.btrfs import of_opened
from exporter.collectors.btrfs_devices import Device, ask, device, filesystems, mounts
from exporter.procfs import Trees

IDENTITY = uuid.UUID("7288b2f1-4597-477a-9685-fc35a6308860")
MOUNTINFO = (
    "29 1 259:2 / / rw,relatime shared:1 - ext4 /dev/dm-2 rw\n"
    "31 29 0:45 /@home /srv/my\\040data rw,relatime shared:2 - btrfs /dev/sda rw,subvolid=256,subvol=/@home\n"
)


def test_a_device_is_read_from_the_kernels_structs() -> None:
    info = struct.pack("=Q16sQQ", 1, IDENTITY.bytes, 109_051_904, 209_715_200).ljust(3072, b"\0")
    stats = struct.pack("=QQQ5Q", 1, 5, 0, 11, 12, 13, 14, 15).ljust(1032, b"\0")
    found = device((info + b"/dev/mapper/data").ljust(4096, b"\0"), stats)
    assert found == Device("data", str(IDENTITY), 209_715_200, 109_051_904, (11, 12, 13, 14, 15))
    told = {(family.name, labels): value for family, labels, value in of_opened([found], "fs")}
    assert told["node_btrfs_device_unused_bytes", (str(IDENTITY), "data", "fs")] == 100_663_296
    assert told["node_btrfs_device_errors_total", (str(IDENTITY), "data", "fs", "corruption")] == 14


def test_mounts_are_found_with_blanks_in_their_names(tmp_path: Path) -> None:
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/mountinfo").write_text(MOUNTINFO)
    trees = Trees.below(f"{tmp_path}/proc", rootfs=str(tmp_path))
    assert list(mounts(trees)) == ["/srv/my data"]
    assert filesystems(trees) == {}
    (tmp_path / "srv/my data").mkdir(parents=True)
    assert filesystems(trees) == {}


def test_what_is_no_btrfs_refuses(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file, pytest.raises(OSError, match="Inappropriate ioctl"):
        ask(file.fileno(), 0x8400941F, bytes(1024))
