"""TCP connections by state, and the bytes that wait in their queues."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.netlink_messages import SOCK_DIAG, ask, connect
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

GET_TCP = 18
"""The older question of sock_diag's: one walk through the kernel's table tells of IPv4 and IPv6 alike."""

EVERY_STATE = 0xFFFFFFFF
REQUEST = struct.Struct("=BBBB48xII")
ANSWER = struct.Struct("=xB54xII")
"""Of struct inet_diag_msg: the socket's state and its two queues."""

WITHOUT_NETLINK = frozenset(
    {errno.EPERM, errno.EACCES, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOENT}
)

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
        with connect(SOCK_DIAG) as link:
            return asked(link)
    except OSError as error:
        if error.errno not in WITHOUT_NETLINK:
            raise
    return [*listed(tree.read("net/tcp")), *listed(tree.read_if_any("net/tcp6") or b"")]


def asked(link: socket.socket) -> list[Socket]:
    """The sockets as the kernel tells them."""
    question = REQUEST.pack(socket.AF_INET, 0, 0, 0, EVERY_STATE, 0)
    return [ANSWER.unpack_from(body) for body in ask(link, GET_TCP, question)]


def listed(content: bytes) -> Iterator[Socket]:
    """The sockets of a file such as /proc/net/tcp."""
    for line in content.splitlines()[1:]:
        words = line.split(None, 5)
        tx, _, rx = words[4].partition(b":")
        yield int(words[3], 16), int(rx, 16), int(tx, 16)
