"""The stand-ins for macOS and Windows, fed with what psutil documents that it returns there; never run there itself."""

# ruff: noqa: PYI024 - psutil's tuples have no types either
from __future__ import annotations

import platform
import subprocess
import sys
import threading
import time
import urllib.request
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from exporter.collectors import NoData
from exporter.collectors.portable_cpu import PortableCpuCollector, PortableLoadCollector, PortableStatCollector
from exporter.collectors.portable_disks import Overtaken, PortableDiskCollector, PortableFilesystemCollector
from exporter.collectors.portable_memory import PortableMemoryCollector
from exporter.collectors.portable_network import PortableNetclassCollector, PortableNetdevCollector
from exporter.collectors.portable_processes import PortableNamedProcessCollector, PortableProcessesCollector
from exporter.collectors.portable_system import (
    PortableOsCollector,
    PortablePowerCollector,
    PortableTimeCollector,
    PortableUnameCollector,
)
from exporter.procfs import Trees
from tests.exporter.golden import kinds
from tests.exporter.page import of, page, told_now, values

TREES = Trees.below()

# psutil 7.2's own named tuples: https://psutil.readthedocs.io
MacTimes = namedtuple("MacTimes", "user nice system idle")
WindowsTimes = namedtuple("WindowsTimes", "user system idle interrupt dpc")
CpuStats = namedtuple("CpuStats", "ctx_switches interrupts soft_interrupts syscalls")
MacMemory = namedtuple("MacMemory", "total available percent used free active inactive wired")
WindowsMemory = namedtuple("WindowsMemory", "total available percent used free")
Swap = namedtuple("Swap", "total used free percent sin sout")
DiskIo = namedtuple("DiskIo", "read_count write_count read_bytes write_bytes read_time write_time")
Partition = namedtuple("Partition", "device mountpoint fstype opts")
Usage = namedtuple("Usage", "total used free percent")
NetIo = namedtuple("NetIo", "bytes_sent bytes_recv packets_sent packets_recv errin errout dropin dropout")
NicStats = namedtuple("NicStats", "isup duplex speed mtu flags")
Battery = namedtuple("Battery", "percent secsleft power_plugged")
Times = namedtuple("Times", "user system children_user children_system")
MacProcessMemory = namedtuple("MacProcessMemory", "rss vms pfaults pageins")
WindowsProcessMemory = namedtuple("WindowsProcessMemory", "rss vms num_page_faults")
WindowsIo = namedtuple("WindowsIo", "read_count write_count read_bytes write_bytes other_count other_bytes")
Switches = namedtuple("Switches", "voluntary involuntary")


def plain(found: dict[Any, float]) -> dict[str, float]:
    return {name: value for (name, _), value in found.items()}


def test_processor_time_on_macos_and_windows() -> None:
    mac = SimpleNamespace(cpu_times=lambda percpu: [MacTimes(10.5, 1.0, 4.0, 80.0), MacTimes(1.0, 0.0, 2.0, 90.0)])
    found = told_now(PortableCpuCollector(TREES, mac))
    assert of(found, "node_cpu_seconds_total", cpu="0", mode="user") == 10.5
    assert of(found, "node_cpu_seconds_total", cpu="1", mode="idle") == 90
    assert len(found) == 8
    windows = SimpleNamespace(cpu_times=lambda percpu: [WindowsTimes(10.0, 9.0, 50.0, 1.0, 2.0)])
    assert values(told_now(PortableCpuCollector(TREES, windows)), "node_cpu_seconds_total", "mode") == {
        "user": 10, "system": 6, "idle": 50, "irq": 1, "softirq": 2,
    }  # fmt: skip


def test_load_boot_time_and_the_kernels_counts() -> None:
    ps = SimpleNamespace(
        getloadavg=lambda: (1.5, 0.25, 3), boot_time=lambda: 1700000000.4, cpu_stats=lambda: CpuStats(7, 8, 9, 10)
    )
    assert plain(told_now(PortableLoadCollector(TREES, ps))) == {
        "node_load1": 1.5,
        "node_load5": 0.25,
        "node_load15": 3,
    }
    assert plain(told_now(PortableStatCollector(TREES, ps))) == {
        "node_boot_time_seconds": 1_700_000_000,
        "node_context_switches_total": 7,
        "node_intr_total": 8,
    }


