"""The collectors: one subject a file, COLLECTORS the only list.

To add one:
1. Write `exporter/collectors/SUBJECT.py`: its `Family` constants and a frozen dataclass `SubjectCollector` with the
   field `trees: Trees` first, then its settings (`softirq: bool = setting(default=False, help_text="...")` becomes
   `--collector.SUBJECT.softirq`; see `setting`, and `exporter.selection` for include and exclude), then its memory
   (`Table`, `Listing`, dicts) as fields with `init=False`. It never parses flags, and remembers nothing that grows.
2. `collect()` gives `Block`s: `self.table.block(rows, columns)` for families that share label sets,
   `self.table.single(values)` for families without labels, `self.listing.block((family, labels, value), ...)` for the
   rest. Pass bytes of /proc on as they are where the unit is right; ints and floats are welcome too. Each family may
   stand in one block only. Text is rendered when rows change, not each time: keep the order of rows stable.
3. Read through `trees.proc`, `trees.sys` (descriptors kept open): `read` raises, `read_if_any`, `value`, `integer`,
   `names`, `attributes` cover sysfs. Nothing to watch on this host: raise `NoData`. Anything else that goes wrong:
   let it raise; the host logs it and only this collector's metrics are missing. A hang is met by the host's deadline.
4. Add one line to COLLECTORS. Optional methods: `close()` at the end of the program, `routes()` for pages of its own
   (path -> function from `Request` to `Response`, see `exporter.request`), `deadline_seconds` (see `Resuming`).
5. Test it against the fixtures: `tests/exporter/golden.py` compares a collector with node_exporter's own output.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from importlib import import_module
from typing import Any, Protocol, TypeVar, runtime_checkable

from exporter.exposition import Block
from exporter.flags import Flag, Setting
from exporter.procfs import Trees
from exporter.request import Request, Response

T = TypeVar("T", str, bool, int, float, timedelta, re.Pattern[str], tuple[str, ...])


class NoData(Exception):
    """There is nothing of this kind on this host: success 0, and nothing worth a warning."""


class Collector(Protocol):
    """Reads one subject of the host."""

    def collect(self) -> Iterable[Block]:
        """All samples of now. NoData when the host has no such thing."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A collector with threads, processes or connections of its own."""

    def close(self) -> None: ...


@runtime_checkable
class Resuming(Protocol):
    """A collector that knows which of its parts hang: `collect()` may be begun again while an earlier run still does.

    It is begun again on another thread after `deadline_seconds`; the earlier run has to touch nothing when it wakes.
    """

    @property
    def deadline_seconds(self) -> float: ...


