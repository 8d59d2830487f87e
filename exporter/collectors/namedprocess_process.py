"""One process as it is counted, wherever that was learned from."""

from __future__ import annotations

USER, SYSTEM, MAJOR, MINOR, READ, WRITTEN, VOLUNTARY, INVOLUNTARY = range(8)
"""Counters of a process: processor time in ticks, page faults, bytes of input and output, context switches."""
NOTHING = (0,) * 8


class Process:
    """What a process is now, and what it has used since it began.

    `gained` is what its counters rose by since whoever adds them up took it last; `group` is what rules called it when
    its own name was `named_for`. `started_ticks` counts from boot, `runs` how often the scheduler has run it.
    """

    __slots__ = (
        "comm", "counters", "descriptor", "descriptors", "gained", "group", "kernel", "limit", "named_for", "parent",
        "pid", "proportional_bytes", "proportional_swapped_bytes", "refused", "resident_bytes", "runs", "runs_read",
        "started_ticks", "stat", "state", "swapped_bytes", "threads", "virtual_bytes",
    )  # fmt: skip

    def __init__(self, pid: str, descriptor: int = -1) -> None:
        self.pid = pid
        self.descriptor = descriptor
        self.counters, self.gained = [*NOTHING], [*NOTHING]
        self.refused = self.kernel = False
        self.group: str | None = None
        self.named_for: bytes | None = None
        self.comm = self.stat = self.state = self.runs = self.runs_read = b""
        self.parent = ""
        self.started_ticks = self.threads = self.virtual_bytes = self.resident_bytes = 0
        self.swapped_bytes = self.descriptors = self.limit = 0
        self.proportional_bytes = self.proportional_swapped_bytes = 0

    def count(self, first: int, *totals: int) -> None:
        """Counters from `first` on stand at these totals now. The kernel's own can fall by a tick: that is no gain."""
        for at, total in enumerate(totals, first):
            if total > self.counters[at]:
                self.gained[at] += total - self.counters[at]
                self.counters[at] = total
