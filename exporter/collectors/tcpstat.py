"""TCP connections by state, and the bytes that wait in their queues."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Tree, Trees

CONNECTIONS = Family(
    "node_tcp_connection_states", "TCP connections by state, and bytes in their queues.", labels=("state",)
)
STATES = (
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
)
"""In the order of the kernel's numbers, from 1."""
ROWS = [(state,) for state in (*STATES, "rx_queued_bytes", "tx_queued_bytes")]

SOCK_DIAG = 4
BY_FAMILY = 20
REQUEST_DUMP = 0x301
ERROR, DONE = 2, 3
EVERY_STATE = 0xFFFFFFFF
TIMEOUT_SECONDS = 3.0
BUFFER_BYTES = 1 << 18
REQUEST = struct.Struct("=IHHIIBBBBI48x")
ANSWER = struct.Struct("=IH11xB54xII")
"""Length and type of the message; then the socket's state and its two queues."""
FAILURE = struct.Struct("=16xi")
WITHOUT_NETLINK = frozenset({errno.EPERM, errno.EACCES, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.EOPNOTSUPP})

Socket = tuple[int, int, int]
"""State, bytes received and not yet read, bytes sent and not yet acknowledged."""


@dataclass(frozen=True, slots=True)
class TcpstatCollector:
    """Source: netlink, sock_diag(7), of the network that the exporter is in; where that is forbidden /proc/net/tcp."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(CONNECTIONS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        counts = [0] * (len(STATES) + 1)
        received = sent = 0
        for state, rx, tx in sockets(self.trees.proc):
            if state < len(counts):
                counts[state] += 1
            received += rx
            sent += tx
        return [self.table.block(ROWS, [[*counts[1:], received, sent]])]


def sockets(tree: Tree) -> Iterable[Socket]:
    """All TCP sockets, of IPv4 and IPv6."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as link:
            link.settimeout(TIMEOUT_SECONDS)
            return [*asked(link, socket.AF_INET), *asked(link, socket.AF_INET6)]
    except OSError as error:
        if error.errno not in WITHOUT_NETLINK:
            raise
    return [*listed(tree.read("net/tcp")), *listed(tree.read_if_any("net/tcp6") or b"")]


def asked(link: socket.socket, family: int) -> Iterator[Socket]:
    """The sockets of one family, as the kernel tells them."""
    link.send(REQUEST.pack(REQUEST.size, BY_FAMILY, REQUEST_DUMP, 0, 0, family, socket.IPPROTO_TCP, 0, 0, EVERY_STATE))
    while True:
        answer = link.recv(BUFFER_BYTES)
        at = 0
        while at < len(answer):
            kind = struct.unpack_from("=H", answer, at + 4)[0]
            if kind == DONE:
                return
            if kind == ERROR:
                _refused(FAILURE.unpack_from(answer, at)[0])
                return
            length, _, state, rx, tx = ANSWER.unpack_from(answer, at)
            yield state, rx, tx
            at += (length + 3) & ~3


def _refused(code: int) -> None:
    """A kernel without this family has no such sockets; anything else is an error."""
    if code and -code != errno.ENOENT:
        raise OSError(-code, f"the kernel won't tell of its sockets: {os.strerror(-code)}")


def listed(content: bytes) -> Iterator[Socket]:
    """The sockets of a file such as /proc/net/tcp."""
    for line in content.splitlines()[1:]:
        words = line.split(None, 5)
        tx, _, rx = words[4].partition(b":")
        yield int(words[3], 16), int(rx, 16), int(tx, 16)
