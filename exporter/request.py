"""HTTP requests as they arrive, and what is answered: parsing and content negotiation, no sockets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version={}; charset=utf-8"
MOST_PARAMETERS = 1000
ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class BadRequest(Exception):
    """What was sent is no request that can be answered; `status` says why."""

    def __init__(self, reason: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        self.status = status
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Request:
    """One request without its body: nothing here takes one. Header names are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    keep_alive: bool = True

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a query parameter."""
        return tuple(value for key, value in self.query if key == name)


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered. `content_type` is never empty: Prometheus 3 refuses a scrape without."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, *, keep_alive: bool) -> bytes:
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            *(() if keep_alive else ("Connection: close",)),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


ADMITTED = Response(b"")
"""What a check of a request gives when there is nothing against it."""


def refusal(status: HTTPStatus, reason: str, **headers: str) -> Response:
    """A plain answer that says what is wrong."""
    return Response(f"{reason}\n".encode(), status=status, headers=headers)


def parse(head: bytes) -> Request:
    """The request whose head (request line and headers, without the blank line) this is; BadRequest when it is none."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not TOKEN.fullmatch(words[0]):  # noqa: PLR2004 - method, target, version
        raise BadRequest(f"not a request line: {lines[0][:80]!r}")
    method, target, version = words
    if not re.fullmatch(r"HTTP/1\.[0-9]", version):
        raise BadRequest(f"HTTP/1.1 is spoken here, not {version[:20]!r}", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    headers = _headers(lines[1:])
    path, query = _target(target)
    wishes = headers.get("connection", "").lower()
    body_follows = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    keep_alive = "close" not in wishes and (version != "HTTP/1.0" or "keep-alive" in wishes) and not body_follows
    return Request(method, path, query, headers, keep_alive)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not TOKEN.fullmatch(name):
            raise BadRequest(f"not a header: {line[:80]!r}")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _target(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Path and query parameters. Python's own parser costs half a megabyte of memory, and handles what none sends."""
    target = target.partition("#")[0]
    if not target.startswith("/"):
        # The absolute form is what a proxy is sent.
        scheme, _, rest = target.partition("://")
        _, slash, path = rest.partition("/")
        if scheme.lower() not in {"http", "https"} or not slash:
            raise BadRequest(f"not a path: {target[:80]!r}")
        target = f"/{path}"
    path, _, query = target.partition("?")
    pairs = (part.partition("=") for part in query.split("&", MOST_PARAMETERS) if part)
    return _plain(path), tuple((_plain(name, plus=" "), _plain(value, plus=" ")) for name, _, value in pairs)


def _plain(text: str, plus: str = "+") -> str:
    """A part of a target without its escapes; BadRequest when what they stand for isn't UTF-8."""
    raw = text.replace("+", plus).encode("latin-1")
    try:
        return ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), raw).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"not UTF-8: {text[:80]!r}") from error


def openmetrics_version(accept: str) -> str:
    """The version of OpenMetrics to answer with; empty for text 0.0.4. The higher q wins, OpenMetrics on a tie."""
    wished: dict[str, float] = {}
    text = 0.0
    for media, parameters in _preferences(accept):
        weight = _weight(parameters.get("q", "1"))
        version = parameters.get("version", "0.0.1")
        if media == "application/openmetrics-text" and version in {"1.0.0", "0.0.1"}:
            wished[version] = weight
        elif media in {"text/plain", "text/*", "*/*"}:
            text = max(text, weight)
    best = max(wished, key=lambda version: (wished[version], version), default="")
    return best if best and wished[best] and wished[best] >= text else ""


def accepts_gzip(accept_encoding: str) -> bool:
    weights = {coding: _weight(parameters.get("q", "1")) for coding, parameters in _preferences(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _preferences(header: str) -> list[tuple[str, dict[str, str]]]:
    """The entries of an Accept header in lower case: (what, parameters)."""
    entries = []
    for entry in header.lower().split(","):
        what, *rest = (part.strip() for part in entry.split(";"))
        pairs = (part.partition("=") for part in rest)
        entries.append((what, {name.strip(): value.strip().strip('"') for name, _, value in pairs}))
    return entries


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
