"""Wear of NVMe drives, from their own health log: life used, spare blocks, errors, temperature."""

from __future__ import annotations

import fcntl
import logging
import re
import struct
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Table, Value
from exporter.procfs import Trees

log = logging.getLogger("exporter")

FOLDER = "class/nvme"
DRIVE = re.compile(r"nvme\d+")
LABELS = ("device",)
ZERO_CELSIUS = 273
MINUTE = 60


def gauge(name: str, text: str) -> Family:
    return Family(f"nvme_{name}", text, labels=LABELS)


def counter(name: str, text: str) -> Family:
    return Family(f"nvme_{name}_total", text, "counter", LABELS)


FAMILIES = (
    gauge("critical_warning", "Warnings of the drive, in bits."),
    gauge("temperature_celsius", "Temperature of the drive."),
    gauge("available_spare_ratio", "Spare blocks left, of those there were."),
    gauge("available_spare_threshold_ratio", "Spare blocks below which the drive warns."),
    gauge("percentage_used_ratio", "Life that the maker gave the drive and that is used up; may exceed 1."),
    counter("data_units_read", "Units of 512,000 bytes read."),
    counter("data_units_written", "Units of 512,000 bytes written."),
    counter("host_read_commands", "Reads."),
    counter("host_write_commands", "Writes."),
    counter("controller_busy_time_seconds", "Time for which the drive was busy."),
    counter("power_cycles", "How often the drive was switched on."),
    counter("power_on_hours", "Hours for which the drive was on."),
    counter("unsafe_shutdowns", "How often power went without warning."),
    counter("media_errors", "Errors of the medium that could not be mended."),
    counter("num_err_log_entries", "Entries of the drive's log of errors."),
)
HEALTH = struct.Struct("<BHBBB")
COUNTS_AT = 32
COUNTS = 10
COUNT_BYTES = 16

GET_LOG_PAGE, HEALTH_LOG, WHOLE_DRIVE = 0x02, 0x02, 0xFFFFFFFF
LOG_BYTES = 512
COMMAND = struct.Struct("=BBHIIIQQIIIIIIIIII")
"""Struct nvme_admin_cmd of include/uapi/linux/nvme_ioctl.h."""

ADMIN_COMMAND = 0xC0484E41
TIMEOUT_MILLISECONDS = 2000


@dataclass(slots=True)
class Readings:
    """What the drives said last, and when (monotonic seconds)."""

    at: float = float("-inf")
    values: dict[str, Sequence[Value]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NvmeWearCollector:
    """Source: the health log, NVM Express Base Specification, "SMART / Health Information"; for root only.

    The names are those of the script nvme_metrics.py of node_exporter's community.
    """

    trees: Trees
    interval: timedelta = setting(
        timedelta(minutes=1), "How often to ask the drives; between, the last answer is told."
    )
    readings: Readings = field(default_factory=Readings, init=False, repr=False)
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        drives = [name for name in self.trees.sys.names_if_any(FOLDER) if DRIVE.fullmatch(name)]
        now = time.monotonic()
        if now - self.readings.at >= self.interval.total_seconds():
            self.readings.at, self.readings.values = now, self._ask(drives)
        told = {name: values for name, values in self.readings.values.items() if name in drives}
        if not told:
            raise NoData("no NVMe drive tells of its wear, or not to this user")
        return [self.table.block([(name,) for name in told], zip(*told.values(), strict=True))]

    def _ask(self, drives: Iterable[str]) -> dict[str, Sequence[Value]]:
        """The drives that answer; that one can't be asked is no reason not to tell of the others."""
        answers: dict[str, Sequence[Value]] = {}
        for name in drives:
            try:
                answers[name] = read(health_log(self.trees.root.path(f"dev/{name}")))
            except OSError as error:
                log.debug("can't read health of drive", extra={"device": name, "reason": str(error)})
        return answers


def health_log(device: Path) -> bytes:
    """The log as the drive gives it; OSError when the drive can't be had or isn't one."""
    page = array("B", bytes(LOG_BYTES))
    address, _ = page.buffer_info()
    with device.open("rb", buffering=0) as file:
        fcntl.ioctl(file.fileno(), ADMIN_COMMAND, bytearray(command(address)))
    return page.tobytes()


def command(address: int) -> bytes:
    """The command that has the drive write its health log to this address."""
    words = LOG_BYTES // 4 - 1
    return COMMAND.pack(
        GET_LOG_PAGE, 0, 0, WHOLE_DRIVE, 0, 0, 0, address, 0, LOG_BYTES, words << 16 | HEALTH_LOG,
        0, 0, 0, 0, 0, TIMEOUT_MILLISECONDS, 0,
    )  # fmt: skip


def read(page: bytes) -> list[int | float]:
    """The values of the families, in their order."""
    warning, kelvin, spare, threshold, used = HEALTH.unpack_from(page)
    places = range(COUNTS_AT, COUNTS_AT + COUNTS * COUNT_BYTES, COUNT_BYTES)
    counts = [int.from_bytes(page[at : at + COUNT_BYTES], "little") for at in places]
    counts[4] *= MINUTE
    return [warning, kelvin - ZERO_CELSIUS, spare / 100, threshold / 100, used / 100, *counts]
