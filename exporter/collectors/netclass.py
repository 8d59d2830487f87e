"""Network devices as such: up or not, speed, MTU, addresses, link changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.collectors import NoData, setting
from exporter.collectors.netclass_links import Link, links
from exporter.exposition import Block, Family, Listing, Value
from exporter.procfs import Tree, Trees
from exporter.selection import chooser

FOLDER = "class/net"
UP_FLAG = 1
NEED_UP = frozenset({"carrier", "dormant"})
"""Like speed and duplex, the kernel refuses these for a device that is switched off; to ask costs more than to know."""


def hexadecimal(raw: bytes) -> Value:
    return int(raw, 16)


def gauge(name: str, text: str) -> Family:
    return Family(f"node_network_{name}", text, labels=("device",))


def changes(name: str, text: str) -> Family:
    return Family(f"node_network_{name}_total", text, "counter", ("device",))


UP = gauge("up", "Whether the device works.")
SPEED = gauge("speed_bytes", "Speed, in bytes a second.")
INFO = Family(
    "node_network_info",
    "What else is known of the device, in labels.",
    labels=("address", "adminstate", "broadcast", "device", "duplex", "ifalias", "operstate"),
)
ATTRIBUTES = (
    Attribute("addr_assign_type", gauge("address_assign_type", "Where the address comes from.")),
    Attribute("carrier", gauge("carrier", "Whether the link is there.")),
    Attribute("carrier_changes", changes("carrier_changes", "How often the link came or went.")),
    Attribute("carrier_up_count", changes("carrier_up_changes", "How often the link came.")),
    Attribute("carrier_down_count", changes("carrier_down_changes", "How often the link went.")),
    Attribute("dev_id", gauge("device_id", "Tells devices with the same address apart."), hexadecimal),
    Attribute("dormant", gauge("dormant", "Whether the device waits for something, such as a login.")),
    Attribute("flags", gauge("flags", "Flags of the device, as netdevice(7) has them."), hexadecimal),
    Attribute("ifindex", gauge("iface_id", "The device's number.")),
    Attribute("iflink", gauge("iface_link", "The number of the device that it is on.")),
    Attribute("link_mode", gauge("iface_link_mode", "Policy of the link.")),
    Attribute("mtu", gauge("mtu_bytes", "Largest packet.")),
    Attribute("name_assign_type", gauge("name_assign_type", "Where the name comes from.")),
    Attribute("netdev_group", gauge("net_dev_group", "Group that the device is in.")),
    Attribute("type", gauge("protocol_type", "Protocol of the link.")),
    Attribute("tx_queue_len", gauge("transmit_queue_length", "How many packets may wait to be sent.")),
)
OF_DOWN = tuple(one for one in ATTRIBUTES if one.path not in NEED_UP)
FIXED = tuple(one for one in ATTRIBUTES if one.path in {"addr_assign_type", "dev_id", "name_assign_type"})
FAMILIES = {one.path: one.family for one in ATTRIBUTES if one not in FIXED}
LIVE = "/sys/"
LOOPBACK = 772
"""Of this type of devices, the kernel refuses to tell speed and duplex."""


@dataclass(frozen=True, slots=True)
class NetclassCollector:
    """Source: /sys/class/net, kernel's Documentation/ABI/testing/sysfs-class-net, and rtnetlink(7).

    On a host with hundreds of devices, such as those of containers, netlink is many times cheaper.
    """

    trees: Trees
    ignored_devices: re.Pattern[str] = setting(re.compile("^$"), "Devices to leave out (regular expression).")
    ignore_invalid_speed: bool = setting(default=False, help_text="Leave out speeds below 0, which mean unknown.")
    netlink: bool = setting(
        default=True, help_text="Ask the kernel over netlink where /sys shows the network that the exporter is in."
    )
    listing: Listing = field(default_factory=Listing, init=False, repr=False)
    fixed: dict[tuple[str, int, str], tuple[Sample, ...]] = field(default_factory=dict, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        wanted = chooser(exclude=self.ignored_devices)
        # bonding_masters is a file beside the devices.
        devices = [name for name in tree.names_if_any(FOLDER) if wanted(name) and name != "bonding_masters"]
        if not devices:
            raise NoData("no network device")
        links = self._links(devices)
        if links is None:
            return [self.listing.block(sample for device in devices for sample in self._of_device(tree, device))]
        return [self.listing.block(sample for link in links for sample in self._of_link(tree, link))]

    def _of_device(self, tree: Tree, device: str) -> Iterator[Sample]:
        """A device from its folder in /sys."""
        folder = f"{FOLDER}/{device}"
        flags = tree.value(f"{folder}/flags")
        if flags is None:
            # It went away just now.
            return
        state = tree.value(f"{folder}/operstate") or b""
        yield UP, (device,), int(state == b"up")
        is_on = bool(int(flags, 16) & UP_FLAG)
        address, broadcast, alias = (
            tree.value(f"{folder}/{name}") or b"" for name in ("address", "broadcast", "ifalias")
        )
        duplex = (tree.value(f"{folder}/duplex") or b"") if is_on else b""
        yield INFO, (address, "up" if is_on else "down", broadcast, device, duplex, alias, state), 1
        yield from told(tree, folder, (device,), ATTRIBUTES if is_on else OF_DOWN)
        yield from self._speed(tree, device, is_on=is_on)

    def _speed(self, tree: Tree, device: str, *, is_on: bool) -> Iterator[Sample]:
        speed = tree.integer(f"{FOLDER}/{device}/speed") if is_on else None
        if speed is not None and not (speed < 0 and self.ignore_invalid_speed):
            yield SPEED, (device,), speed * 1_000_000 // 8

    def _links(self, devices: list[str]) -> list[Link] | None:
        """These devices as netlink tells of them; None where it isn't allowed, or tells of another network."""
        if not self.netlink or self.trees.sys.root != LIVE:
            return None
        try:
            found = {link.name: link for link in links()}
        except OSError:
            return None
        chosen = [found[device] for device in devices if device in found]
        keys = {(link.name, link.index, link.address) for link in chosen}
        for gone in self.fixed.keys() - keys:
            del self.fixed[gone]
        return chosen if len(chosen) == len(devices) and all(self._learn(link) for link in chosen) else None

    def _learn(self, link: Link) -> bool:
        """Whether /sys means the same device; what never changes for it is read once."""
        key = (link.name, link.index, link.address)
        if key not in self.fixed:
            tree, folder = self.trees.sys, f"{FOLDER}/{link.name}"
            there = (tree.integer(f"{folder}/ifindex"), (tree.value(f"{folder}/address") or b"").decode())
            if there != (link.index, link.address):
                return False
            self.fixed[key] = tuple(told(tree, folder, (link.name,), FIXED))
        return True

    def _of_link(self, tree: Tree, link: Link) -> Iterator[Sample]:
        """A device from netlink, with the little that only /sys tells."""
        labels = (link.name,)
        yield UP, labels, int(link.state == "up")
        is_real = link.is_on and link.counts["type"] != LOOPBACK
        duplex = (tree.value(f"{FOLDER}/{link.name}/duplex") or b"") if is_real else b""
        admin = "up" if link.is_on else "down"
        yield INFO, (link.address, admin, link.broadcast, link.name, duplex, link.alias, link.state), 1
        yield from self.fixed[link.name, link.index, link.address]
        for path, family in FAMILIES.items():
            if path in link.counts:
                yield family, labels, link.counts[path]
        yield from self._speed(tree, link.name, is_on=is_real)
