"""What the exporter says about itself: process_*, build information, requests answered."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from exporter import __version__
from exporter.exposition import Block, Family, Table, Value

BUILD_LABELS = ("version", "revision", "branch", "goversion", "goos", "goarch", "tags")
BUILD = Family("openmanager_exporter_build_info", "Version of this exporter, and of the Python that runs it.",
               labels=("version", "pythonversion"))  # fmt: skip
NODE_BUILD = Family(
    "node_exporter_build_info",
    "The same under the name that dashboards of node_exporter look for; the language's version stands for Go's.",
    labels=BUILD_LABELS,
)
PROCESS = (
    Family("process_cpu_seconds_total", "User and system processor time of the exporter.", "counter"),
    Family("process_open_fds", "Open file descriptors."),
    Family("process_max_fds", "How many file descriptors may be open."),
    Family("process_virtual_memory_bytes", "Virtual memory."),
    Family("process_virtual_memory_max_bytes", "How much virtual memory there may be."),
    Family("process_resident_memory_bytes", "Resident memory."),
    Family("process_start_time_seconds", "When the exporter started, in seconds since the epoch."),
)
REQUESTS = Family("promhttp_metric_handler_requests_total", "Scrapes answered, by HTTP status.", "counter", ("code",))
IN_FLIGHT = Family("promhttp_metric_handler_requests_in_flight", "Scrapes that wait for their answer.")
ERRORS = Family(
    "promhttp_metric_handler_errors_total",
    "Scrapes that failed: gathering is what went wrong before the answer; encoding can't fail here.",
    "counter",
    ("cause",),
)
PAGES_FAILED = Family(
    "openmanager_exporter_page_failures_total",
    "Pages and password checks that failed by a bug; the log has its traceback.",
    "counter",
)
STARTED = time.time()
UNLIMITED = 2**64 - 1
"""How every client library says that there is no limit."""


@dataclass(slots=True)
class Traffic:
    """Scrapes, and pages that failed, as the server counts them."""

    answered: dict[HTTPStatus, int] = field(
        default_factory=lambda: dict.fromkeys(
            (HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE), 0
        )
    )
    in_flight: int = 0
    pages_failed: int = 0
    table: Table = field(default_factory=lambda: Table(REQUESTS), init=False)
    now: Table = field(default_factory=lambda: Table(IN_FLIGHT), init=False)
    errors: Table = field(default_factory=lambda: Table(ERRORS), init=False)
    pages: Table = field(default_factory=lambda: Table(PAGES_FAILED), init=False)

    def count(self, status: HTTPStatus) -> None:
        self.answered[status] = self.answered.get(status, 0) + 1

    def count_failed_page(self) -> None:
        self.pages_failed += 1

    def collect(self) -> Iterable[Block]:
        codes = [(str(status.value),) for status in self.answered]
        yield self.table.block(codes, [list(self.answered.values())])
        yield self.now.single([self.in_flight])
        failed = self.answered[HTTPStatus.INTERNAL_SERVER_ERROR]
        yield self.errors.block([("encoding",), ("gathering",)], [[0, failed]])
        yield self.pages.single([self.pages_failed])


@dataclass(frozen=True, slots=True)
class Build:
    """Which exporter this is."""

    table: Table = field(default_factory=lambda: Table(BUILD), init=False)
    node: Table = field(default_factory=lambda: Table(NODE_BUILD), init=False)

    def collect(self) -> Iterable[Block]:
        python = sys.version.split()[0]
        yield self.table.block([(__version__, python)], [[1]])
        yield self.node.block([(__version__, "", "", f"python{python}", sys.platform, _machine(), "")], [[1]])


@dataclass(frozen=True, slots=True)
class Process:
    """The process_* metrics that every client library has; source: /proc/self, proc(5)."""

    table: Table = field(default_factory=lambda: Table(*PROCESS), init=False)

    def collect(self) -> Iterable[Block]:
        yield self.table.single(_linux() if sys.platform == "linux" else _elsewhere())


def _linux() -> list[Value]:
    import resource  # noqa: PLC0415 - there is none on Windows

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    memory, _ = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a path object costs more than the read
        virtual, resident, *_ = file.read().split()
    page = resource.getpagesize()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return [
        spent.ru_utime + spent.ru_stime,
        # Since Linux 6.2 the folder's size is the number of descriptors; before, they have to be counted.
        os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")),  # noqa: PTH116, PTH208
        files,
        int(virtual) * page,
        memory if memory != resource.RLIM_INFINITY else UNLIMITED,
        int(resident) * page,
        STARTED,
    ]


def _elsewhere() -> list[Value]:
    """The same through psutil, whose names differ between systems; what one doesn't tell is left at 0."""
    import psutil  # noqa: PLC0415 - Linux does without

    process = psutil.Process()
    spent, memory = process.cpu_times(), process.memory_info()
    # Windows calls them handles.
    count = process.num_fds() if hasattr(process, "num_fds") else getattr(process, "num_handles")()  # noqa: B009 - typed for one system alone
    return [spent.user + spent.system, count, _most_files(), memory.vms, UNLIMITED, memory.rss, STARTED]


def _most_files() -> int:
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return 0
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _machine() -> str:
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "").lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
