"""Who may ask: TLS, users with bcrypt passwords, a rate limit. The file that says so is read again when it changes."""

from __future__ import annotations

import logging
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.flags import SettingsError
from exporter.request import ADMITTED, Request, Response, refusal
from exporter.web_config import WebConfig, read

if TYPE_CHECKING:
    import ssl
    from socket import socket

    from exporter.tls import TlsSocket

log = logging.getLogger("exporter")

LOOK_SECONDS = 1.0
MOST_REMEMBERED = 100
NOBODY = "$2b$10$y3aM6HyEkYIngTq6fxYZpOkfXd6zj/a1jVYSjHcXBdiuNhyVtlvcK"
"""A hash that unknown users' passwords are compared with, so that they take as long as known ones'."""
LONGEST_PASSWORD = 72
"""As much of a password as bcrypt looks at."""
UNAUTHORIZED = refusal(HTTPStatus.UNAUTHORIZED, "user and password, please", **{"WWW-Authenticate": "Basic"})
TOO_MANY = refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many requests; rate_limit in --web.config.file says how many")

Stamp = tuple[tuple[int, int, int] | None, ...]


class Access:
    """The rules of one --web.config.file, as they are now. Belongs to the server's loop, but for `check`."""

    def __init__(self, path: str) -> None:
        """SettingsError when the file can't be used."""
        self.path = path
        self.config, self._context, self._stamp = _read(path)
        self._look_at = 0.0
        self._known: dict[bytes, bool] = {}
        self._tokens = float(self.config.rate_burst)
        self._filled_at = 0.0

    def wrap(self, sock: socket) -> socket | TlsSocket:
        """The connection as it is to be spoken over."""
        self._look()
        if self._context is None or self.config.tls is None:
            return sock
        from exporter.tls import TlsSocket  # noqa: PLC0415 - OpenSSL costs megabytes that plain text doesn't need

        return TlsSocket(sock, self._context, frozenset(self.config.tls.client_allowed_sans))

    def judge(self, request: Request) -> Response | Callable[[Request], Response]:
        """ADMITTED, a refusal, or a check that takes long and gives one of the two: to be run off the loop."""
        self._look()
        if not self._take_token():
            return TOO_MANY
        if not self.config.users:
            return ADMITTED
        key = _credentials(request)
        if key is None:
            return UNAUTHORIZED
        known = self._known.get(self._digest(*key))
        if known is None:
            return self.check
        return ADMITTED if known else UNAUTHORIZED

    def check(self, request: Request) -> Response:
        """Compare the password with its hash; takes a good part of a second on purpose."""
        import bcrypt  # noqa: PLC0415 - only where there are users

        user, password = _credentials(request) or ("", b"")
        hashed = self.config.users.get(user)
        right = bcrypt.checkpw(password[:LONGEST_PASSWORD], (hashed or NOBODY).encode()) and hashed is not None
        while len(self._known) >= MOST_REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[self._digest(user, password)] = right
        return ADMITTED if right else UNAUTHORIZED

    def dress(self, response: Response) -> Response:
        """The response with the headers that the file asks for."""
        if not self.config.headers:
            return response
        return replace(response, headers={**self.config.headers, **response.headers})

    def _digest(self, user: str, password: bytes) -> bytes:
        """What a decision is remembered by: never the password itself, and never beyond a change of its hash."""
        import hashlib  # noqa: PLC0415 - only where there are users

        parts = (user.encode(), self.config.users.get(user, NOBODY).encode(), password)
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()

    def _take_token(self) -> bool:
        """A bucket of `burst` tokens, one more each `interval`."""
        interval = self.config.rate_interval.total_seconds()
        if not interval:
            return True
        now = time.monotonic()
        self._tokens = min(float(self.config.rate_burst), self._tokens + (now - self._filled_at) / interval)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _look(self) -> None:
        """See once a second whether a file has changed; a broken one is logged, and the rules before it hold on."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        stamp = _stamps(self.path, self.config)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self.config, self._context, self._stamp = _read(self.path)
            log.info("read the web configuration again", extra={"file": self.path})
        except SettingsError as error:
            log.error("the web configuration stays as it was", extra={"file": self.path, "reason": str(error)})  # noqa: TRY400 - the message says it all


def _read(path: str) -> tuple[WebConfig, ssl.SSLContext | None, Stamp]:
    """What the files say, and which versions of them that was; SettingsError when they can't be used."""
    before = _stamp(path)
    config = read(path)
    stamp = (before, *_stamps(path, config)[1:])
    if config.tls is None:
        return config, None, stamp
    from exporter.tls import context  # noqa: PLC0415 - OpenSSL costs megabytes that plain text doesn't need

    return config, context(config.tls), stamp


def _stamps(path: str, config: WebConfig) -> Stamp:
    return tuple(_stamp(one) for one in (path, *(config.tls.files if config.tls else ())))


def _credentials(request: Request) -> tuple[str, bytes] | None:
    """User and password of a request; None when it brings none."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded, validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except ValueError:
        return None


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
