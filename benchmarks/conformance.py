"""Conformance: the exporter on the fixtures of node_exporter's end-to-end test, beside node_exporter's own output.

`python -m benchmarks.conformance --shared=FOLDER` starts the real exporter with the flags that node_exporter's test
gives, scrapes it once, and prints a table. A sample is equal when name, labels, value and the family's type are equal.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.settings import all_flags

NAMED_TEXT = (
    "arp bonding btrfs buddyinfo cgroups conntrack cpu cpufreq diskstats dmi edac entropy filefd filesystem hwmon "
    "interrupts ksmd loadavg mdadm meminfo meminfo_numa netclass netdev netstat nfs nvme os powersupplyclass pressure "
    "processes rapl schedstat slabinfo sockstat softirqs softnet stat sysctl tcpstat textfile thermal_zone time timex "
    "udp_queues uname vmstat watchdog xfs zoneinfo"
)
NAMED = frozenset(NAMED_TEXT.split())
"""The collectors that hosts of all kinds rely on. Every sample of theirs is to be equal."""

SWITCHED_ON = (
    "arp bcache bcachefs bonding btrfs buddyinfo cgroups conntrack cpu cpufreq cpu_vulnerabilities diskstats dmi drbd "
    "edac entropy fibrechannel filefd hwmon infiniband interrupts ipvs kernel_hung ksmd lnstat loadavg mdadm meminfo "
    "meminfo_numa mountstats netdev netstat nfs nfsd pcidevice pressure processes qdisc rapl schedstat slabinfo "
    "sockstat softirqs stat sysctl textfile thermal_zone udp_queues vmstat watchdog wifi xfrm xfs zfs zoneinfo "
    # On by default there.
    "dmmultipath netclass nvme os powersupplyclass softnet tapestats time"
)
FLAGS = (
    "--collector.cpu.info",
    "--collector.arp.device-exclude=nope",
    "--collector.bcache.priorityStats",
    "--collector.cpu.info.bugs-include=^(cpu_meltdown|spectre_.*|mds)$",
    "--collector.cpu.info.flags-include=^(aes|avx.?|constant_tsc)$",
    "--collector.hwmon.chip-include=(applesmc|asus_nb_wmi|coretemp|hwmon4|ieee80211|nct6779)",
    "--collector.netclass.ignore-invalid-speed",
    "--collector.netclass.ignored-devices=(dmz|int)",
    "--collector.netdev.device-include=lo",
    "--collector.qdisc.device-include=(wlan0|eth0)",
    "--collector.qdisc.fixtures={fixtures}/qdisc/",
    "--collector.stat.softirq",
    "--collector.sysctl.include-info=kernel.seccomp.actions_avail",
    "--collector.sysctl.include=fs.file-nr",
    "--collector.sysctl.include=fs.file-nr:total,current,max",
    "--collector.sysctl.include=kernel.threads-max",
    "--collector.textfile.directory={fixtures}/textfile/two_metric_files/",
    "--collector.wifi.fixtures={fixtures}/wifi",
    "--no-collector.arp.netlink",
)
"""As in node_exporter's end-to-end-test.sh."""

NARROWER = ("--collector.netstat.fields={netstat}",)
"""What this exporter tells by default beyond node_exporter's defaults is switched off for the comparison."""

