"""What the kernel says over netlink, from messages as it writes them: sockets, queueing disciplines, radios."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.collectors.qdisc import Qdisc, qdisc
from exporter.collectors.tcpstat import asked, asked_but_for_ended, ended, listed
from exporter.netlink_messages import HEADER, SOCK_DIAG, aligned, ask, attribute, attributes, connect, number
from exporter.nl80211 import Network, Station, network, station
from tests.exporter.golden import samples, told

DONE, ERROR = 3, 2


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end and the kernel's, message by message as netlink is."""
    ours, kernels = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, kernels:
        ours.settimeout(5)
        yield ours, kernels


def message(kind: int, body: bytes) -> bytes:
    length = HEADER.size + len(body)
    return HEADER.pack(length, kind, 2, 0, 0) + body + bytes(aligned(length) - length)


def tcp_socket(state: int, received: int, sent: int) -> bytes:
    """A socket as linux/inet_diag.h has it in struct inet_diag_msg, and an attribute behind it."""
    return struct.pack("=BB54xIIII", socket.AF_INET, state, received, sent, 0, 0) + attribute(8, b"\0")


def test_an_answer_may_come_in_several_pieces(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, kernels = wire
    kernels.send(message(20, b"first") + message(20, b"second"))
    kernels.send(message(20, b"third"))
    kernels.send(message(DONE, bytes(4)))
    assert list(ask(ours, 20, b"?")) == [b"first", b"second", b"third"]
    assert kernels.recv(100) == HEADER.pack(17, 20, 0x301, 0, 0) + b"?"


def test_a_refusal_has_the_kernels_reason(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, kernels = wire
    kernels.send(message(ERROR, struct.pack("=i", -errno.EPERM)))
    with pytest.raises(PermissionError, match="the kernel refuses: Operation not permitted"):
        list(ask(ours, 20, b"?"))


def test_sockets_are_told_by_state_and_queues(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, kernels = wire
    kernels.send(message(20, tcp_socket(1, 7, 11)) + message(20, tcp_socket(10, 0, 128)))
    kernels.send(message(DONE, bytes(4)))
    assert asked(ours) == [(1, 7, 11), (10, 0, 128)]


def test_connections_that_ended_are_counted_without_being_listed(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, kernels = wire
    open_half, ended_half = tcp_socket(5, 0, 0), tcp_socket(5, 0, 0)[:72] + attribute(15, bytes(4))
    kernels.send(message(20, tcp_socket(1, 7, 11)) + message(20, open_half) + message(20, ended_half))
    kernels.send(message(DONE, bytes(4)))
    assert asked_but_for_ended(ours, 40) == ([(1, 7, 11), (5, 0, 0), (5, 0, 0)], 39)
    assert ended(b"sockets: used 140\nTCP: inuse 52 orphan 0 tw 437 alloc 52 mem 109\nUDP: inuse 0 mem 0\n") == 437
    assert ended(b"sockets: used 140\n") is None


def test_the_kernels_count_of_ended_connections_agrees_with_its_list() -> None:
    with connect(SOCK_DIAG) as link:
        with socket.create_server(("127.0.0.1", 0)) as server:
            for _ in range(50):
                with socket.create_connection(server.getsockname()), server.accept()[0] as accepted:
                    accepted.shutdown(socket.SHUT_WR)
        listed_waiting = sum(state == 6 for state, _, _ in asked(link))
        waiting = ended(Path("/proc/self/net/sockstat").read_bytes())
        assert waiting is not None
        _, counted = asked_but_for_ended(link, waiting)
    assert listed_waiting >= 50
    # Others on this machine open and close connections meanwhile.
    assert abs(counted - listed_waiting) <= max(25, listed_waiting // 10)


def test_where_netlink_is_forbidden_proc_tells_of_sockets() -> None:
    rest = b"00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
    content = (
        b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        b"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 " + rest +
        b"   1: 0100007F:1F90 0100007F:A1B2 01 00000010:00000000 " + rest
    )  # fmt: skip
    assert list(listed(content)) == [(10, 2, 0), (1, 0, 16)]


def test_every_state_is_told_also_those_without_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        found = samples(told("tcpstat", Path("/nowhere")))
    states = {dict(labels)["state"]: value for (_, labels), value in found.items()}
    assert set(states) == {
        "close",
        "close_wait",
        "closing",
        "established",
        "fin_wait1",
        "fin_wait2",
        "last_ack",
        "listen",
        "rx_queued_bytes",
        "syn_recv",
        "syn_sent",
        "time_wait",
        "tx_queued_bytes",
    }
    assert states["listen"] >= 1
    assert states["established"] >= 2


def test_sockets_of_both_families_are_counted() -> None:
    families = (socket.AF_INET, socket.AF_INET6) if socket.has_dualstack_ipv6() else (socket.AF_INET,)
    with contextlib.ExitStack() as stack:
        for family in families:
            for _ in range(200):
                stack.enter_context(socket.create_server(("", 0), family=family))
        found = samples(told("tcpstat", Path("/nowhere")))
    assert found["node_tcp_connection_states", frozenset({("state", "listen")})] >= 200 * len(families)


def test_a_discipline_is_told_with_its_counts() -> None:
    basics, queues = struct.pack("=QI", 2905388, 30311), struct.pack("=IIIII", 2, 300, 5, 4, 6)
    body = attribute(1, b"pfifo_fast\0") + attribute(7, attribute(1, basics) + attribute(3, queues))
    assert qdisc("eth0", attributes(body)) == Qdisc("eth0", "pfifo_fast", 2905388, 30311, 5, 4, 6, 2, 300)


def test_the_network_is_the_one_that_the_interface_is_in() -> None:
    beacon = bytes([0, 7]) + b"Example" + bytes([1, 1, 0x82])
    heard = attribute(1, bytes.fromhex("001122334455")) + attribute(6, beacon)
    assert network(heard) is None
    assert network(heard + attribute(9, struct.pack("=I", 1))) == Network("00:11:22:33:44:55", "Example", "client")


def test_a_station_is_told_with_signs_and_wide_counts() -> None:
    info = (
        attribute(1, struct.pack("=I", 400))
        + attribute(2, struct.pack("=I", 5))
        + attribute(23, struct.pack("=Q", 2**33))
        + attribute(7, struct.pack("=b", -52))
        + attribute(8, attribute(1, struct.pack("=H", 65)))
        + attribute(14, attribute(1, struct.pack("=H", 65535)) + attribute(5, struct.pack("=I", 86667)))
        + attribute(16, struct.pack("=I", 30))
    )
    assert station({6: bytes.fromhex("aabbccddeeff"), 21: info}) == Station(
        "aa:bb:cc:dd:ee:ff",
        connected_seconds=30,
        inactive_seconds=0.4,
        receive_rate=8_666_700_000,
        transmit_rate=6_500_000,
        received_bytes=2**33,
        signal_dbm=-52,
    )


def test_a_broken_attribute_is_an_error_and_no_endless_loop() -> None:
    with pytest.raises(ValueError, match="an attribute of 0 bytes is too short"):
        attributes(bytes(8))


def test_numbers_of_all_sizes_are_read() -> None:
    assert [number(struct.pack(size, 7)) for size in ("=B", "=H", "=I", "=Q")] == [7, 7, 7, 7]
