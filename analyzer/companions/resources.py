"""What process groups can use more of, in process-exporter's metrics, beside what the whole host used. Data only.

In the queries `$s` stands for label matchers, `$w` for the range of rates. Queries come from here alone: never from
what a host wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.data import Feature

BY = "sum by (instance, groupname)"
DISKS = 'device!~"(ram|loop|fd|sr|zram|nbd|dm-|md|drbd).*"'


@dataclass(frozen=True, slots=True)
class Resource:
    """`groups` gives one series for each process group, `host` what the host used of the same, in the same unit.

    A group's rise below `least` is not worth telling. `counted` says that both are rates of counters.
    """

    name: str
    unit: str
    groups: str
    host: str
    least: float
    counted: bool = True


def _rate(metric: str, labels: str = "") -> str:
    return f"rate({metric}{{{labels}$s}}[$w])"


CPU = Resource(
    "process_cpu",
    "ratio",
    f"{BY} ({_rate('namedprocess_namegroup_cpu_seconds_total')})",
    'sum by (instance) (rate(node_cpu_seconds_total{mode!~"idle|iowait|steal",$s}[$w]))',
    0.05,
)
MEMORY = Resource(
    "process_memory",
    "bytes",
    f'{BY} (namedprocess_namegroup_memory_bytes{{memtype="resident",$s}})',
    "max by (instance) (node_memory_MemTotal_bytes{$s} - node_memory_MemAvailable_bytes{$s})",
    32 * 1024**2,
    counted=False,
)
WRITES = Resource(
    "process_writes",
    "bytes/s",
    f"{BY} ({_rate('namedprocess_namegroup_write_bytes_total')})",
    f"sum by (instance) ({_rate('node_disk_written_bytes_total', DISKS + ',')})",
    256 * 1024,
)
READS = Resource(
    "process_reads",
    "bytes/s",
    f"{BY} ({_rate('namedprocess_namegroup_read_bytes_total')})",
    f"sum by (instance) ({_rate('node_disk_read_bytes_total', DISKS + ',')})",
    256 * 1024,
)
FILES = Resource(
    "process_files",
    "count",
    f"{BY} (namedprocess_namegroup_open_filedesc{{$s}})",
    "max by (instance) (node_filefd_allocated{$s})",
    50,
    counted=False,
)
SWITCHES = Resource(
    "process_switches",
    "count/s",
    f"{BY} ({_rate('namedprocess_namegroup_context_switches_total')})",
    f"max by (instance) ({_rate('node_context_switches_total')})",
    200,
)
FAULTS = Resource(
    "process_faults",
    "count/s",
    f"{BY} ({_rate('namedprocess_namegroup_minor_page_faults_total')}"
    f" + {_rate('namedprocess_namegroup_major_page_faults_total')})",
    f"max by (instance) ({_rate('node_vmstat_pgfault')})",
    500,
)
COUNT = Resource(
    "process_count",
    "count",
    f"{BY} (namedprocess_namegroup_num_procs{{$s}})",
    "max by (instance) (node_processes_pids{$s})",
    5,
    counted=False,
)
THREADS = Resource(
    "process_threads",
    "count",
    f"{BY} (namedprocess_namegroup_num_threads{{$s}})",
    "max by (instance) (node_processes_threads{$s})",
    20,
    counted=False,
)
ZOMBIES = Resource(
    "process_zombies",
    "count",
    f'{BY} (namedprocess_namegroup_states{{state="Zombie",$s}})',
    'sum by (instance) (node_processes_state{state="Z",$s})',
    3,
    counted=False,
)
RESOURCES: Mapping[str, Resource] = {
    each.name: each for each in (CPU, MEMORY, WRITES, READS, FILES, SWITCHES, FAULTS, COUNT, THREADS, ZOMBIES)
}

# What a feature of the catalogue is used up by; others go by their group.
OF_FEATURE: Mapping[str, tuple[Resource, ...]] = {
    "memory_cache_ratio": (READS, WRITES),
    "memory_dirty_bytes": (WRITES,),
    "page_faults_per_second": (FAULTS, MEMORY),
    "major_page_faults_per_second": (READS, MEMORY),
    "cpu_iowait_ratio": (WRITES, READS),
    "pressure_memory_ratio": (MEMORY,),
    "pressure_io_ratio": (WRITES, READS),
    "pressure_io_stalled_ratio": (WRITES, READS),
    "disk_read_bytes_per_second": (READS,),
    "disk_reads_per_second": (READS,),
    "disk_read_latency_seconds": (READS, WRITES),
    "filesystem_fullest_inodes_used_ratio": (WRITES, CPU),
    "tcp_established": (FILES, CPU),
    "tcp_time_wait": (FILES, CPU),
    "sockets_used": (FILES,),
    "tcp_connections_opened_per_second": (FILES, CPU),
    "processes_running": (CPU,),
    "processes_blocked": (READS, WRITES),
    "forks_per_second": (COUNT, CPU),
    "threads": (THREADS,),
    "zombie_processes": (ZOMBIES,),
    "context_switches_per_second": (SWITCHES, CPU),
    "interrupts_per_second": (SWITCHES, CPU),
    "file_descriptors": (FILES,),
    "file_descriptors_used_ratio": (FILES,),
}
OF_GROUP: Mapping[str, tuple[Resource, ...]] = {
    "cpu": (CPU,),
    "pressure": (CPU,),
    "memory": (MEMORY,),
    "disk": (WRITES, READS),
    "filesystem": (WRITES,),
    "network": (CPU, FILES),
    "processes": (COUNT, CPU),
    "hardware": (CPU,),
}
MOST = 3


def resources_for(features: Iterable[str], catalogue: Mapping[str, Feature], most: int = MOST) -> tuple[Resource, ...]:
    """What to look at for these features, those of the first feature first."""
    wanted: dict[str, Resource] = {}
    for name in features:
        known = catalogue.get(name)
        for resource in OF_FEATURE.get(name) or OF_GROUP.get(known.group if known else "", ()):
            wanted.setdefault(resource.name, resource)
    return tuple(wanted.values())[:most]