def test_memory_has_linux_names_and_on_macos_darwins_too() -> None:
    swap = Swap(500, 200, 300, 40.0, 11, 12)
    mac = SimpleNamespace(
        virtual_memory=lambda: MacMemory(1000, 400, 60, 500, 100, 300, 350, 200), swap_memory=lambda: swap
    )
    collector = PortableMemoryCollector(TREES, mac, macos=True)
    linux = {"MemTotal": 1000, "MemFree": 100, "MemAvailable": 400, "SwapTotal": 500, "SwapFree": 300}
    both = linux | {
        "Active": 300, "Inactive": 350, "total": 1000, "active": 300, "inactive": 350, "wired": 200, "free": 100,
        "swap_total": 500, "swap_used": 200,
    }  # fmt: skip
    assert plain(told_now(collector)) == {f"node_memory_{name}_bytes": value for name, value in both.items()} | {
        "node_memory_swapped_in_bytes_total": 11,
        "node_memory_swapped_out_bytes_total": 12,
    }
    assert kinds(page(collector))["node_memory_swapped_in_bytes_total"] == "counter"
    windows = SimpleNamespace(virtual_memory=lambda: WindowsMemory(1000, 400, 60, 600, 100), swap_memory=lambda: swap)
    assert plain(told_now(PortableMemoryCollector(TREES, windows, macos=False))) == {
        f"node_memory_{name}_bytes": value for name, value in linux.items()
    }


def test_disks_are_told_and_none_is_no_error() -> None:
    ps = SimpleNamespace(disk_io_counters=lambda perdisk: {"disk0": DiskIo(1, 2, 3, 4, 5000, 6500)})
    assert plain(told_now(PortableDiskCollector(TREES, psutil=ps))) == {
        "node_disk_reads_completed_total": 1,
        "node_disk_read_bytes_total": 3,
        "node_disk_read_time_seconds_total": 5,
        "node_disk_writes_completed_total": 2,
        "node_disk_written_bytes_total": 4,
        "node_disk_write_time_seconds_total": 6.5,
    }
    assert told_now(PortableDiskCollector(TREES, psutil=SimpleNamespace(disk_io_counters=lambda perdisk: None))) == {}


def test_filesystems_are_told_and_an_empty_drive_says_why() -> None:
    partitions = [
        Partition("/dev/disk3s1", "/", "apfs", "ro,local,rootfs"),
        Partition("/dev/disk3s6", "/System/Volumes/VM", "apfs", "rw"),
        Partition("D:\\", "D:\\", "", "cdrom"),
    ]

    def usage(path: str) -> Usage:
        if path == "D:\\":
            raise PermissionError(13, "The device is not ready")
        return Usage(1000, 300, 700, 30.0)

    ps = SimpleNamespace(disk_partitions=lambda all: partitions, disk_usage=usage)  # noqa: A006 - psutil's own name
    found = told_now(PortableFilesystemCollector(TREES, psutil=ps))
    root = {"device": "/dev/disk3s1", "mountpoint": "/", "fstype": "apfs", "device_error": ""}
    drive = {"device": "D:\\\\", "mountpoint": "D:\\\\", "fstype": "", "device_error": "the device is not ready"}
    assert of(found, "node_filesystem_size_bytes", **root) == 1000
    assert of(found, "node_filesystem_avail_bytes", **root) == 700
    assert of(found, "node_filesystem_readonly", **root) == 1
    assert of(found, "node_filesystem_device_error", **drive) == 1
    assert len(found) == 3 + 2 + 2


def test_a_filesystem_that_never_answers_is_left_out_until_it_does() -> None:
    answered = threading.Event()

    def usage(path: str) -> Usage:
        if path == "/gone":
            answered.wait(60)
        return Usage(10, 5, 5, 50.0)

    partitions = [Partition("server:/x", "/gone", "nfs", "rw"), Partition("/dev/disk1", "/", "apfs", "rw")]
    ps = SimpleNamespace(disk_partitions=lambda all: partitions, disk_usage=usage)  # noqa: A006 - psutil's own name
    collector = PortableFilesystemCollector(TREES, psutil=ps)
    overtaken: list[Overtaken] = []

    def run() -> None:
        try:
            told_now(collector)
        except Overtaken as error:
            overtaken.append(error)

    stuck = threading.Thread(target=run)
    stuck.start()
    while not any(one.busy for one in list(collector.asked.askings.values())):
        time.sleep(0.01)
    found = told_now(collector)
    assert values(found, "node_filesystem_size_bytes", "mountpoint") == {"/": 10}
    assert values(found, "node_filesystem_device_error", "device_error") == {"mountpoint timeout": 1, "": 0}
    answered.set()
    stuck.join()
    assert len(overtaken) == 1
    assert set(values(told_now(collector), "node_filesystem_size_bytes", "mountpoint")) == {"/gone", "/"}


