"""What the first Linux collectors do beyond the golden fixtures: counters that fall, mounts that hang, odd files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from exporter.collectors import NoData, build
from exporter.collectors.filesystem import FilesystemCollector
from exporter.exposition import Rules
from exporter.procfs import Trees
from exporter.settings import parse
from tests.exporter.golden import samples
from tests.exporter.serving import serving

Told = Callable[..., dict[str, float]]
MOUNTINFO = (
    "21 27 0:20 / /proc rw - proc proc rw\n"
    "27 1 254:0 / {root} rw,relatime - ext4 /dev/vda rw\n"
    "28 27 254:0 /x {root} rw,relatime - ext4 /dev/vda rw\n"
    "30 27 0:40 / {root}/a\\040b\\134 ro,relatime - tmpfs tm\\011pfs rw\n"
    "31 27 0:41 / {root}/gone rw - ext4 /dev/gone rw\n"
)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """An empty /proc and /sys to fill."""
    for name in ("proc", "sys", "root"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def told(host: Path) -> Told:
    """What a collector tells of that host, each time it is asked: samples as text, without their values."""
    collectors = {}

    def tell(name: str, *flags: str) -> dict[str, float]:
        if name not in collectors:
            settings = parse(["--collector.disable-defaults", f"--collector.{name}", *flags])
            trees = Trees.below(f"{host}/proc", f"{host}/sys", f"{host}/root", f"{host}/udev")
            collectors[name] = build(name, trees, settings.collectors[name])
        rules = Rules(owner=name)
        text = b"".join(b.layout.render(b.values, openmetrics=False, rules=rules) for b in collectors[name].collect())
        return {shown(series): value for series, value in samples(text.decode()).items()}

    return tell


def shown(series: tuple[str, frozenset[tuple[str, str]]]) -> str:
    name, labels = series
    return f"{name} {' '.join(value for _, value in sorted(labels))}".strip()


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def stat(*cpus: str) -> str:
    return (
        "cpu  0\n"
        + "".join(f"{line}\n" for line in cpus)
        + "intr 5 0\nctxt 7\nbtime 9\nprocesses 3\nprocs_running 1\nprocs_blocked 0\n"
    )


def test_processor_times_never_fall(host: Path, told: Told) -> None:
    write(host, {"proc/stat": stat("cpu0 100 200 300 1000 50 6 7 8 9 10")})
    assert told("cpu")["node_cpu_seconds_total 0 iowait"] == 0.5
    write(host, {"proc/stat": stat("cpu0 101 200 300 999 45 6 7 8 9 10")})
    after = told("cpu")
    assert after["node_cpu_seconds_total 0 user"] == 1.01
    assert after["node_cpu_seconds_total 0 idle"] == 10.0
    assert after["node_cpu_seconds_total 0 iowait"] == 0.5
    write(host, {"proc/stat": stat("cpu0 102 200 300 1001 55 6 7 8 9 10")})
    assert told("cpu")["node_cpu_seconds_total 0 iowait"] == 0.55


def test_a_processor_that_was_unplugged_starts_anew(host: Path, told: Told) -> None:
    write(host, {"proc/stat": stat("cpu0 100 0 0 1000 0 0 0 0 0 0", "cpu1 100 0 0 1000 0 0 0 0 0 0")})
    told("cpu")
    write(host, {"proc/stat": stat("cpu0 99 0 0 1001 0 0 0 0 0 0", "cpu1 3 0 0 4 0 0 0 0 0 0")})
    after = told("cpu")
    assert after["node_cpu_seconds_total 0 user"] == 1.0
    assert after["node_cpu_seconds_total 1 user"] == 0.03
    assert after["node_cpu_seconds_total 1 idle"] == 0.04


def test_an_old_kernels_missing_modes_are_zero(host: Path, told: Told) -> None:
    write(host, {"proc/stat": stat("cpu0 100 200 300 1000")})
    assert told("cpu")["node_cpu_seconds_total 0 steal"] == 0
    assert told("cpu")["node_cpu_guest_seconds_total 0 nice"] == 0


def test_a_processor_may_come_and_go(host: Path, told: Told) -> None:
    write(host, {"proc/stat": stat("cpu0 1 0 0 0 0 0 0 0 0 0")})
    told("cpu")
    write(host, {"proc/stat": stat("cpu0 1 0 0 0 0 0 0 0 0 0", "cpu7 5 0 0 0 0 0 0 0 0 0")})
    assert told("cpu")["node_cpu_seconds_total 7 user"] == 0.05
    write(host, {"proc/stat": stat("cpu7 6 0 0 0 0 0 0 0 0 0")})
    assert {series.split()[1] for series in told("cpu")} == {"7"}


def test_filesystems_are_told_once_with_plain_names_and_failures(host: Path, told: Told) -> None:
    root = host / "root"
    (root / "a b\\").mkdir()
    write(host, {"proc/1/mountinfo": MOUNTINFO.format(root=root)})
    found = told("filesystem")
    status = os.statvfs(root)
    assert found["node_filesystem_size_bytes /dev/vda  ext4 /"] == status.f_blocks * status.f_bsize
    assert found["node_filesystem_readonly /dev/vda  ext4 /"] == 0
    assert found["node_filesystem_readonly tm\tpfs  tmpfs /a b\\\\"] == 1
    assert found["node_filesystem_device_error /dev/gone no such file or directory ext4 /gone"] == 1
    assert found["node_filesystem_mount_info /dev/vda 254 0 /"] == 1
    assert "node_filesystem_size_bytes /dev/gone  ext4 /gone" not in found
    assert not [series for series in found if "/proc" in series]


def test_mounts_that_come_and_go_are_seen(host: Path, told: Told) -> None:
    write(host, {"proc/1/mountinfo": MOUNTINFO.format(root=host / "root")})
    told("filesystem")
    write(host, {"proc/1/mountinfo": ""})
    assert told("filesystem") == {}


def test_where_the_mounts_of_init_are_hidden_its_own_are_told(host: Path, told: Told) -> None:
    write(host, {"proc/self/mountinfo": f"27 1 254:0 / {host}/root rw - ext4 /dev/vda rw\n"})
    assert told("filesystem")["node_filesystem_device_error /dev/vda  ext4 /"] == 0


def test_a_mount_that_never_answers_is_told_and_left_alone_until_it_does(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No filesystem can be made to hang without root, so the system call is what hangs here."""
    release, asked = threading.Event(), []
    real = os.statvfs

    def statvfs(path: bytes) -> os.statvfs_result:
        asked.append(path)
        if path.endswith(b"/dead"):
            release.wait(20)
        return real(path)

    monkeypatch.setattr(os, "statvfs", statvfs)
    root = host / "root"
    (root / "dead").mkdir()
    line = "27 1 254:0 / {} rw - {} {} rw\n"
    mounts = line.format(f"{root}/dead", "nfs4", "server:/") + line.format(root, "ext4", "/dev/vda")
    write(host, {"proc/1/mountinfo": mounts})
    trees = Trees.below(f"{host}/proc", f"{host}/sys", f"{host}/root")
    collector = FilesystemCollector(trees, mount_timeout=parse(["--collector.deadline=200ms"]).collector_deadline)
    with serving({"filesystem": collector}) as served:
        pages = [served.get()[1].decode() for _ in range(3)]
        hung = [thread for thread in threading.enumerate() if thread.name == "collect"]
        release.set()
        while len([thread for thread in threading.enumerate() if thread.name == "collect"]) > 1:
            hung[0].join(0.01)
        after = served.get()[1].decode()
    for page in pages:
        assert 'fstype="nfs4",device_error="mountpoint timeout"} 1' in page
        assert 'node_filesystem_avail_bytes{device="/dev/vda"' in page
        assert 'node_scrape_collector_success{collector="filesystem"} 1' in page
    assert len(hung) == 2
    assert [path for path in asked if path.endswith(b"/dead")] == [os.fsencode(f"{root}/dead")] * 2
    assert 'node_filesystem_device_error{device="server:/",mountpoint="/dead",fstype="nfs4",device_error=""} 0' in after


