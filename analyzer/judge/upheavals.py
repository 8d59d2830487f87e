"""What is no trouble but explains some: a host has just started, its cores or memory changed, or its name did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from analyzer.data import Finding
from analyzer.judge.memory import Episode
from analyzer.machines import Machine, Machines
from analyzer.names import Rename

REBOOT = "reboot"
RESIZED = "resized"
RENAMED = "renamed"
UPHEAVALS = frozenset({REBOOT, RESIZED, RENAMED})
BOOT, CORES, MEMORY = "boot_time", "cores", "memory_bytes"
# The evidence of what a host was called; its own is of the same moment.
BEFORE = "boot_time_before"
# The kernel reckons its start from the clock, and the clock is set right now and then.
SAME_BOOT_SECONDS = 120.0
# How much memory there is varies a little from kernel to kernel.
SAME_SIZE = 0.05
# A host that has half as much more, or is left with two thirds, is another one: what was usual for it says nothing.
ANOTHER = 1.5


def reboots(before: Iterable[Episode], machines: Machines, moment: float, settling_seconds: float) -> list[Episode]:
    """An episode for each host that started less than `settling_seconds` ago; what is told of one start stays one."""
    open_before = {episode.host: episode for episode in before if episode.kind == REBOOT}
    told = []
    for host, machine in machines.items():
        if machine.booted_at is not None and 0 <= moment - machine.booted_at < settling_seconds:
            known = open_before.get(host)
            same = known is not None and abs(known.starts_at - machine.booted_at) < SAME_BOOT_SECONDS
            told.append(open_before.pop(host) if same else Episode(REBOOT, host, machine.booted_at))
    return told + [_settled(episode, moment, settling_seconds) for episode in open_before.values()]


def resizes(
    before: Iterable[Episode], known: Machines, machines: Machines, moment: float, settling_seconds: float
) -> list[Episode]:
    """An episode for each host whose size is not what was known of it, and those of the last `settling_seconds`."""
    told = {episode.host: episode for episode in before if episode.kind == RESIZED}
    lasting = [_lasting(episode, moment, settling_seconds) for episode in told.values()]
    changed = (host for host, machine in machines.items() if host in known and resized(known[host], machine))
    return lasting + [_resize(host, known[host], moment) for host in changed if host not in told]


def _resize(host: str, before: Machine, moment: float) -> Episode:
    """Its parts are what the host had before."""
    parts = {CORES: before.cores, MEMORY: before.memory_bytes}
    return Episode(RESIZED, host, moment, parts={name: had for name, had in parts.items() if had is not None})


def resized(before: Machine, after: Machine) -> bool:
    """Whether cores or memory changed, as far as both are known."""
    if before.cores is not None and after.cores is not None and before.cores != after.cores:
        return True
    if before.memory_bytes is None or after.memory_bytes is None:
        return False
    return abs(after.memory_bytes - before.memory_bytes) > SAME_SIZE * before.memory_bytes


def another(host: str, had: Mapping[str, float], machines: Machines) -> bool:
    """Whether cores or memory are by far not what the host `had`, as far as both are known."""
    machine = machines.get(host, Machine())
    sizes = ((had.get(CORES), machine.cores), (had.get(MEMORY), machine.memory_bytes))
    return any(_far_apart(before, now) for before, now in sizes if before and now)


def became_another(finding: Finding) -> bool:
    """The same of a finding that tells a new size, which holds what was and what is."""
    proofs = (cause.evidence for cause in finding.causes if finding.kind == RESIZED)
    return any(_far_apart(proof.usual_low, proof.value) for proof in proofs if proof.usual_low and proof.value)


def _far_apart(before: float, now: float) -> bool:
    return max(now / before, before / now) >= ANOTHER


def remembered(known: Machines, machines: Machines, hosts: Iterable[str]) -> dict[str, Machine]:
    """The newest that is known of each of `hosts`; what a host does not tell now is as it was."""
    newest = {}
    for host in hosts:
        if host in machines or host in known:
            told, before = machines.get(host, Machine()), known.get(host, Machine())
            kept = {name: value for name, value in asdict(told).items() if value is not None}
            newest[host] = replace(before, **kept)
    return newest


def renamings(
    before: Iterable[Episode], news: Iterable[Rename], known: Machines, moment: float, settling_seconds: float
) -> list[Episode]:
    """An episode for each host that has another name since just now, and those of the last `settling_seconds`."""
    lasting = [_lasting(each, moment, settling_seconds) for each in before if each.kind == RENAMED]
    return lasting + [
        Episode(RENAMED, one.now, one.at, parts=_start(known.get(one.now, Machine())), before=one.before)
        for one in news
    ]


def _start(machine: Machine) -> dict[str, float]:
    return {} if machine.booted_at is None else {BEFORE: machine.booted_at}


def rename_told(finding: Finding) -> Rename | None:
    """The rename that a finding tells of."""
    if finding.kind != RENAMED:
        return None
    before = next((cause.evidence.host for cause in finding.causes if cause.feature == BEFORE), None)
    return None if before is None else Rename(before, finding.host, finding.starts_at.timestamp())


def _lasting(episode: Episode, moment: float, settling_seconds: float) -> Episode:
    lasts = moment - episode.starts_at < settling_seconds
    return episode if lasts else _settled(episode, moment, settling_seconds)


def _settled(episode: Episode, moment: float, settling_seconds: float) -> Episode:
    return replace(episode, ends_at=max(episode.starts_at, min(moment, episode.starts_at + settling_seconds)))
