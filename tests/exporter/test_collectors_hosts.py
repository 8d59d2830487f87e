"""Collectors on hosts that node_exporter's fixtures don't show: other kernels, devices that come, go or won't tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.collectors import NoData, build
from exporter.exposition import Rules
from exporter.procfs import Trees
from tests.exporter.golden import samples, told

HEADERS = "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 1 2\n"
SNMP = "Tcp: MaxConn InSegs\nTcp: -1 77\n"
SNMP6 = "Ip6InOctets                     \t460\nUdp6NoPorts                     \t3\n"
LINK = {
    "address": "02:fc:00:00:00:01",
    "broadcast": "ff:ff:ff:ff:ff:ff",
    "ifalias": "",
    "ifindex": "2",
    "mtu": "1500",
    "carrier": "1",
    "operstate": "up",
    "duplex": "full",
    "speed": "1000",
    "flags": "0x1003",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (root / "proc").mkdir(exist_ok=True)
    (root / "sys").mkdir(exist_ok=True)
    return root


def values(name: str, root: Path, *flags: str) -> dict[str, float]:
    """The samples of one collector, written as on the page with their labels in order."""
    found = samples(told(name, root, *flags))
    return {
        f"{family}{{{','.join(f'{label}={value}' for label, value in sorted(labels))}}}" if labels else family: number
        for (family, labels), number in found.items()
    }


def test_netstat_tells_of_its_fields_without_ipv6(tmp_path: Path) -> None:
    root = write(tmp_path, {"proc/net/netstat": HEADERS, "proc/net/snmp": SNMP})
    assert values("netstat", root) == {
        "node_netstat_TcpExt_SyncookiesSent": 1,
        "node_netstat_TcpExt_ListenDrops": 2,
        "node_netstat_Tcp_MaxConn": -1,
        "node_netstat_Tcp_InSegs": 77,
    }


def test_netstat_learns_anew_when_the_lines_change(tmp_path: Path) -> None:
    root = write(tmp_path, {"proc/net/netstat": HEADERS, "proc/net/snmp": SNMP, "proc/net/snmp6": SNMP6})
    trees = Trees.below(f"{root}/proc", f"{root}/sys")
    collector = build("netstat", trees, {})

    def told_now() -> str:
        return b"".join(
            b.layout.render(b.values, openmetrics=False, rules=Rules()) for b in collector.collect()
        ).decode()

    assert samples(told_now())["node_netstat_Ip6_InOctets", frozenset()] == 460
    write(root, {"proc/net/snmp6": SNMP6.replace("Ip6InOctets", "Ip6InMsgs") + "Ip6OutOctets 9\n"})
    found = samples(told_now())
    assert ("node_netstat_Ip6_InOctets", frozenset()) not in found
    assert found["node_netstat_Ip6_OutOctets", frozenset()] == 9
    assert found["node_netstat_Udp6_NoPorts", frozenset()] == 3
    write(root, {"proc/net/netstat": "TcpExt: ListenDrops\nTcpExt: 5\n"})
    found = samples(told_now())
    assert found["node_netstat_TcpExt_ListenDrops", frozenset()] == 5
    assert ("node_netstat_TcpExt_SyncookiesSent", frozenset()) not in found


def test_a_device_that_is_off_isnt_asked_for_its_link(tmp_path: Path) -> None:
    root = write(tmp_path, {f"sys/class/net/eth0/{name}": f"{text}\n" for name, text in LINK.items()})
    assert values("netclass", root)["node_network_carrier{device=eth0}"] == 1
    assert values("netclass", root)["node_network_speed_bytes{device=eth0}"] == 125_000_000
    write(root, {"sys/class/net/eth0/flags": "0x1002\n", "sys/class/net/eth0/operstate": "down\n"})
    assert values("netclass", root) == {
        "node_network_up{device=eth0}": 0,
        "node_network_info{address=02:fc:00:00:00:01,adminstate=down,broadcast=ff:ff:ff:ff:ff:ff,device=eth0,"
        "duplex=,ifalias=,operstate=down}": 1,
        "node_network_flags{device=eth0}": 4098,
        "node_network_iface_id{device=eth0}": 2,
        "node_network_mtu_bytes{device=eth0}": 1500,
    }


def test_an_unknown_speed_is_told_unless_the_user_says_so(tmp_path: Path) -> None:
    files = {f"sys/class/net/eth0/{name}": f"{text}\n" for name, text in LINK.items()}
    root = write(tmp_path, files | {"sys/class/net/eth0/speed": "-1\n"})
    assert values("netclass", root)["node_network_speed_bytes{device=eth0}"] == -125_000
    quiet = values("netclass", root, "--collector.netclass.ignore-invalid-speed")
    assert "node_network_speed_bytes{device=eth0}" not in quiet


def test_softnet_names_the_processor_that_the_line_is_of(tmp_path: Path) -> None:
    lines = "0000000a" + " 00000000" * 11 + " 00000000\n" + "0000000b" + " 00000000" * 11 + " 00000003\n"
    found = values("softnet", write(tmp_path, {"proc/net/softnet_stat": lines}))
    assert found["node_softnet_processed_total{cpu=0}"] == 10
    assert found["node_softnet_processed_total{cpu=3}"] == 11


def test_columns_that_an_old_kernel_lacks_are_zero(tmp_path: Path) -> None:
    found = values("softnet", write(tmp_path, {"proc/net/softnet_stat": "0000000a" + " 00000001" * 8 + "\n"}))
    assert found["node_softnet_cpu_collision_total{cpu=0}"] == 1
    assert found["node_softnet_received_rps_total{cpu=0}"] == 0


def test_tracked_connections_are_told_without_their_statistics(tmp_path: Path) -> None:
    files = {"proc/sys/net/netfilter/nf_conntrack_count": "7\n", "proc/sys/net/netfilter/nf_conntrack_max": "65536\n"}
    assert values("conntrack", write(tmp_path, files)) == {
        "node_nf_conntrack_entries": 7,
        "node_nf_conntrack_entries_limit": 65536,
    }


def test_chips_of_one_device_are_told_apart_by_name(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "sys/devices/platform/board/hwmon/hwmon0/name": "cpu\n",
            "sys/devices/platform/board/hwmon/hwmon0/temp1_input": "40000\n",
            "sys/devices/platform/board/hwmon/hwmon1/name": "disk\n",
            "sys/devices/platform/board/hwmon/hwmon1/temp1_input": "30000\n",
            "sys/devices/platform/board/hwmon/hwmon1/temp1_fault": "broken\n",
        },
    )
    (root / "sys/class/hwmon").mkdir(parents=True)
    for name in ("hwmon0", "hwmon1"):
        (root / f"sys/class/hwmon/{name}").symlink_to(f"../../devices/platform/board/hwmon/{name}")
        (root / f"sys/devices/platform/board/hwmon/{name}/device").symlink_to("../..")
    found = values("hwmon", root)
    assert found["node_hwmon_temp_celsius{chip=platform_board_cpu,sensor=temp1}"] == 40
    assert found["node_hwmon_temp_celsius{chip=platform_board_disk,sensor=temp1}"] == 30
    assert not [name for name in found if "fault" in name]


def test_sensors_can_be_chosen(tmp_path: Path) -> None:
    files = {
        "sys/class/hwmon/hwmon0/name": "nct",
        "sys/class/hwmon/hwmon0/in0_input": "1200",
        "sys/class/hwmon/hwmon0/in1_input": "3300",
    }
    found = values("hwmon", write(tmp_path, files), "--collector.hwmon.sensor-exclude=nct;in0")
    assert found == {
        "node_hwmon_chip_names{chip=nct,chip_name=nct}": 1,
        "node_hwmon_in_volts{chip=nct,sensor=in1}": 3.3000000000000003,
    }


def test_interrupts_that_never_came_can_be_left_out(tmp_path: Path) -> None:
    content = "           CPU0       CPU1\n 0: 18 0  IO-APIC   2-edge      timer\nERR: 0\nNMI: 0 4   Non-maskable\n"
    root = write(tmp_path, {"proc/interrupts": content})
    assert values("interrupts", root, "--no-collector.interrupts.include-zeros") == {
        "node_interrupts_total{cpu=0,devices=2-edge timer,info=IO-APIC,type=0}": 18,
        "node_interrupts_total{cpu=1,devices=,info=Non-maskable,type=NMI}": 4,
    }
    assert values("interrupts", root, "--collector.interrupts.name-include=^NMI;") == {
        "node_interrupts_total{cpu=0,devices=,info=Non-maskable,type=NMI}": 0,
        "node_interrupts_total{cpu=1,devices=,info=Non-maskable,type=NMI}": 4,
    }


def test_a_raid_that_is_reshaped_says_how_far_it_is(tmp_path: Path) -> None:
    content = (
        "Personalities : [raid5]\n"
        "md0 : active raid5 sdd1[3] sdc1[2] sdb1[1] sda1[0]\n"
        "      976630272 blocks super 1.2 level 5, 512k chunk, algorithm 2 [4/4] [UUUU]\n"
        "      [===>.................]  reshape = 15.3% (149846528/976630272) finish=712.0min speed=19349K/sec\n"
        "\n"
        "unused devices: <none>\n"
    )
    found = values("mdadm", write(tmp_path, {"proc/mdstat": content}))
    assert found["node_md_blocks_synced{device=md0}"] == 149846528
    assert found["node_md_disks{device=md0,state=active}"] == 4
    assert found["node_md_state{device=md0,state=active}"] == 0
    assert found["node_md_state{device=md0,state=resync}"] == 1


def test_a_host_without_arrays_tells_of_none(tmp_path: Path) -> None:
    assert values("mdadm", write(tmp_path, {"proc/mdstat": "Personalities :\nunused devices: <none>\n"})) == {}


def test_a_sysctl_that_isnt_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"kernel/no_such"):
        values("sysctl", write(tmp_path, {}), "--collector.sysctl.include=kernel.no_such")


def test_selinux_tells_its_modes(tmp_path: Path) -> None:
    files = {
        "sys/fs/selinux/enforce": "0",
        "etc/selinux/config": "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
    }
    assert values("selinux", write(tmp_path, files), f"--path.rootfs={tmp_path}") == {
        "node_selinux_enabled": 1,
        "node_selinux_config_mode": 1,
        "node_selinux_current_mode": 0,
    }
    (tmp_path / "sys/fs/selinux/enforce").unlink()
    assert values("selinux", tmp_path) == {"node_selinux_enabled": 0}


def test_load_balanced_servers_can_be_added_up(fixtures: Path) -> None:
    found = values("ipvs", fixtures, "--collector.ipvs.backend-labels=proto")
    assert found["node_ipvs_backend_weight{proto=FWM}"] == 120
    assert found["node_ipvs_backend_connections_active{proto=TCP}"] == 3741


def test_energy_of_all_zones_can_be_one_family(tmp_path: Path) -> None:
    files = {
        "sys/class/powercap/intel-rapl:0/name": "package-0\n",
        "sys/class/powercap/intel-rapl:0/energy_uj": "240422366267\n",
        "sys/class/powercap/intel-rapl:0:0/name": "dram\n",
        "sys/class/powercap/intel-rapl:0:0/energy_uj": "5000000\n",
        "sys/class/powercap/intel-rapl:1:0/name": "dram\n",
        "sys/class/powercap/intel-rapl:1:0/energy_uj": "6000000\n",
    }
    folder = f"{write(tmp_path, files)}/sys/class/powercap"
    assert values("rapl", tmp_path, "--collector.rapl.enable-zone-label") == {
        f"node_rapl_joules_total{{index=0,path={folder}/intel-rapl:0,rapl_zone=package}}": 240422.366267,
        f"node_rapl_joules_total{{index=0,path={folder}/intel-rapl:0:0,rapl_zone=dram}}": 5,
        f"node_rapl_joules_total{{index=1,path={folder}/intel-rapl:1:0,rapl_zone=dram}}": 6,
    }


def test_several_connections_of_an_nfs_mount_are_told_apart(tmp_path: Path) -> None:
    mount = (
        "device server:/srv mounted on /mnt with fstype nfs4 statvers=1.1\n"
        "\topts:\trw,vers=4.2,proto=tcp6,nconnect=2,addr=fe80::1\n"
        "\tage:\t7\n"
        "\txprt:\ttcp 832 0 1 0 11 6428 6427 0 12154 0 24 26 5726\n"
        "\txprt:\ttcp 833 0 2 0 11 1 1 0 2 0 24 2 5\n"
    )
    found = values("mountstats", write(tmp_path, {"proc/self/mountstats": mount}))
    labels = "export=server:/srv,mountaddr=fe80::1,protocol=tcp6"
    assert found[f"node_mountstats_nfs_age_seconds_total{{{labels}}}"] == 7
    assert found[f"node_mountstats_nfs_transport_receives_total{{{labels},transport=0}}"] == 6427
    assert found[f"node_mountstats_nfs_transport_connect_total{{{labels},transport=1}}"] == 2


@pytest.mark.parametrize(
    "name",
    [
        "bonding",
        "conntrack",
        "cpu_vulnerabilities",
        "dmi",
        "dmmultipath",
        "drbd",
        "fibrechannel",
        "hwmon",
        "infiniband",
        "ipvs",
        "kernel_hung",
        "ksmd",
        "lnstat",
        "mdadm",
        "meminfo_numa",
        "netclass",
        "nfs",
        "nfsd",
        "nvme",
        "pcidevice",
        "powersupplyclass",
        "pressure",
        "rapl",
        "schedstat",
        "tapestats",
        "udp_queues",
        "watchdog",
        "xfrm",
        "zfs",
    ],
)
def test_a_host_without_such_a_thing_has_no_data(name: str, tmp_path: Path) -> None:
    write(tmp_path, {})
    with pytest.raises(NoData):
        told(name, tmp_path)


@pytest.mark.parametrize("name", ["bcache", "btrfs", "edac", "thermal_zone", "xfs"])
def test_where_there_is_only_nothing_to_find_nothing_failed(name: str, tmp_path: Path) -> None:
    assert told(name, write(tmp_path, {})) == ""


def test_swap_is_told_in_bytes(fixtures: Path) -> None:
    assert values("swap", fixtures) == {
        "node_swap_size_bytes{device=/dev/zram0,type=partition}": 8_589_930_496,
        "node_swap_used_bytes{device=/dev/zram0,type=partition}": 77_824,
        "node_swap_priority{device=/dev/zram0,type=partition}": 100,
    }


def test_paths_to_an_nvme_subsystem_are_told_with_their_states(fixtures: Path) -> None:
    found = values("nvmesubsystem", fixtures)
    assert found["node_nvmesubsystem_paths{subsystem=nvme-subsys0}"] == 4
    assert found["node_nvmesubsystem_paths_live{subsystem=nvme-subsys0}"] == 3
    path = "controller=nvme3,state={},subsystem=nvme-subsys0,transport=fc"
    states = {state: found[f"node_nvmesubsystem_path_state{{{path.format(state)}}}"] for state in ("live", "dead")}
    assert states == {"live": 0, "dead": 1}


def test_only_cards_of_amds_driver_are_told(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "sys/class/drm/card0/device/uevent": "DRIVER=amdgpu\n",
            "sys/class/drm/card0/device/gpu_busy_percent": "4\n",
            "sys/class/drm/card0/device/mem_info_vram_total": "8573157376\n",
            "sys/class/drm/card0/device/mem_info_vram_vendor": "samsung\n",
            "sys/class/drm/card0/device/power_dpm_force_performance_level": "manual\n",
            "sys/class/drm/card0/device/unique_id": "0123456789abcdef\n",
            "sys/class/drm/card1/device/uevent": "DRIVER=i915\n",
            "sys/class/drm/card0-DP-1/status": "connected\n",
        },
    )
    card = "card=card0,memory_vendor=samsung,power_performance_level=manual,unique_id=0123456789abcdef,vendor=amd"
    assert values("drm", root) == {
        f"node_drm_card_info{{{card}}}": 1,
        "node_drm_gpu_busy_percent{card=card0}": 4,
        "node_drm_memory_vram_size_bytes{card=card0}": 8_573_157_376,
    }


def test_chips_that_come_and_go_are_noticed(tmp_path: Path) -> None:
    files = {"sys/class/hwmon/hwmon0/name": "nct", "sys/class/hwmon/hwmon0/temp1_input": "40000"}
    root = write(tmp_path, files)
    collector = build("hwmon", Trees.below(f"{root}/proc", f"{root}/sys"), {})

    def chips() -> set[str]:
        blocks = [b.layout.render(b.values, openmetrics=False, rules=Rules()) for b in collector.collect()]
        found = samples(b"".join(blocks).decode())
        return {dict(labels)["chip"] for name, labels in found if name == "node_hwmon_temp_celsius"}

    assert chips() == {"nct"}
    write(root, {"sys/class/hwmon/hwmon1/name": "drivetemp", "sys/class/hwmon/hwmon1/temp1_input": "30000"})
    assert chips() == {"nct", "drivetemp"}
    write(root, {"sys/class/hwmon/hwmon1/name": "nvme"})
    assert chips() == {"nct", "nvme"}
    (root / "sys/class/hwmon/hwmon0/temp1_input").unlink()
    assert chips() == {"nvme"}


PCI_IDS = """\
# Comment  with two blanks
1022  Advanced Micro Devices, Inc. [AMD]
\t1634  Renoir PCIe GPP Bridge
\t\t17aa 5095  ThinkPad bridge
17aa  Lenovo
C 06  Bridge
\t04  PCI bridge
\t\t00  Normal decode
\t\t01  Subtractive decode
"""


def test_pci_devices_have_names_on_demand(fixtures: Path, tmp_path: Path) -> None:
    (tmp_path / "pci.ids").write_text(PCI_IDS)
    flags = ("--collector.pcidevice.names", f"--collector.pcidevice.idsfile={tmp_path}/pci.ids")
    found = samples(told("pcidevice", fixtures, *flags))
    infos = {dict(labels)["bus"]: dict(labels) for name, labels in found if name == "node_pcidevice_info"}
    assert {name: text for name, text in infos["00"].items() if name.endswith("_name")} == {
        "vendor_name": "Advanced Micro Devices, Inc. [AMD]",
        "device_name": "Renoir PCIe GPP Bridge",
        "subsystem_vendor_name": "Lenovo",
        "subsystem_device_name": "ThinkPad bridge",
        "class_name": "Normal decode",
    }
    assert {name: text for name, text in infos["01"].items() if name.endswith("_name")} == {
        "vendor_name": "c0a9",
        "device_name": "540a",
        "subsystem_vendor_name": "c0a9",
        "subsystem_device_name": "5021",
        "class_name": "Unknown class (010802)",
    }


def test_a_pci_device_without_links_or_virtual_functions_says_so(tmp_path: Path) -> None:
    folder = "sys/bus/pci/devices/0000:00:1f.0"
    found = values(
        "pcidevice", write(tmp_path, {f"{folder}/vendor": "0x8086\n", f"{folder}/max_link_speed": "Unknown\n"})
    )
    place = "bus=00,device=1f,function=0,segment=0000"
    assert found[f"node_pcidevice_max_link_transfers_per_second{{{place}}}"] == -1
    assert found[f"node_pcidevice_current_link_width{{{place}}}"] == -1
    assert found[f"node_pcidevice_sriov_numvfs{{{place}}}"] == 0