NETSTAT_FIELDS = (
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
    "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
    "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
    "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
RUNTIME = re.compile(
    "go_|process_|node_scrape_collector_duration_seconds|node_exporter_build_info|node_textfile_mtime_seconds|"
    "node_time_(zone|seconds)|node_network_(receive|transmit)_(bytes|packets)_total"
)
"""Families that node_exporter's test leaves out itself: they tell of the program that ran, not of the fixtures."""

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = "collector/fixtures"
"""Where node_exporter's test finds them: some labels have the path as it was given."""

START_SECONDS = 30.0
END_SECONDS = 10.0

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Page:
    """What an exporter says: samples, and the types of their families."""

    samples: Mapping[Series, float]
    kinds: Mapping[str, str]

    @classmethod
    def read(cls, text: str) -> Page:
        samples: dict[Series, float] = {}
        kinds: dict[str, str] = {}
        for line in text.split("\n"):
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                kinds[name] = kind
            elif line and not line.startswith("#"):
                match = SAMPLE.fullmatch(line)
                if match is None:
                    raise ValueError(f"not a sample: {line!r}")
                samples[match[1], frozenset(LABEL.findall(match[2] or ""))] = float(match[3])
        return cls(samples, kinds)


@dataclass(frozen=True, slots=True)
class Row:
    """How one collector does."""

    collector: str
    golden: int
    equal: int
    missing: int
    different: int
    surplus: int


def compare(ours: Page, golden: Page, collector_of: Mapping[str, str]) -> list[Row]:
    """A row for each collector that the golden page has samples of; surplus samples are told, and never help."""
    wanted: dict[str, list[Series]] = {}
    for series in golden.samples:
        wanted.setdefault(collector_of.get(series[0], "(unknown)"), []).append(series)
    surplus: dict[str, int] = {}
    for series in ours.samples.keys() - golden.samples.keys():
        if series[0] in collector_of and not RUNTIME.match(series[0]):
            surplus[collector_of[series[0]]] = surplus.get(collector_of[series[0]], 0) + 1
    return [_row(name, wanted[name], ours, golden, surplus.get(name, 0)) for name in sorted(wanted)]


def _row(name: str, wanted: Sequence[Series], ours: Page, golden: Page, surplus: int) -> Row:
    found = [series for series in wanted if series in ours.samples]
    equal = sum(_same(ours, golden, series) for series in found)
    return Row(name, len(wanted), equal, len(wanted) - len(found), len(found) - equal, surplus)


def _same(ours: Page, golden: Page, series: Series) -> bool:
    ours_value, golden_value = ours.samples[series], golden.samples[series]
    same = ours_value == golden_value or (math.isnan(ours_value) and math.isnan(golden_value))
    return same and ours.kinds.get(series[0]) == golden.kinds.get(series[0])


def table(rows: Iterable[Row]) -> str:
    """The rows for people; the last line sums them up."""
    rows = list(rows)
    lines = [f"{'collector':<20}{'golden':>8}{'equal':>8}{'missing':>9}{'different':>11}{'surplus':>9}"]
    for row in rows:
        name = row.collector + (" *" if row.collector in NAMED else "")
        lines.append(f"{name:<20}{row.golden:>8}{row.equal:>8}{row.missing:>9}{row.different:>11}{row.surplus:>9}")
    named = [row for row in rows if row.collector in NAMED]
    sums = [sum(counts) for counts in zip(*((row.equal, row.golden) for row in rows), strict=True)]
    own = [sum(counts) for counts in zip(*((row.equal, row.golden) for row in named), strict=True)]
    lines.append("* a named collector; surplus samples are of golden families and not in the golden file")
    lines.append(f"equal {sums[0]} of {sums[1]} golden samples; named collectors: {own[0]} of {own[1]}")
    return "\n".join(lines)


def collectors_of(path: Path) -> dict[str, str]:
    """Which collector tells of which family."""
    listed = json.loads(path.read_text())
    names = {"(test)": "textfile"}  # what the files of its fixture folder hold
    return {
        family["name"]: names.get(name, name) for name, collector in listed.items() for family in collector["families"]
    }


def flags(fixtures: str) -> tuple[list[str], list[str]]:
    """The arguments for the exporter, and those that it doesn't know."""
    known = {flag.name for flag in all_flags()}
    switches = [f"--collector.{name}" for name in SWITCHED_ON.split()]
    own = [flag.format(fixtures=fixtures, netstat=NETSTAT_FIELDS) for flag in FLAGS]
    own += [flag.replace("{netstat}", NETSTAT_FIELDS) for flag in NARROWER]
    paths = [
        f"--path.rootfs={fixtures}",
        f"--path.procfs={fixtures}/proc",
        f"--path.sysfs={fixtures}/sys",
        f"--path.udev.data={fixtures}/udev/data",
        "--collector.disable-defaults",
    ]
    words = [*paths, *switches, *own]
    strange = [word for word in words if word.partition("=")[0].replace("--no-", "--", 1) not in known]
    return [word for word in words if word not in strange], strange


def scrape(arguments: Sequence[str], folder: Path, log: Path) -> str:
    """The first page of an exporter that is started for it, in that folder."""
    port = _free_port()
    command = [sys.executable, "-m", "exporter", f"--web.listen-address=127.0.0.1:{port}", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        log.open("wb") as file,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file) as process,
    ):
        try:
            return _get(f"http://127.0.0.1:{port}/metrics", process)
        finally:
            process.terminate()
            process.wait(END_SECONDS)


def _get(url: str, process: subprocess.Popen[bytes]) -> str:
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=START_SECONDS) as response:
                page: str = response.read().decode()
                return page
        except urllib.error.URLError:
            if process.poll() is not None or time.monotonic() > ends:
                raise
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(data: Path, *, verbose: bool) -> str:
    """The table; `data` has the fixtures, the golden output and the list of collectors."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        with tarfile.open(data / "fixtures.tar.gz") as archive:
            archive.extractall(Path(folder) / FIXTURES, filter="fully_trusted")
        arguments, strange = flags(FIXTURES)
        log = Path(folder) / "exporter.log"
        page = scrape(arguments, Path(folder), log)
        if verbose:
            print(log.read_text())
    golden = Page.read((data / "e2e-output.txt").read_text())
    ours = Page.read(page)
    rows = compare(ours, golden, collectors_of(data / "collectors.json"))
    if verbose:
        _tell_differences(ours, golden)
    unknown = [f"flag without meaning here: {word}" for word in strange]
    return "\n".join([*unknown, table(rows)])


def _tell_differences(ours: Page, golden: Page) -> None:
    for series, value in golden.samples.items():
        if series not in ours.samples:
            print("missing", series[0], sorted(series[1]), value)
        elif not _same(ours, golden, series):
            print("different", series[0], sorted(series[1]), value, ours.samples[series], ours.kinds.get(series[0]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder with data/node_exporter")
    parser.add_argument("--verbose", action="store_true", help="tell every difference and the exporter's log")
    given = parser.parse_args()
    print(run(given.shared / "data/node_exporter", verbose=given.verbose))
