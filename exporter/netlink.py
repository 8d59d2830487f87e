"""Network devices as rtnetlink(7) tells of them, for where /proc/net/dev isn't to be had."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping, Sequence

GET_LINK, DONE, ERROR = 18, 3, 2
REQUEST_DUMP = 0x301
NAME, STATS64 = 3, 23
HEADER = struct.Struct("=IHHII")
LINK_BYTES = 16
ATTRIBUTE = struct.Struct("=HH")
FIELDS = (
    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped",
    "multicast", "collisions", "rx_length_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors",
    "rx_fifo_errors", "rx_missed_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_fifo_errors",
    "tx_heartbeat_errors", "tx_window_errors", "rx_compressed", "tx_compressed", "rx_nohandler",
)  # fmt: skip
"""struct rtnl_link_stats64, linux/if_link.h."""
ANSWER_SECONDS = 2.0


def link_counts() -> Sequence[tuple[str, Mapping[str, int]]]:
    """Every network device with its counters; OSError when the kernel refuses or doesn't answer."""
    links = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.settimeout(ANSWER_SECONDS)
        sock.send(HEADER.pack(HEADER.size + LINK_BYTES, GET_LINK, REQUEST_DUMP, 1, 0) + bytes(LINK_BYTES))
        for message in _messages(sock):
            found = dict(_attributes(message[LINK_BYTES:]))
            if NAME in found and STATS64 in found:
                name = found[NAME].rstrip(b"\0").decode(errors="surrogateescape")
                counts = struct.unpack_from(f"={len(found[STATS64]) // 8}Q", found[STATS64])
                links.append((name, dict(zip(FIELDS, counts, strict=False))))
    return links


def _messages(sock: socket.socket) -> Iterator[bytes]:
    """What follows the header of each message of a dump."""
    while True:
        data = sock.recv(1 << 16)
        while data:
            length, kind, _, _, _ = HEADER.unpack_from(data)
            if kind == DONE:
                return
            if kind == ERROR:
                code = -struct.unpack_from("=i", data, HEADER.size)[0]
                raise OSError(code, "rtnetlink refuses to list the network devices")
            yield data[HEADER.size : length]
            data = data[_aligned(length) :]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(data)
        yield kind, data[ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3
