"""The kernel's clock discipline: whether time is synchronised, how far off, and what is done about it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

TIME_ERROR = 5
STA_NANO = 0x2000
PPM_16 = 65_536_000_000.0
"""Frequencies are in parts per million with 16 bits of fraction."""
MICRO, NANO = 1e6, 1e9

FAMILIES = tuple(
    Family(f"node_timex_{name}", text, "counter" if name.endswith("_total") else "gauge")
    for name, text in {
        "sync_status": "Whether the clock is synchronised.",
        "offset_seconds": "How far the clock is off its reference.",
        "frequency_adjustment_ratio": "By what the clock's speed is multiplied.",
        "maxerror_seconds": "By how much the clock may be wrong at most.",
        "estimated_error_seconds": "By how much the clock is thought to be wrong.",
        "status": "Status of the clock, in bits.",
        "loop_time_constant": "Time constant of the phase-locked loop.",
        "tick_seconds": "Time between ticks.",
        "pps_frequency_hertz": "Frequency of the pulse of each second.",
        "pps_jitter_seconds": "Jitter of the pulse of each second.",
        "pps_shift_seconds": "Length of the interval that the pulse is measured over.",
        "pps_stability_hertz": "Stability of the pulse of each second.",
        "pps_jitter_total": "How often the limit of jitter was exceeded.",
        "pps_calibration_total": "Intervals of calibration.",
        "pps_error_total": "Errors of calibration.",
        "pps_stability_exceeded_total": "How often the limit of stability was exceeded.",
        "tai_offset_seconds": "International atomic time less UTC.",
    }.items()
)


class Timex(ctypes.Structure):
    """struct timex of the kernel's include/uapi/linux/timex.h."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("constant", "precision", "tolerance", "sec", "usec", "tick")),
        *((name, ctypes.c_long) for name in ("ppsfreq", "jitter")),
        ("shift", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


@dataclass(frozen=True, slots=True)
class TimexCollector:
    """Source: adjtimex(2), which only reads when it is told to change nothing."""

    trees: Trees
    library: Any = field(default_factory=lambda: ctypes.CDLL(None, use_errno=True), init=False, repr=False)
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        clock = Timex()
        state = self.library.adjtimex(ctypes.byref(clock))
        if state < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"adjtimex: {os.strerror(code)}")
        return [self.table.single(read(clock, state))]


def read(clock: Timex, state: int) -> list[int | float]:
    """The values of the families, in their order."""
    unit = NANO if clock.status & STA_NANO else MICRO
    return [
        int(state != TIME_ERROR),
        clock.offset / unit,
        1 + clock.freq / PPM_16,
        clock.maxerror / MICRO,
        clock.esterror / MICRO,
        clock.status,
        clock.constant,
        clock.tick / MICRO,
        clock.ppsfreq / PPM_16,
        clock.jitter / unit,
        clock.shift,
        clock.stabil / PPM_16,
        clock.jitcnt,
        clock.calcnt,
        clock.errcnt,
        clock.stbcnt,
        clock.tai,
    ]
