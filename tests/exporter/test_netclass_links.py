"""Network devices over netlink: the same as /sys tells, in one answer."""

from __future__ import annotations

import struct

from exporter.collectors.netclass import NetclassCollector
from exporter.collectors.netclass_links import Link, read
from exporter.netlink_messages import attribute
from exporter.procfs import Trees
from tests.exporter.golden import Series, samples

RUNNING, LOWER_UP, DORMANT, BROADCAST, UP = 0x40, 0x10000, 0x20000, 0x2, 0x1


def message(flags: int, *extra: bytes) -> bytes:
    """Struct ifinfomsg and attributes of linux/if_link.h."""
    named = (
        attribute(3, b"eth0\0"),
        attribute(1, bytes.fromhex("02fc00000001")),
        attribute(2, b"\xff" * 6),
        attribute(4, struct.pack("=I", 1400)),
        attribute(13, struct.pack("=I", 1000)),
        attribute(16, b"\x06"),
        attribute(17, b"\0"),
        attribute(20, b"uplink\0"),
        attribute(27, struct.pack("=I", 0)),
        attribute(33, b"\x01"),
        attribute(35, struct.pack("=I", 3)),
        attribute(47, struct.pack("=I", 2)),
        attribute(48, struct.pack("=I", 1)),
    )
    return struct.pack("=BxHiII", 0, 1, 4, flags, 0) + b"".join((*named, *extra))


def test_a_device_is_read_with_all_that_netlink_tells() -> None:
    assert read(message(UP | BROADCAST | RUNNING | LOWER_UP)) == Link(
        name="eth0",
        index=4,
        is_on=True,
        state="up",
        address="02:fc:00:00:00:01",
        broadcast="ff:ff:ff:ff:ff:ff",
        alias="uplink",
        counts={
            "iflink": 4,
            "ifindex": 4,
            "type": 1,
            "flags": 3,
            "link_mode": 0,
            "mtu": 1400,
            "netdev_group": 0,
            "tx_queue_len": 1000,
            "carrier_changes": 3,
            "carrier_up_count": 2,
            "carrier_down_count": 1,
            "carrier": 1,
            "dormant": 0,
        },
    )


def test_a_device_that_is_off_has_no_carrier_to_tell_of() -> None:
    counts = read(message(BROADCAST)).counts
    assert "carrier" not in counts
    assert "dormant" not in counts


def test_a_device_on_another_says_on_which() -> None:
    assert read(message(UP, attribute(5, struct.pack("=I", 9)))).counts["iflink"] == 9


def test_a_bridged_device_is_promiscuous_though_nobody_set_the_flag() -> None:
    assert read(message(UP, attribute(30, struct.pack("=I", 1)))).counts["flags"] == 0x101
    assert read(message(UP, attribute(61, struct.pack("=I", 1)))).counts["flags"] == 0x201


def of_this_host(*, netlink: bool) -> dict[Series, float]:
    trees = Trees.below()
    collector = NetclassCollector(trees, netlink=netlink)
    page = "".join(
        f"{row.decode()}{value.decode() if isinstance(value, bytes) else value}\n"
        for block in collector.collect()
        for row, value in zip((row for _, rows in block.layout.groups for row in rows), block.values, strict=True)
    )
    trees.close()
    return samples(page)


def test_netlink_and_sysfs_tell_the_same_of_this_host() -> None:
    found = of_this_host(netlink=True)
    assert found == of_this_host(netlink=False)
    assert found["node_network_mtu_bytes", frozenset({("device", "lo")})] > 0


def test_where_netlink_tells_of_another_network_sysfs_is_believed() -> None:
    collector = NetclassCollector(Trees.below())
    assert collector._links(["lo", "no-such-device0"]) is None
    links = collector._links(["lo"])
    assert links is not None
    assert [link.name for link in links] == ["lo"]