def test_network_devices() -> None:
    ps = SimpleNamespace(
        net_io_counters=lambda pernic, nowrap: {"en0": NetIo(1, 2, 3, 4, 5, 6, 7, 8)},
        net_if_stats=lambda: {"en0": NicStats(True, 2, 1000, 1500, ""), "lo0": NicStats(False, 0, 0, 16384, "")},
    )
    assert plain(told_now(PortableNetdevCollector(TREES, psutil=ps))) == {
        "node_network_transmit_bytes_total": 1,
        "node_network_receive_bytes_total": 2,
        "node_network_transmit_packets_total": 3,
        "node_network_receive_packets_total": 4,
        "node_network_receive_errs_total": 5,
        "node_network_transmit_errs_total": 6,
        "node_network_receive_drop_total": 7,
        "node_network_transmit_drop_total": 8,
    }
    found = told_now(PortableNetclassCollector(TREES, ps))
    assert values(found, "node_network_up", "device") == {"en0": 1, "lo0": 0}
    assert values(found, "node_network_mtu_bytes", "device") == {"en0": 1500, "lo0": 16384}
    assert values(found, "node_network_speed_bytes", "device") == {"en0": 125_000_000}


def test_which_system_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "System/Library/CoreServices"
    folder.mkdir(parents=True)
    (folder / "SystemVersion.plist").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>ProductBuildVersion</key>'
        "<string>24A335</string><key>ProductName</key><string>macOS</string><key>ProductVersion</key>"
        "<string>15.0.1</string></dict></plist>"
    )
    found = told_now(PortableOsCollector(Trees.below(rootfs=str(tmp_path)), macos=True))
    assert values(found, "node_os_info", "build_id") == {"24A335": 1}
    assert values(found, "node_os_info", "version_id") == {"15.0.1": 1}
    assert values(found, "node_os_version", "name") == {"macOS": 15.0}
    monkeypatch.setattr(platform, "win32_ver", lambda: ("11", "10.0.22631", "SP0", "Multiprocessor Free"))
    found = told_now(PortableOsCollector(TREES, macos=False))
    assert values(found, "node_os_info", "pretty_name") == {"Windows 11": 1}
    assert values(found, "node_os_version", "id") == {"windows": 10.0}
    assert values(told_now(PortableUnameCollector(TREES)), "node_uname_info", "nodename") == {platform.node(): 1}
    found = told_now(PortableTimeCollector(TREES))
    assert abs(of(found, "node_time_seconds") - time.time()) < 60
    assert set(values(found, "node_time_zone_offset_seconds", "time_zone")) == {time.localtime().tm_zone}


def test_a_battery_is_told_and_none_is_nothing_to_tell() -> None:
    found = told_now(PortablePowerCollector(TREES, SimpleNamespace(sensors_battery=lambda: Battery(87, 60, False))))
    assert plain(found) == {"node_power_supply_capacity": 87, "node_power_supply_online": 0}
    with pytest.raises(NoData):
        told_now(PortablePowerCollector(TREES, SimpleNamespace(sensors_battery=lambda: None)))


class FakeProcesses:
    """psutil's processes: what each tells, None where it refuses."""

    def __init__(self, *attributes: str) -> None:
        self.Process = type("Process", (), dict.fromkeys(attributes))
        self.processes: list[dict[str, Any]] = []

    def process_iter(self, attrs: list[str]) -> list[SimpleNamespace]:
        return [SimpleNamespace(pid=one["pid"], info={name: one.get(name) for name in attrs}) for one in self.processes]


def test_processes_by_group_on_macos() -> None:
    ps = FakeProcesses("num_ctx_switches", "num_fds")
    safari = {"pid": 5, "name": "Safari", "create_time": 1000.5, "status": "running", "num_threads": 9, "num_fds": 40}
    login = {"pid": 6, "name": "loginwindow", "create_time": 900.0, "status": "sleeping"}
    ps.processes = [
        safari | {"cpu_times": Times(1.0, 2.0, 0, 0), "memory_info": MacProcessMemory(100, 200, 10, 4)},
        login,
    ]
    collector = PortableNamedProcessCollector(TREES, psutil=ps)
    told_now(collector)
    ps.processes = [
        safari
        | {
            "cpu_times": Times(1.5, 2.25, 0, 0),
            "memory_info": MacProcessMemory(150, 200, 30, 5),
            "num_ctx_switches": Switches(8, 3),
        },
        login,
    ]
    found = told_now(collector)
    group = "namedprocess_namegroup"
    assert values(found, f"{group}_num_procs", "groupname") == {"Safari": 1, "loginwindow": 1}
    assert of(found, f"{group}_cpu_seconds_total", groupname="Safari", mode="user") == 0.5
    assert of(found, f"{group}_cpu_seconds_total", groupname="Safari", mode="system") == 0.25
    assert of(found, f"{group}_memory_bytes", groupname="Safari", memtype="resident") == 150
    assert of(found, f"{group}_minor_page_faults_total", groupname="Safari") == 19
    assert of(found, f"{group}_major_page_faults_total", groupname="Safari") == 1
    assert of(found, f"{group}_context_switches_total", groupname="Safari", ctxswitchtype="voluntary") == 8
    assert of(found, f"{group}_open_filedesc", groupname="Safari") == 40
    assert of(found, f"{group}_oldest_start_time_seconds", groupname="Safari") == 1000
    assert of(found, f"{group}_states", groupname="loginwindow", state="Sleeping") == 1
    assert of(found, "namedprocess_scrape_partial_errors") == 2
    ps.processes = [login]
    assert values(told_now(collector), f"{group}_num_procs", "groupname") == {"loginwindow": 1}
    assert plain(told_now(PortableProcessesCollector(TREES, ps))) == {
        "node_processes_pids": 1,
        "node_processes_threads": 0,
        "node_processes_state": 1,
    }


