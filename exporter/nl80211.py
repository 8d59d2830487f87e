"""Radios, as the kernel's nl80211 tells of them: interfaces, the networks they are in, the stations they hear.

Numbers as in include/uapi/linux/nl80211.h.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.netlink_messages import GENERIC, ask, attribute, attributes, connect, number, text

GENERIC_HEADER = struct.Struct("=BBH")
CONTROL, GET_FAMILY, FAMILY_ID, FAMILY_NAME = 0x10, 3, 1, 2
GET_INTERFACE, GET_STATION, GET_SCAN = 5, 17, 32
IF_INDEX, IF_NAME, MAC, STATION_INFO, FREQUENCY, BSS_INFO = 3, 4, 6, 21, 38, 47
BSSID, INFORMATION, STATUS = 1, 6, 9
MODES = {0: "client", 1: "client", 2: "ad-hoc"}
SSID_ELEMENT = 0
RATE_16, RATE_32 = 1, 5
RATE_UNIT = 100_000
ABSENT = frozenset({errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP, errno.EPERM})


@dataclass(frozen=True, slots=True)
class Network:
    """The network that an interface is in."""

    bssid: str
    ssid: str
    mode: str


@dataclass(frozen=True, slots=True)
class Station:
    """Another radio that an interface hears; rates in bits a second."""

    address: str
    connected_seconds: float = 0
    inactive_seconds: float = 0
    receive_rate: int = 0
    transmit_rate: int = 0
    received_bytes: int = 0
    transmitted_bytes: int = 0
    received_packets: int = 0
    transmitted_packets: int = 0
    signal_dbm: int = 0
    retries: int = 0
    failed: int = 0
    beacon_loss: int = 0


@dataclass(frozen=True, slots=True)
class Radio:
    """One interface."""

    name: str
    megahertz: int
    network: Network | None
    stations: tuple[Station, ...]


def radios() -> list[Radio]:
    """All interfaces that have a name; OSError (ENOENT) when the kernel has no wireless."""
    with connect(GENERIC) as link:
        family = find(link)
        bodies = list(ask(link, family, GENERIC_HEADER.pack(GET_INTERFACE, 0, 0)))
        found = [attributes(body, GENERIC_HEADER.size) for body in bodies]
        return [radio(link, family, one) for one in found if one.get(IF_NAME)]


def find(link: socket.socket) -> int:
    """The number that nl80211 has on this host."""
    name = attribute(FAMILY_NAME, b"nl80211\0")
    (body,) = ask(link, CONTROL, GENERIC_HEADER.pack(GET_FAMILY, 1, 0) + name, flags=0)
    return number(attributes(body, GENERIC_HEADER.size)[FAMILY_ID])


def radio(link: socket.socket, family: int, found: dict[int, bytes]) -> Radio:
    index = attribute(IF_INDEX, found[IF_INDEX])
    scans = (attributes(body).get(BSS_INFO, b"") for body in told(link, family, GET_SCAN, index))
    networks = [one for one in map(network, scans) if one is not None]
    stations = tuple(station(attributes(body)) for body in told(link, family, GET_STATION, index))
    return Radio(text(found[IF_NAME]), number(found.get(FREQUENCY, b"")), networks[0] if networks else None, stations)


def told(link: socket.socket, family: int, command: int, index: bytes) -> Iterator[bytes]:
    """What the interface's driver answers; nothing when it knows no such question."""
    try:
        for body in ask(link, family, GENERIC_HEADER.pack(command, 0, 0) + index):
            yield body[GENERIC_HEADER.size :]
    except OSError as error:
        if error.errno not in ABSENT:
            raise


def network(raw: bytes) -> Network | None:
    """A network that was heard, if it is the one that the interface is in."""
    found = attributes(raw)
    if STATUS not in found:
        return None
    mode = MODES.get(number(found[STATUS]), "unknown")
    return Network(address(found.get(BSSID, b"")), ssid(found.get(INFORMATION, b"")), mode)


def ssid(elements: bytes) -> str:
    """The network's name, from the elements of its beacon: type, length, value."""
    at = 0
    while at + 2 <= len(elements):
        kind, length = elements[at], elements[at + 1]
        if kind == SSID_ELEMENT:
            return elements[at + 2 : at + 2 + length].decode(errors="replace")
        at += 2 + length
    return ""


def station(found: dict[int, bytes]) -> Station:
    info = {kind: value for kind, value in attributes(found.get(STATION_INFO, b"")).items() if value}
    numbers = {kind: number(value) for kind, value in info.items()}
    signal = numbers.get(7, 0)
    return Station(
        address(found.get(MAC, b"")),
        connected_seconds=numbers.get(16, 0),
        inactive_seconds=numbers.get(1, 0) / 1000,
        receive_rate=rate(info.get(14, b"")),
        transmit_rate=rate(info.get(8, b"")),
        received_bytes=numbers.get(23, numbers.get(2, 0)),
        transmitted_bytes=numbers.get(24, numbers.get(3, 0)),
        received_packets=numbers.get(9, 0),
        transmitted_packets=numbers.get(10, 0),
        signal_dbm=signal - 256 if signal > 127 else signal,  # noqa: PLR2004 - a byte with a sign
        retries=numbers.get(11, 0),
        failed=numbers.get(12, 0),
        beacon_loss=numbers.get(18, 0),
    )


def rate(raw: bytes) -> int:
    """Bits a second; the short form can't hold fast links."""
    found = attributes(raw)
    return number(found.get(RATE_32) or found.get(RATE_16, b"")) * RATE_UNIT


def address(raw: bytes) -> str:
    return raw.hex(":")
