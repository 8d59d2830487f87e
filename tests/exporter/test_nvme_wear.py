"""Wear of NVMe drives, from logs as drives write them; no drive was at hand."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from exporter.collectors import NoData
from exporter.collectors.nvme_wear import command, health_log, read
from tests.exporter.golden import told

COUNTS = (1_000_001, 2_000_002, 3_000_003, 4_000_004, 50, 60, 7_000, 8, 2**70, 10)


def log_page() -> bytes:
    """Byte by byte as the specification's figure "SMART / Health Information Log Page" has it."""
    counts = b"".join(count.to_bytes(16, "little") for count in COUNTS)
    return (bytes([4]) + (311).to_bytes(2, "little") + bytes([98, 10, 3]) + bytes(26) + counts).ljust(512, b"\0")


def test_the_log_is_told_in_ratios_degrees_and_seconds() -> None:
    assert read(log_page()) == [
        4,
        38,
        0.98,
        0.1,
        0.03,
        1_000_001,
        2_000_002,
        3_000_003,
        4_000_004,
        3_000,
        60,
        7_000,
        8,
        1_180_591_620_717_411_303_424,
        10,
    ]


def test_the_command_asks_for_the_whole_drives_health_log() -> None:
    """Struct nvme_admin_cmd of linux/nvme_ioctl.h has 72 bytes, which the ioctl's number repeats."""
    asked = command(0x1122334455667788)
    assert len(asked) == 72
    opcode, namespace = struct.unpack_from("=BxxxI", asked)
    address, _, length, tenth = struct.unpack_from("=QIII", asked, 24)
    assert (opcode, namespace, address, length, tenth) == (2, 0xFFFFFFFF, 0x1122334455667788, 512, 0x7F0002)


def test_what_is_no_drive_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sys/class/nvme/nvme0").mkdir(parents=True)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvme0").write_bytes(b"")
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        health_log(tmp_path / "dev/nvme0")
    with pytest.raises(NoData, match="no NVMe drive tells of its wear"):
        told("nvme_wear", tmp_path, f"--path.rootfs={tmp_path}")
