"""The program: settings, collectors, sockets, signals. `python -m exporter --help` tells the flags."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from exporter import __version__
from exporter.collectors import Routed, build
from exporter.errands import Route
from exporter.flags import SettingsError, help_text
from exporter.host import Host
from exporter.itself import Build, Process, Traffic
from exporter.listening import CantListen, handed_over, listen, tell_systemd
from exporter.logs import configure
from exporter.pages import Pages
from exporter.procfs import Allowance, Once, Tree, Trees
from exporter.settings import Settings, all_flags, parse
from exporter.web import Server

if TYPE_CHECKING:
    from exporter.access import Access

PROGRAM = "openmanager-exporter"
log = logging.getLogger("exporter")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT. The exit code: 0 after a signal, 1 when it can't run, 2 when a setting is wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if {"-h", "--help"} & {*words}:
        sys.stdout.write(help_text(PROGRAM, all_flags()) + "\n")
        return 0
    if "--version" in words:
        sys.stdout.write(f"{PROGRAM} {__version__} (Python {sys.version.split()[0]})\n")
        return 0
    try:
        settings = parse(words)
        configure(settings.log_level, settings.log_format)
        for warning in settings.warnings:
            log.warning(warning)
        listeners = handed_over() if settings.systemd_socket else listen(settings.listen_addresses)
        return run(settings, listeners)
    except SettingsError as error:
        return _end(2, *error.problems)
    except CantListen as error:
        return _end(1, str(error))


def run(settings: Settings, listeners: Sequence[socket.socket]) -> int:
    """Serve until a signal comes."""
    host, server = assemble(settings, listeners)
    # A handler runs between two steps of Python alone: a signal that comes just before the loop waits has to wake it.
    signal.set_wakeup_fd(server.wakeup_fd, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: server.stop())
    names = ", ".join(f"http://{one.getsockname()[0]}:{one.getsockname()[1]}" for one in listeners)
    log.info("listening", extra={"address": names, "collectors": ",".join(settings.collectors)})
    # What start-up made stays for good: no reason to look through it at each collection of garbage.
    gc.collect()
    gc.freeze()
    tell_systemd("READY=1")
    server.serve()
    signal.set_wakeup_fd(-1)
    tell_systemd("STOPPING=1")
    host.close()
    log.info("ended")
    return 0


def assemble(settings: Settings, listeners: Sequence[socket.socket]) -> tuple[Host, Server]:
    """All parts of the program, put together."""
    collectors = {}
    routes: dict[str, Route] = {}
    allowance = Allowance(descriptors() // 2)
    once = Once(Tree(settings.procfs, allowance))
    for name, own in settings.collectors.items():
        trees = Trees.below(settings.procfs, settings.sysfs, settings.rootfs, settings.udev_data, allowance, once)
        collector = build(name, trees, own)
        collectors[name] = (collector, trees)
        if isinstance(collector, Routed):
            routes.update(collector.routes())
    traffic = Traffic()
    about = (Build(), Process(), traffic) if settings.exporter_metrics else (Build(),)
    host = Host(collectors, about, settings.collector_deadline.total_seconds(), settings.max_series, once=once)
    pages = Pages(tuple(collectors), settings.telemetry_path, routes)
    budget = settings.scrape_deadline.total_seconds()
    access = _access(settings.web_config_file)
    return host, Server(listeners, host, pages, traffic, settings.max_requests, budget, access)


def _access(path: str) -> Access | None:
    if not path:
        return None
    from exporter.access import Access  # noqa: PLC0415 - costs memory that a host without such a file keeps

    return Access(path)


def descriptors(most: int = 8192) -> int:
    """How many files may be open; raises the soft limit as far as is allowed and of use."""
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return min(max(soft, allowed), most)


def _end(code: int, *problems: str) -> int:
    for problem in problems:
        sys.stderr.write(f"{PROGRAM}: {problem}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