def test_disks_are_told_as_far_as_the_kernel_counts(host: Path, told: Told) -> None:
    lines = (
        "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n"
        "   8      16 sdb 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
        "   8      32 sdc 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
        "   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11\n"
    )
    write(host, {"proc/diskstats": lines, "sys/block/sda/queue/rotational": "1\n"})
    found = told("diskstats")
    assert found["node_disk_read_bytes_total sda"] == 3 * 512
    assert found["node_disk_io_time_seconds_total sdb"] == 0.01
    assert {series.split()[1] for series in found if "discards" in series} == {"sdb", "sdc"}
    assert {series.split()[1] for series in found if "flush" in series} == {"sdc"}
    assert found["node_disk_info sda 8 0    1"] == 1
    assert not [series for series in found if "sda1" in series]


def test_what_udev_learns_later_is_told_later(host: Path, told: Told) -> None:
    write(host, {"proc/diskstats": "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n"})
    assert [series for series in told("diskstats") if series.startswith("node_disk_info")] == [
        "node_disk_info sda 8 0    0"
    ]
    write(host, {"udev/b8:0": "E:ID_MODEL=Disk\nE:ID_FS_TYPE=ext4\nG:systemd\n"})
    found = told("diskstats")
    assert [series for series in found if series.startswith("node_disk_info")] == ["node_disk_info sda 8 0 Disk   0"]
    assert found["node_disk_filesystem_info sda ext4"] == 1