def test_processes_by_group_on_windows() -> None:
    ps = FakeProcesses("num_ctx_switches", "num_handles", "io_counters")
    one = {
        "pid": 5,
        "name": "sqlservr.exe",
        "create_time": 1000.0,
        "status": "running",
        "memory_info": WindowsProcessMemory(10, 20, 7),
        "cpu_times": Times(0.0, 0.0, 0, 0),
        "num_handles": 900,
    }
    ps.processes = [one | {"io_counters": WindowsIo(1, 1, 1000, 2000, 0, 0)}]
    collector = PortableNamedProcessCollector(TREES, psutil=ps)
    told_now(collector)
    ps.processes = [one | {"io_counters": WindowsIo(1, 1, 5000, 9000, 0, 0)}]
    found = told_now(collector)
    group = "namedprocess_namegroup"
    assert of(found, f"{group}_read_bytes_total", groupname="sqlservr.exe") == 4000
    assert of(found, f"{group}_write_bytes_total", groupname="sqlservr.exe") == 7000
    assert of(found, f"{group}_open_filedesc", groupname="sqlservr.exe") == 900


def test_of_node_exporters_darwin_families_only_those_psutil_does_not_know_are_missing(shared: Path) -> None:
    golden = kinds((shared / "data/node_exporter/e2e-output-darwin.txt").read_text())
    wanted = {name: kind for name, kind in golden.items() if name.startswith(("node_memory", "node_disk", "node_net"))}
    zero: Any = SimpleNamespace(
        virtual_memory=lambda: MacMemory(*[0] * 8),
        swap_memory=lambda: Swap(*[0] * 6),
        disk_io_counters=lambda perdisk: {"disk0": DiskIo(*[0] * 6)},
        net_io_counters=lambda pernic, nowrap: {"lo0": NetIo(*[0] * 8)},
    )
    collectors = (
        PortableMemoryCollector(TREES, zero, macos=True),
        PortableDiskCollector(TREES, psutil=zero),
        PortableNetdevCollector(TREES, psutil=zero),
    )
    told = {name: kind for collector in collectors for name, kind in kinds(page(collector)).items()}
    assert {name for name in wanted if name not in told} == {
        "node_disk_read_errors_total",
        "node_disk_read_retries_total",
        "node_disk_write_errors_total",
        "node_disk_write_retries_total",
        "node_network_noproto_total",
        "node_network_transmit_colls_total",
    }
    assert {name: told[name] for name in wanted if name in told} == {
        name: kind for name, kind in wanted.items() if name in told
    }


ELSEWHERE = """
import os, sys, psutil
sys.platform = {platform!r}
for name in {modules!r}:
    sys.modules[name] = None
for name in {functions!r}:
    delattr(os, name)
from exporter.__main__ import main
sys.exit(main(["--web.listen-address=127.0.0.1:{port}"]))
"""
LINUX_ONLY = {"darwin": ("jeepney",), "win32": ("jeepney", "resource", "fcntl", "pwd", "termios", "grp")}
POSIX_ONLY = {"darwin": ("pipe2",), "win32": ("pread", "uname", "sysconf", "O_CLOEXEC", "O_DIRECTORY", "O_NONBLOCK")}


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_the_program_starts_and_answers_without_what_only_linux_has(system: str, free_port: int) -> None:
    code = ELSEWHERE.format(platform=system, modules=LINUX_ONLY[system], functions=POSIX_ONLY[system], port=free_port)
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        text = _answer(free_port)
    finally:
        process.terminate()
        process.wait()
    lines = [line for line in text.splitlines() if line.startswith("node_scrape_collector_success")]
    successful = {line.split('"')[1] for line in lines if line.endswith(" 1")}
    assert successful >= {
        "cpu", "diskstats", "filesystem", "loadavg", "namedprocess", "netclass", "netdev", "processes", "stat", "time",
        "uname",
    }  # fmt: skip


def _answer(port: int) -> str:
    ends = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < ends, "the exporter didn't answer"
            time.sleep(0.05)
