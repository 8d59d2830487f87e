"""A real server with collectors of the test's own, on a free port of 127.0.0.1."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse

from exporter.access import Access
from exporter.collectors import Collector
from exporter.errands import Route
from exporter.exposition import Block, Family, Table
from exporter.host import Host
from exporter.itself import Traffic
from exporter.listening import listen
from exporter.pages import Pages
from exporter.procfs import Trees
from exporter.web import Server

GOOD = Family("good_total", "Counts.", "counter")


@dataclass
class Steady:
    """A collector that counts how often it is asked, and does what the test wants meanwhile."""

    family: Family = GOOD
    meanwhile: Callable[[], object] = lambda: None
    asked: int = 0
    table: Table = field(init=False)

    def __post_init__(self) -> None:
        self.table = Table(self.family)

    def collect(self) -> Iterable[Block]:
        self.asked += 1
        asked = self.asked
        self.meanwhile()
        return [self.table.single([asked])]


class Big(Steady):
    """More than a socket takes at once."""

    def collect(self) -> Iterable[Block]:
        family = Family("big", "Big.", labels=("n",))
        return [Table(family).block([(f"{n:0>1000}",) for n in range(9000)], [range(9000)])]


@dataclass
class Served:
    """Where the server is, and what it is made of."""

    port: int
    host: Host
    traffic: Traffic

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def get(self, path: str = "/metrics", **headers: str) -> tuple[HTTPResponse, bytes]:
        """The answer and its body, over a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


@contextmanager
def serving(
    collectors: Mapping[str, Collector],
    deadline_seconds: float = 5.0,
    budget_seconds: float = 9.0,
    max_requests: int = 256,
    routes: Mapping[str, Route] | None = None,
    most_series: int = 10_000,
    access: Access | None = None,
    absent_seconds: float = 30.0,
) -> Iterator[Served]:
    """A server on its own thread, ended in order."""
    traffic = Traffic()
    guarded = {name: (one, Trees.below()) for name, one in collectors.items()}
    host = Host(guarded, [traffic], deadline_seconds, most_series, absent_seconds)
    [listener] = listen(["127.0.0.1:0"])
    server = Server(
        [listener], host, Pages(tuple(collectors), routes=routes or {}), traffic, max_requests, budget_seconds, access
    )
    served = Served(listener.getsockname()[1], host, traffic)
    thread = threading.Thread(target=server.serve, kwargs={"grace_seconds": 1.0})
    thread.start()
    try:
        yield served
    finally:
        server.stop()
        thread.join(10)
        host.close()
        assert not thread.is_alive()
