"""Network devices as rtnetlink(7) tells of them, for where /proc/net/dev isn't to be had."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.netlink_messages import ROUTE, ask, attributes, connect

GET_LINK = 18
NAME, STATS64 = 3, 23
GET_ADDRESS = 22
ADDRESS, LOCAL = 1, 2
ADDRESS_HEAD = struct.Struct("=BBBBI")
"""Struct ifaddrmsg: family, length of the prefix, flags, scope, number of the device."""
LINK_BYTES = 16
"""Struct ifinfomsg, before the attributes."""

FIELDS = (
    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped",
    "multicast", "collisions", "rx_length_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors",
    "rx_fifo_errors", "rx_missed_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_fifo_errors",
    "tx_heartbeat_errors", "tx_window_errors", "rx_compressed", "tx_compressed", "rx_nohandler",
)  # fmt: skip
"""struct rtnl_link_stats64, linux/if_link.h."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a network device."""

    device: str
    address: str
    prefix: int

    @property
    def scope(self) -> str:
        """As Go's net package sees it: of this host or link alone, or of the whole network."""
        return (
            "link-local"
            if self.address.startswith(("127.", "169.254.", "::1", "fe8", "fe9", "fea", "feb"))
            else "global"
        )


def addresses() -> Sequence[Address]:
    """The IPv4 and IPv6 addresses of all devices; OSError when the kernel refuses or doesn't answer."""
    found = []
    with connect(ROUTE) as link:
        for message in ask(link, GET_ADDRESS, bytes(ADDRESS_HEAD.size)):
            family, prefix, _, _, device = ADDRESS_HEAD.unpack_from(message)
            parts = attributes(message, ADDRESS_HEAD.size)
            # At the end of a tunnel ADDRESS is the other side's.
            raw = parts.get(LOCAL) or parts.get(ADDRESS)
            if raw and family in {socket.AF_INET, socket.AF_INET6}:
                found.append(Address(socket.if_indextoname(device), socket.inet_ntop(family, raw), prefix))
    return found


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
