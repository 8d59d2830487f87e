"""One client's connection: bytes in, bytes out, never waiting."""

from __future__ import annotations

import socket
from http import HTTPStatus
from typing import Protocol

from exporter.request import BadRequest, Request, Response, parse

LONGEST_HEAD = 16_384
END_OF_HEAD = b"\r\n\r\n"
HEAD_SECONDS = 10.0
IDLE_SECONDS = 300.0
SEND_SECONDS = 30.0
LINGER_SECONDS = 2.0
MOST_KNOWN = 64
TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class Channel(Protocol):
    """What is asked of a socket; BlockingIOError when it has to wait."""

    def fileno(self) -> int: ...
    def recv(self, size: int, /) -> bytes: ...
    def send(self, data: memoryview, /) -> int: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Connection:
    """Takes one request at a time, and sends each answer in one go as far as the socket takes it.

    `expires` is when patience with the client ends: for a whole head, the next request, the reading of an answer.
    """

    __slots__ = ("_inbox", "_outbox", "closing", "ended", "expires", "interest", "request", "sock")

    def __init__(self, sock: Channel, now: float) -> None:
        self.sock = sock
        self.request: Request | None = None
        self.ended = False
        self.closing = False
        self.interest = 0
        self.expires = now + HEAD_SECONDS
        self._inbox = b""
        self._outbox = memoryview(b"")

    @property
    def sending(self) -> bool:
        return len(self._outbox) > 0

    @property
    def wants_input(self) -> bool:
        """Whether more may be taken now; what a client sends ahead of its answers has a bound."""
        return not self.ended and len(self._inbox) <= LONGEST_HEAD

    @property
    def over(self) -> bool:
        """Whether there is nothing left to answer, nor anything to come."""
        return self.ended and self.request is None and not self.sending

    def receive(self, now: float) -> None:
        """Take what has come; OSError when the connection broke. `ended` means that nothing more will come."""
        try:
            piece = self.sock.recv(LONGEST_HEAD)
        except (BlockingIOError, InterruptedError):
            return
        self.ended = not piece
        if self.closing:
            return
        if not self._inbox and self.request is None:
            self.expires = now + HEAD_SECONDS
        self._inbox += piece

    def next_request(self, known: dict[bytes, Request]) -> Request | None:
        """The next request, once its head is whole; BadRequest when it never will be one.

        `known` remembers heads: a scraper sends the same one each time.
        """
        head, end, rest = self._inbox.partition(END_OF_HEAD)
        if len(head) > LONGEST_HEAD:
            raise BadRequest(f"a request's head may have {LONGEST_HEAD} bytes", TOO_LARGE)
        if not end:
            return None
        self._inbox = rest
        self.request = known.get(head)
        if self.request is None:
            self.request = parse(head.lstrip(b"\r\n"))
            if len(known) < MOST_KNOWN:
                known[head] = self.request
        return self.request

    def answer(self, response: Response, now: float, *, keep_alive: bool) -> None:
        """Send an answer, or as much of it as the socket takes; OSError when the connection broke."""
        keep_alive = keep_alive and self.request is not None and self.request.keep_alive
        body = b"" if self.request is not None and self.request.method == "HEAD" else response.body
        self.closing = not keep_alive
        self._outbox = memoryview(response.head(keep_alive=keep_alive) + body)
        self.expires = now + SEND_SECONDS
        self.send(now)

    def send(self, now: float) -> None:
        """Go on sending; when all is sent the connection is ready for the next request, or hangs up politely."""
        try:
            sent = self.sock.send(self._outbox)
        except (BlockingIOError, InterruptedError):
            return
        self._outbox = self._outbox[sent:]
        if self._outbox:
            return
        self.request = None
        self.expires = now + IDLE_SECONDS
        if self.closing:
            # To close with input unread would reset the connection, and the client might lose the answer.
            self._inbox = b""
            self.expires = now + LINGER_SECONDS
            self.sock.shutdown(socket.SHUT_WR)
