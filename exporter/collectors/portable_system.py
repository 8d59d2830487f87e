"""Which system this is, its clock and its battery: for macOS and Windows."""

from __future__ import annotations

import platform
import plistlib
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.collectors import NoData
from exporter.collectors.portable import on_macos, psutil_module
from exporter.exposition import Block, Family, Listing, Table
from exporter.procfs import Trees

UNAME_LABELS = ("domainname", "machine", "nodename", "release", "sysname", "version")
UNAME = Family("node_uname_info", "What uname(2) says of the system.", labels=UNAME_LABELS)
SECONDS = Family("node_time_seconds", "System time in seconds since the epoch.")
OFFSET = Family("node_time_zone_offset_seconds", "How far the local time zone is ahead of UTC.", labels=("time_zone",))
OS_LABELS = ("build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id",
             "version", "version_codename", "version_id")  # fmt: skip
OS = Family("node_os_info", "What the operating system says of itself.", labels=OS_LABELS)
OS_VERSION = Family("node_os_version", "The major and minor part of its version.", labels=("id", "id_like", "name"))
SUPPLY = ("power_supply",)
CAPACITY = Family("node_power_supply_capacity", "Charge of a battery, percent.", labels=SUPPLY)
ONLINE = Family("node_power_supply_online", "Whether the mains are there.", labels=SUPPLY)
PLIST = "System/Library/CoreServices/SystemVersion.plist"


@dataclass(frozen=True, slots=True)
class PortableUnameCollector:
    """Source: platform.uname()."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(UNAME), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        uname = platform.uname()
        row = ("(none)", uname.machine, uname.node, uname.release, uname.system, uname.version)
        return [self.table.block([row], [[1]])]


@dataclass(frozen=True, slots=True)
class PortableTimeCollector:
    """Source: the clock."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        here = time.localtime()
        return [self.listing.block([(SECONDS, (), time.time()), (OFFSET, (here.tm_zone,), here.tm_gmtoff)])]


@dataclass(frozen=True, slots=True)
class PortableOsCollector:
    """Source: SystemVersion.plist on macOS, platform.win32_ver() on Windows."""

    trees: Trees
    macos: bool = field(default_factory=on_macos)
    info: Table = field(default_factory=lambda: Table(OS), init=False, repr=False)
    version: Table = field(default_factory=lambda: Table(OS_VERSION), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        said = self._macos() if self.macos else _windows()
        yield self.info.block([tuple(said.get(label, "") for label in OS_LABELS)], [[1]])
        number = re.match(r"\d+(\.\d+)?", said.get("version_id", ""))
        if number:
            yield self.version.block([(said.get("id", ""), "", said["name"])], [[float(number[0])]])

    def _macos(self) -> Mapping[str, str]:
        found = plistlib.loads(self.trees.root.read(PLIST))
        version, build = str(found.get("ProductVersion", "")), str(found.get("ProductBuildVersion", ""))
        return {"name": str(found.get("ProductName", "macOS")), "version": version, "version_id": version,
                "build_id": build}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PortablePowerCollector:
    """Source: psutil.sensors_battery()."""

    trees: Trees
    psutil: Any = field(default_factory=psutil_module)
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        battery = self.psutil.sensors_battery()
        if battery is None:
            raise NoData("there is no battery")
        samples = [(CAPACITY, ("battery",), battery.percent)]
        if battery.power_plugged is not None:
            samples.append((ONLINE, ("mains",), int(battery.power_plugged)))
        return [self.listing.block(samples)]


def _windows() -> Mapping[str, str]:
    release, version, _, _ = platform.win32_ver()
    return {"id": "windows", "name": "Windows", "pretty_name": f"Windows {release}", "version": version,
            "version_id": version}  # fmt: skip
