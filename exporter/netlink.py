"""Network devices as rtnetlink(7) tells of them, for where /proc/net/dev isn't to be had."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from exporter.netlink_messages import ROUTE, ask, attributes, connect

GET_LINK = 18
NAME, STATS64 = 3, 23
LINK_BYTES = 16
"""Struct ifinfomsg, before the attributes."""

FIELDS = (
    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped",
    "multicast", "collisions", "rx_length_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors",
    "rx_fifo_errors", "rx_missed_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_fifo_errors",
    "tx_heartbeat_errors", "tx_window_errors", "rx_compressed", "tx_compressed", "rx_nohandler",
)  # fmt: skip
"""struct rtnl_link_stats64, linux/if_link.h."""


def link_counts() -> Sequence[tuple[str, Mapping[str, int]]]:
    """Every network device with its counters; OSError when the kernel refuses or doesn't answer."""
    links = []
    with connect(ROUTE) as link:
        for message in ask(link, GET_LINK, bytes(LINK_BYTES)):
            found = attributes(message, LINK_BYTES)
            if NAME in found and STATS64 in found:
                name = found[NAME].rstrip(b"\0").decode(errors="surrogateescape")
                counts = struct.unpack_from(f"={len(found[STATS64]) // 8}Q", found[STATS64])
                links.append((name, dict(zip(FIELDS, counts, strict=False))))
    return links