def test_network_devices_are_chosen_by_pattern(host: Path, told: Told) -> None:
    head = "Inter-|   Receive  |  Transmit\n face |bytes    packets|bytes\n"
    numbers = " ".join(str(n) for n in range(1, 17))
    write(
        host,
        {
            "proc/net/dev": f"{head}    lo: {numbers}\n  eth0:{numbers}\n",
            "sys/class/net/lo/statistics/rx_nohandler": "5\n",
        },
    )
    found = told("netdev", "--collector.netdev.device-exclude=^eth")
    assert found["node_network_receive_bytes_total lo"] == 1
    assert found["node_network_transmit_compressed_total lo"] == 16
    assert found["node_network_receive_nohandler_total lo"] == 5
    assert not [series for series in found if "eth0" in series]


def test_without_proc_net_dev_the_kernel_is_asked(host: Path, told: Told) -> None:
    found = told("netdev", "--collector.netdev.device-include=^lo$")
    assert found["node_network_receive_bytes_total lo"] == found["node_network_transmit_bytes_total lo"]
    assert found["node_network_receive_nohandler_total lo"] == 0
    assert len(found) == 17


def test_each_counter_of_a_device_can_be_told_by_itself(host: Path, told: Told) -> None:
    found = told("netdev", "--collector.netdev.enable-detailed-metrics", "--collector.netdev.device-include=^lo$")
    assert found["node_network_receive_missed_errors_total lo"] == 0
    assert found["node_network_receive_packets_total lo"] == found["node_network_transmit_packets_total lo"]
    assert len(found) == 24


def test_addresses_of_devices_can_be_told(host: Path, told: Told) -> None:
    found = told("netdev", "--collector.netdev.address-info")
    assert found["node_network_address_info 127.0.0.1 lo 8 link-local"] == 1


def test_a_process_may_be_called_anything(host: Path, told: Told) -> None:
    fields = "1 1 1 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 {} 0 1 1 1"
    write(
        host,
        {
            "proc/1/stat": f"1 (a) R (b) S {fields.format(1)}",
            "proc/2/stat": f"2 ((sd-pam)) D {fields.format(3)}",
            "proc/2/task/2/stat": f"2 (x) D {fields.format(3)}",
            "proc/2/task/3/stat": f"3 (x) S {fields.format(3)}",
            "proc/2/task/4/stat": f"4 (y z) R {fields.format(3)}",
            "proc/self/task/1/stat": "",
            "proc/sys/kernel/pid_max": "32768\n",
            "proc/sys/kernel/threads-max": "9000\n",
        },
    )
    assert told("processes") == {
        "node_processes_pids": 2,
        "node_processes_threads": 4,
        "node_processes_max_processes": 32768,
        "node_processes_max_threads": 9000,
        "node_processes_state D": 1,
        "node_processes_state S": 1,
        "node_processes_threads_state D": 1,
        "node_processes_threads_state S": 2,
        "node_processes_threads_state R": 1,
    }


def test_os_release_is_read_again_when_it_changes(host: Path, told: Told) -> None:
    with pytest.raises(NoData):
        told("os")
    write(host, {"root/etc/os-release": "NAME='Some Linux'\nID=some\nVERSION_ID=\"12.5.1\"\nSUPPORT_END=2030-01-01\n"})
    found = told("os")
    assert found["node_os_version some  Some Linux"] == 12.5
    assert found["node_os_support_end_timestamp_seconds"] == 1893456000
    write(host, {"root/etc/os-release": 'NAME="Say \\"hi\\""\nID=other\nVERSION_ID=rolling\n'})
    assert [*told("os")] == ['node_os_info  other    Say \\"hi\\"      rolling']


def test_memory_lines_become_families_as_they_are_named(host: Path, told: Told) -> None:
    write(host, {"proc/meminfo": "MemTotal:  10 kB\nActive(anon):   2 kB\nHugePages_Total:   3\n"})
    assert told("meminfo") == {
        "node_memory_MemTotal_bytes": 10240,
        "node_memory_Active_anon_bytes": 2048,
        "node_memory_HugePages_Total": 3,
    }


def test_a_truncated_file_is_a_failure_and_no_invention(host: Path, told: Told) -> None:
    write(host, {"proc/loadavg": "0.1 0.2", "proc/stat": "cpu  1", "proc/vmstat": "pgpgin", "proc/diskstats": "8 0"})
    for name in ("loadavg", "stat", "vmstat", "diskstats"):
        with pytest.raises((ValueError, KeyError, IndexError)):
            told(name)
