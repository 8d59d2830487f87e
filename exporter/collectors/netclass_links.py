"""Network devices as the kernel tells of them over netlink: all in one answer, where /sys has a file for each word.

Numbers as in include/uapi/linux/if_link.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

from exporter.netlink_messages import ROUTE, ask, attribute, attributes, connect, number, text

GET_LINK = 18
HEAD = struct.Struct("=BxHiII")
"""Family, type, index, flags, change: struct ifinfomsg."""

ADDRESS, BROADCAST, NAME, MTU, LINK, QUEUE, STATE, MODE, ALIAS, GROUP = 1, 2, 3, 4, 5, 13, 16, 17, 20, 27
CARRIER, CHANGES, UPS, DOWNS = 33, 35, 47, 48
FILTER, WITHOUT_STATISTICS = 29, struct.pack("=I", 1 << 3)
PROMISCUITY, ALL_MULTICAST = 30, 61
UP, DORMANT = 0x1, 0x20000
OF_STATE = 0x40 | 0x10000 | DORMANT
"""Flags that netlink adds, and /sys hasn't: running, lower layer up, dormant."""

PROMISCUOUS, MULTICAST = 0x100, 0x200
MOST_KNOWN = 256
STATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")


@dataclass(frozen=True, slots=True)
class Link:
    """One network device; `counts` are its numbers by the name of their file in /sys."""

    name: str
    index: int
    is_on: bool
    state: str
    address: str
    broadcast: str
    alias: str
    counts: dict[str, int]


def links() -> list[Link]:
    """All devices of the network that the exporter is in; OSError when the kernel won't tell."""
    question = HEAD.pack(0, 0, 0, 0, 0) + attribute(FILTER, WITHOUT_STATISTICS)
    with connect(ROUTE) as link:
        return [read(body) for body in ask(link, GET_LINK, question)]


@lru_cache(MOST_KNOWN)
def read(body: bytes) -> Link:
    """A device from the message about it, which seldom differs from the one before."""
    _, kind, index, flags, _ = HEAD.unpack_from(body)
    found = attributes(body, HEAD.size)
    is_on = bool(flags & UP)
    state = number(found.get(STATE, b"\0"))
    numbers = {
        "iflink": found.get(LINK),
        "link_mode": found.get(MODE),
        "mtu": found.get(MTU),
        "netdev_group": found.get(GROUP),
        "tx_queue_len": found.get(QUEUE),
        "carrier_changes": found.get(CHANGES),
        "carrier_up_count": found.get(UPS),
        "carrier_down_count": found.get(DOWNS),
        # As in /sys, a device that is off has no carrier to tell of.
        "carrier": found.get(CARRIER) if is_on else None,
    }
    counts = {"iflink": index, "ifindex": index, "type": kind, "flags": as_in_sysfs(flags, found)}
    counts |= {name: number(value) for name, value in numbers.items() if value is not None}
    if is_on:
        counts["dormant"] = int(bool(flags & DORMANT))
    return Link(
        text(found.get(NAME, b"")),
        index,
        is_on,
        STATES[state] if state < len(STATES) else "unknown",
        found.get(ADDRESS, b"").hex(":"),
        found.get(BROADCAST, b"").hex(":"),
        text(found.get(ALIAS, b"")),
        counts,
    )


def as_in_sysfs(flags: int, found: dict[int, bytes]) -> int:
    """The flags as the device has them: netlink tells only what users set, and counts who else set them."""
    flags &= ~OF_STATE
    flags |= PROMISCUOUS if number(found.get(PROMISCUITY, b"")) else 0
    return flags | (MULTICAST if number(found.get(ALL_MULTICAST, b"")) else 0)
