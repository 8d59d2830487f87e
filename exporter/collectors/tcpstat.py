"""TCP connections by state, and the bytes that wait in their queues."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.netlink_messages import SOCK_DIAG, ask, attributes, connect
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
MESSAGE_BYTES, SHUTDOWN = 72, 8
"""Size of that struct, and an attribute after it."""
FIN_WAIT2, TIME_WAIT = STATES.index("fin_wait2") + 1, STATES.index("time_wait") + 1
OWN_PROC = Tree("/proc")
"""Netlink tells of the network that the exporter is in, wherever --path.procfs points."""

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
        found, waiting = sockets(self.trees.proc)
        for state, rx, tx in found:
            if state < len(counts):
                counts[state] += 1
            received += rx
            sent += tx
        counts[TIME_WAIT] += waiting
        return [self.table.block(ROWS, [[*counts[1:], received, sent]])]


def sockets(tree: Tree) -> tuple[Iterable[Socket], int]:
    """All TCP sockets, of IPv4 and IPv6, and how many more are in TIME_WAIT."""
    try:
        with connect(SOCK_DIAG) as link:
            waiting = ended(OWN_PROC.read_if_any("self/net/sockstat") or b"")
            return (asked(link), 0) if waiting is None else asked_but_for_ended(link, waiting)
    except OSError as error:
        if error.errno not in WITHOUT_NETLINK:
            raise
    return [*listed(tree.read("net/tcp")), *listed(tree.read_if_any("net/tcp6") or b"")], 0


def asked(link: socket.socket) -> list[Socket]:
    """The sockets as the kernel tells them."""
    return [ANSWER.unpack_from(body) for body in _answers(link, EVERY_STATE)]


def asked_but_for_ended(link: socket.socket, waiting: int) -> tuple[list[Socket], int]:
    """The same without those in TIME_WAIT, which a busy server has by the thousand, and their number.

    The kernel counts together (`waiting`) what it keeps of ended connections: those in TIME_WAIT, and those of
    FIN_WAIT2 that nobody has open any more.
    """
    bodies = [*_answers(link, EVERY_STATE & ~(1 << TIME_WAIT))]
    found: list[Socket] = [ANSWER.unpack_from(body) for body in bodies]
    half = sum(one[0] == FIN_WAIT2 and _is_ended(body) for one, body in zip(found, bodies, strict=True))
    return found, max(waiting - half, 0)


def ended(sockstat: bytes) -> int | None:
    """How many ended connections the kernel keeps, by its own count; None when it doesn't say."""
    words = sockstat[sockstat.find(b"TCP:") :].split()
    return int(words[words.index(b"tw") + 1]) if b"tw" in words else None


def _is_ended(body: bytes) -> bool:
    """Whether the kernel keeps no more of it than the addresses: such a one has no sides that could be shut."""
    return SHUTDOWN not in attributes(body, MESSAGE_BYTES)


def _answers(link: socket.socket, states: int) -> Iterator[bytes]:
    return ask(link, GET_TCP, REQUEST.pack(socket.AF_INET, 0, 0, 0, states, 0))


def listed(content: bytes) -> Iterator[Socket]:
    """The sockets of a file such as /proc/net/tcp."""
    for line in content.splitlines()[1:]:
        words = line.split(None, 5)
        tx, _, rx = words[4].partition(b":")
        yield int(words[3], 16), int(rx, 16), int(tx, 16)