@runtime_checkable
class Routed(Protocol):
    """A collector with pages of its own beside /metrics."""

    def routes(self) -> Mapping[str, Callable[[Request], Response]]: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a collector is: "module:Class" below this package; `elsewhere` is its stand-in off Linux."""

    target: str
    default_on: bool = True
    elsewhere: str = ""

    @property
    def here(self) -> str:
        """The class for this operating system; empty when there is none."""
        return self.target if sys.platform == "linux" else self.elsewhere


COLLECTORS: Mapping[str, Listed] = {
    "arp": Listed("arp:ArpCollector"),
    "bcache": Listed("bcache:BcacheCollector"),
    "bcachefs": Listed("bcachefs:BcachefsCollector"),
    "bonding": Listed("bonding:BondingCollector"),
    "btrfs": Listed("btrfs:BtrfsCollector"),
    "buddyinfo": Listed("buddyinfo:BuddyinfoCollector", default_on=False),
    "cgroups": Listed("cgroups:CgroupsCollector", default_on=False),
    "conntrack": Listed("conntrack:ConntrackCollector"),
    "cpu": Listed("cpu:CpuCollector", elsewhere="portable_cpu:PortableCpuCollector"),
    "cpu_vulnerabilities": Listed("cpu_vulnerabilities:CpuVulnerabilitiesCollector", default_on=False),
    "cpufreq": Listed("cpufreq:CpufreqCollector"),
    "diskstats": Listed("diskstats:DiskstatsCollector", elsewhere="portable_disks:PortableDiskCollector"),
    "dmi": Listed("dmi:DmiCollector"),
    "dmmultipath": Listed("dmmultipath:DmMultipathCollector"),
    "drbd": Listed("drbd:DrbdCollector", default_on=False),
    "drm": Listed("drm:DrmCollector", default_on=False),
    "edac": Listed("edac:EdacCollector"),
    "entropy": Listed("entropy:EntropyCollector"),
    "fibrechannel": Listed("fibrechannel:FibrechannelCollector"),
    "filefd": Listed("filefd:FileDescriptorCollector"),
    "filesystem": Listed("filesystem:FilesystemCollector", elsewhere="portable_disks:PortableFilesystemCollector"),
    "gpu": Listed("gpu:GpuCollector", elsewhere="gpu:GpuCollector"),
    "hwmon": Listed("hwmon:HwmonCollector"),
    "infiniband": Listed("infiniband:InfinibandCollector"),
    "interrupts": Listed("interrupts:InterruptsCollector"),
    "ipvs": Listed("ipvs:IpvsCollector"),
    "kernel_hung": Listed("kernel_hung:KernelHungCollector"),
    "ksmd": Listed("ksmd:KsmdCollector", default_on=False),
    "lnstat": Listed("lnstat:LnstatCollector", default_on=False),
    "loadavg": Listed("loadavg:LoadAverageCollector", elsewhere="portable_cpu:PortableLoadCollector"),
    "logs": Listed("logs:LogsCollector"),
    "mdadm": Listed("mdadm:MdadmCollector"),
    "meminfo": Listed("meminfo:MeminfoCollector", elsewhere="portable_memory:PortableMemoryCollector"),
    "meminfo_numa": Listed("meminfo_numa:MeminfoNumaCollector", default_on=False),
    "mountstats": Listed("mountstats:MountstatsCollector", default_on=False),
    "namedprocess": Listed(
        "namedprocess:NamedProcessCollector", elsewhere="portable_processes:PortableNamedProcessCollector"
    ),
    "netclass": Listed("netclass:NetclassCollector", elsewhere="portable_network:PortableNetclassCollector"),
    "netdev": Listed("netdev:NetdevCollector", elsewhere="portable_network:PortableNetdevCollector"),
    "netstat": Listed("netstat:NetstatCollector"),
    "nfs": Listed("nfs:NfsCollector"),
    "nfsd": Listed("nfsd:NfsdCollector"),
    "nvme": Listed("nvme:NvmeCollector"),
    "nvme_wear": Listed("nvme_wear:NvmeWearCollector"),
    "nvmesubsystem": Listed("nvmesubsystem:NvmeSubsystemCollector", default_on=False),
    "os": Listed("os:OsCollector", elsewhere="portable_system:PortableOsCollector"),
    "pcidevice": Listed("pcidevice:PciDeviceCollector", default_on=False),
    "powersupplyclass": Listed(
        "powersupplyclass:PowerSupplyCollector", elsewhere="portable_system:PortablePowerCollector"
    ),
    "pressure": Listed("pressure:PressureCollector"),
    "probes": Listed("probes:ProbesCollector", elsewhere="probes:ProbesCollector"),
    "processes": Listed("processes:ProcessesCollector", elsewhere="portable_processes:PortableProcessesCollector"),
    "qdisc": Listed("qdisc:QdiscCollector", default_on=False),
    "rapl": Listed("rapl:RaplCollector"),
    "schedstat": Listed("schedstat:SchedstatCollector"),
    "selinux": Listed("selinux:SelinuxCollector"),
    "slabinfo": Listed("slabinfo:SlabinfoCollector", default_on=False),
    "sockstat": Listed("sockstat:SockstatCollector"),
    "softirqs": Listed("softirqs:SoftirqsCollector", default_on=False),
    "softnet": Listed("softnet:SoftnetCollector"),
    "stat": Listed("stat:StatCollector", elsewhere="portable_cpu:PortableStatCollector"),
    "swap": Listed("swap:SwapCollector", default_on=False),
    "sysctl": Listed("sysctl:SysctlCollector", default_on=False),
    "systemd": Listed("systemd:SystemdCollector", default_on=False),
    "tapestats": Listed("tapestats:TapestatsCollector"),
    "tcpstat": Listed("tcpstat:TcpstatCollector"),
    "textfile": Listed("textfile:TextfileCollector"),
    "thermal_zone": Listed("thermal_zone:ThermalZoneCollector"),
    "time": Listed("time:TimeCollector", elsewhere="portable_system:PortableTimeCollector"),
    "timex": Listed("timex:TimexCollector"),
    "udp_queues": Listed("udp_queues:UdpQueuesCollector"),
    "uname": Listed("uname:UnameCollector", elsewhere="portable_system:PortableUnameCollector"),
    "vmstat": Listed("vmstat:VmstatCollector"),
    "watchdog": Listed("watchdog:WatchdogCollector"),
    "wifi": Listed("wifi:WifiCollector", default_on=False),
    "xfrm": Listed("xfrm:XfrmCollector", default_on=False),
    "xfs": Listed("xfs:XfsCollector"),
    "zfs": Listed("zfs:ZfsCollector"),
    "zoneinfo": Listed("zoneinfo:ZoneinfoCollector", default_on=False),
}


@dataclass(frozen=True, slots=True)
class Declared:
    """A setting of a collector's: which flag sets which field."""

    field: str
    flag: Flag


def setting(default: T, help_text: str, flag: str = "") -> T:
    """A field that users may set. Its flag is `--collector.NAME.field-name`, unless `flag` gives another ending.

    A flag that begins with `--` stands as it is. The default's type says how it is written: text, switch, number,
    duration (`5s`), regular expression (`re.compile("")`), or a tuple for a flag that may be given several times.
    """
    declared: T = field(default=default, metadata={"help": help_text, "flag": flag})
    return declared


def load(name: str) -> type[Any]:
    """The collector's class; imports its module. KeyError when there is none of that name for this system."""
    module, _, cls = COLLECTORS[name].here.partition(":")
    if not cls:
        raise KeyError(name)
    found: type[Any] = getattr(import_module(f"{__name__}.{module}"), cls)
    return found


def declared(name: str) -> list[Declared]:
    """The settings of one collector."""
    settable = [one for one in fields(load(name)) if "flag" in one.metadata]
    return [Declared(one.name, _flag(name, one)) for one in settable]


def subject(name: str) -> str:
    """What a collector tells about: the first line of its module."""
    return (sys.modules[load(name).__module__].__doc__ or "").partition("\n")[0]


def build(name: str, trees: Trees, settings: Mapping[str, Setting]) -> Collector:
    """The collector with its settings, by field name."""
    collector: Collector = load(name)(trees, **settings)
    return collector


def _flag(name: str, one: Field[Any]) -> Flag:
    ending = one.metadata["flag"] or one.name.replace("_", "-")
    default: Any = one.default
    return Flag(ending if ending.startswith("--") else f"--collector.{name}.{ending}", default, one.metadata["help"])
