"""The server: one loop over all connections. HTTP/1.1 with keep-alive, each answer in one send, no thread a request."""

from __future__ import annotations

import logging
import math
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from exporter.connection import Connection
from exporter.errands import Errands
from exporter.host import Host
from exporter.itself import Traffic
from exporter.pages import Asked, Pages
from exporter.request import ADMITTED, BadRequest, Request, Response, refusal
from exporter.scrapes import Scrapes

if TYPE_CHECKING:
    from exporter.access import Access

log = logging.getLogger("exporter")

MOST_CONNECTIONS = 512
LOOK_SECONDS = 5.0
"""How often connections are looked at for being too slow."""
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"
SCRAPER_SHARE = 0.9
"""The share of the scraper's own timeout within which the answer has to be on its way."""


class Server:
    """Serves until `stop()`, which signal handlers and other threads may call."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        host: Host,
        pages: Pages,
        traffic: Traffic,
        max_requests: int = 256,
        budget_seconds: float = 9.0,
        access: Access | None = None,
    ) -> None:
        self.listeners = tuple(listeners)
        self.pages = pages
        self.access = access
        self.budget_seconds = budget_seconds
        self._scrapes = Scrapes(host, traffic, self.later, max_requests)
        self._errands = Errands("pages", self.later, traffic.count_failed_page)
        self._checks = Errands("passwords", self.later, traffic.count_failed_page)
        self._known: dict[bytes, Request] = {}
        self._connections: set[Connection] = set()
        self._finished: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        for sock in (*self.listeners, self._wake_reader, self._wake_writer):
            sock.setblocking(False)
        self._stopping = False
        self._look_at = 0.0

    @property
    def wakeup_fd(self) -> int:
        """Where a byte written wakes the loop: for signals."""
        return self._wake_writer.fileno()

    def later(self, work: Callable[[], None]) -> None:
        """Have the loop do this. Any thread may call it."""
        self._finished.append(work)
        with suppress(OSError):  # full: it wakes anyway; closed: nobody is left to wake
            self._wake_writer.send(b"\0")

    def stop(self) -> None:
        """End the loop once the answers under way are sent."""
        self._stopping = True
        self.later(lambda: None)

    def serve(self, grace_seconds: float = 3.0) -> None:
        """Answer until stopped; then finish the answers under way, for so many seconds at most."""
        for sock in (*self.listeners, self._wake_reader):
            self._selector.register(sock, READ)
        while not self._stopping:
            self._turn()
        for sock in self.listeners:
            self._selector.unregister(sock)
            sock.close()
        ends = time.monotonic() + grace_seconds
        while any(c.request is not None for c in self._connections) and time.monotonic() < ends:
            self._turn()
        self._close()

    def _turn(self) -> None:
        """Wait for something to do, and do it."""
        queues = (self._scrapes, self._errands, self._checks)
        waits = [wait for wait in (queue.advance() for queue in queues) if wait is not None]
        if self._connections or self._stopping:
            waits.append(LOOK_SECONDS if not self._stopping else 0.1)
        for key, events in self._selector.select(min(waits, default=None)):
            if isinstance(key.data, Connection):
                self._attend(key.data, events)
            elif key.fileobj is self._wake_reader:
                self._wake_reader.recv(4096)
            else:
                self._accept(key.fileobj)  # type: ignore[arg-type]
        while self._finished:
            self._finished.popleft()()
        if (now := time.monotonic()) >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            for connection in [one for one in self._connections if one.expires < now]:
                self._hang_up(connection)

    def _accept(self, listener: socket.socket) -> None:
        try:
            sock, _ = listener.accept()
        except OSError as error:
            log.warning("can't take a connection", extra={"reason": str(error)})
            return
        sock.setblocking(False)
        if len(self._connections) >= MOST_CONNECTIONS and not self._make_room():
            sock.close()
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection = Connection(self.access.wrap(sock) if self.access else sock, time.monotonic())
        except OSError:
            sock.close()
            return
        self._connections.add(connection)
        self._listen(connection)

    def _make_room(self) -> bool:
        """Hang up on whoever has been idle the longest; those who wait for an answer stay."""
        idle = [one for one in self._connections if one.request is None and not one.sending]
        if not idle:
            return False
        self._hang_up(min(idle, key=lambda one: one.expires))
        return True

    def _attend(self, connection: Connection, events: int) -> None:
        now = time.monotonic()
        try:
            if events & WRITE:
                connection.send(now)
            if events & READ:
                connection.receive(now)
            self._proceed(connection)
        except OSError:
            self._hang_up(connection)

    def _proceed(self, connection: Connection) -> None:
        """Take up the requests that have come whole, one after the other; OSError when the connection broke."""
        while connection.request is None and not connection.closing:
            try:
                request = connection.next_request(self._known)
            except BadRequest as error:
                connection.answer(refusal(error.status, str(error)), time.monotonic(), keep_alive=False)
                break
            if request is None:
                break
            self._take(connection, request)
        if connection.over:
            self._hang_up(connection)
        elif connection in self._connections:
            self._listen(connection)

    def _take(self, connection: Connection, request: Request) -> None:
        """Answer, or see to it that the answer comes; OSError when the connection broke."""
        verdict = self.access.judge(request) if self.access else ADMITTED
        if verdict is ADMITTED:
            self._serve(connection, request)
        elif isinstance(verdict, Response):
            self._answer(connection, verdict)
        else:
            connection.expires = math.inf
            self._checks.run(verdict, request, lambda response: self._admit(connection, request, response))

    def _admit(self, connection: Connection, request: Request, verdict: Response) -> None:
        """Go on after a check that took long."""
        if connection not in self._connections:
            return
        if verdict is not ADMITTED:
            self._reply(connection, verdict)
            return
        try:
            self._serve(connection, request)
            self._proceed(connection)
        except OSError:
            self._hang_up(connection)

    def _serve(self, connection: Connection, request: Request) -> None:
        answer = self.pages.answer(request)
        if isinstance(answer, Response):
            self._answer(connection, answer)
            return
        connection.expires = math.inf
        if isinstance(answer, Asked):
            self._scrapes.ask(answer, self._budget(request), lambda response: self._reply(connection, response))
        else:
            self._errands.run(answer, request, lambda response: self._reply(connection, response))

    def _budget(self, request: Request) -> float:
        """Seconds this scrape may take: the scraper says how long it waits."""
        try:
            stated = float(request.headers.get(TIMEOUT_HEADER, "inf"))
        except ValueError:
            return self.budget_seconds
        return min(self.budget_seconds, max(stated, 0.0) * SCRAPER_SHARE)

    def _reply(self, connection: Connection, response: Response) -> None:
        if connection not in self._connections:
            return
        try:
            self._answer(connection, response)
            self._proceed(connection)
        except OSError:
            self._hang_up(connection)

    def _answer(self, connection: Connection, response: Response) -> None:
        dressed = self.access.dress(response) if self.access else response
        connection.answer(dressed, time.monotonic(), keep_alive=not self._stopping)

    def _listen(self, connection: Connection) -> None:
        """Have the selector tell what this connection can do next; asked only when that changes."""
        interest = (WRITE if connection.sending else 0) | (READ if connection.wants_input else 0)
        if interest == connection.interest:
            return
        if not connection.interest:
            self._selector.register(connection.sock, interest, connection)
        elif interest:
            self._selector.modify(connection.sock, interest, connection)
        else:
            self._selector.unregister(connection.sock)
        connection.interest = interest

    def _hang_up(self, connection: Connection) -> None:
        if connection.interest:
            self._selector.unregister(connection.sock)
        connection.interest, connection.closing = 0, True
        self._connections.discard(connection)
        connection.sock.close()

    def _close(self) -> None:
        for connection in list(self._connections):
            self._hang_up(connection)
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()
