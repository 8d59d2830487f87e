"""One probe of one service: does it answer, how fast, and if not, what kind of failure is it."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}
ENCRYPTED = frozenset({"https", "tls"})
SCHEMES = ("http", "https", "tcp", "tls")
LONGEST_LINE = 16_384
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r)")
FIRST_BAD_STATUS = 400

REASONS = (
    (socket.gaierror, "dns"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "timeout"),
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "tls"),
    (ConnectionError, "closed"),
    (OSError, "unreachable"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A service to probe. `label` is how it was named by whoever configured it."""

    label: str
    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def request(self) -> bytes:
        host = f"[{self.host}]" if ":" in self.host else self.host
        name = host if PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"
        lines = (f"GET {self.path} HTTP/1.1", f"Host: {name}", "User-Agent: openmanager-exporter", "Accept: */*")
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a probe found. An empty reason is success; times are seconds, points in time since the epoch."""

    at_seconds: float
    duration_seconds: float
    reason: str = ""
    status: int = 0
    certificate_expires_seconds: float | None = None


def target_of(text: str) -> Target:
    """The target that an http:, https:, tcp: or tls: URL names; ValueError says what such a URL has to have."""
    parts = urlsplit(text)
    port = _port(parts) or PORTS.get(parts.scheme)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"begins with {', '.join(f'{one}://' for one in SCHEMES)}")
    if not parts.hostname or not port:
        raise ValueError("names a host and a port")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds no user or password: the target is a label of metrics")
    if re.search(r"[\x00-\x20\x7f]", text):
        raise ValueError("holds no blanks")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(text, parts.scheme, parts.hostname, port, path)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


async def probe(target: Target, timeout_seconds: float, trust: ssl.SSLContext | None) -> Outcome:
    """Probe it once. Whatever goes wrong out there is an outcome; nothing is raised for it."""
    began, at = time.monotonic(), time.time()
    found = _Found()
    reason = ""
    try:
        async with asyncio.timeout(timeout_seconds):
            reason = await _talk(target, trust, found)
    except (OSError, EOFError, ValueError) as error:
        reason = next((name for kind, name in REASONS if isinstance(error, kind)), "closed")
    return Outcome(at, time.monotonic() - began, reason, found.status, found.expires)


@dataclass(slots=True)
class _Found:
    status: int = 0
    expires: float | None = None


async def _talk(target: Target, trust: ssl.SSLContext | None, found: _Found) -> str:
    """Connect, and ask if it speaks HTTP. Gives the reason of failure, empty when all is well."""
    context = trust if target.scheme in ENCRYPTED else None
    reader, writer = await asyncio.open_connection(target.host, target.port, ssl=context, limit=LONGEST_LINE)
    try:
        if context is not None:
            found.expires = _expiry(writer)
        if target.scheme not in PORTS:
            return ""
        writer.write(target.request)
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        return "protocol"
    finally:
        writer.transport.abort()
    match = STATUS_LINE.match(line)
    if match is None:
        return "protocol"
    found.status = int(match[1])
    return "status" if found.status >= FIRST_BAD_STATUS else ""


def _expiry(writer: asyncio.StreamWriter) -> float | None:
    certificate = writer.get_extra_info("peercert") or {}
    return float(ssl.cert_time_to_seconds(certificate["notAfter"])) if "notAfter" in certificate else None
