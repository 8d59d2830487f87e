"""Netlink: questions to the kernel whose answers are lists of messages, netlink(7)."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

SOCK_DIAG, GENERIC, ROUTE = 4, 16, 0
REQUEST, DUMP = 0x1, 0x300
ERROR, DONE = 2, 3
TYPE_MASK = 0x3FFF
"""The two highest bits of an attribute's type are flags."""

TIMEOUT_SECONDS = 3.0
BUFFER_BYTES = 1 << 15
"""The kernel puts no more into one answer of a dump."""

HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")
FAILURE = struct.Struct("=i")


def connect(protocol: int) -> socket.socket:
    """A socket to one of the kernel's subsystems; OSError where that is forbidden."""
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    link.settimeout(TIMEOUT_SECONDS)
    return link


def ask(link: socket.socket, kind: int, body: bytes, flags: int = DUMP) -> Iterator[bytes]:
    """The bodies of the messages that answer; OSError with the kernel's errno when it refuses."""
    link.send(HEADER.pack(HEADER.size + len(body), kind, REQUEST | flags, 0, 0) + body)
    while True:
        answer = link.recv(BUFFER_BYTES)
        at = 0
        while at < len(answer):
            length, kind_of, _, _, _ = HEADER.unpack_from(answer, at)
            if kind_of == DONE:
                return
            if kind_of == ERROR:
                code = -FAILURE.unpack_from(answer, at + HEADER.size)[0]
                if code:
                    raise OSError(code, f"the kernel refuses: {os.strerror(code)}")
                return
            yield answer[at + HEADER.size : at + length]
            at += aligned(length)
        if not flags & DUMP:
            return


def attributes(body: bytes, at: int = 0) -> dict[int, bytes]:
    """The attributes in a message's body, or in another attribute; of a type that comes twice, the last one."""
    found = {}
    while at + ATTRIBUTE.size <= len(body):
        length, kind = ATTRIBUTE.unpack_from(body, at)
        if length < ATTRIBUTE.size:
            raise ValueError(f"an attribute of {length} bytes is too short")
        found[kind & TYPE_MASK] = body[at + ATTRIBUTE.size : at + length]
        at += aligned(length)
    return found


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute, as a part of a body."""
    length = ATTRIBUTE.size + len(value)
    return ATTRIBUTE.pack(length, kind) + value + bytes(aligned(length) - length)


def text(value: bytes) -> str:
    """A text ends with a zero byte."""
    return value.partition(b"\0")[0].decode(errors="replace")


def number(value: bytes) -> int:
    """Numbers of all sizes are in the host's own order of bytes."""
    return int.from_bytes(value, "little" if socket.ntohs(1) != 1 else "big")


def aligned(length: int) -> int:
    return (length + 3) & ~3
