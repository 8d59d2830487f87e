"""Whether a host that appeared is one that fell silent, under another name. Pure; what is ambiguous is no rename.

To take two machines for one is the worse error: it would judge each by what is usual for the other.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from analyzer.data import Fleet, Host
from analyzer.identities import LOOKBACK_SECONDS, Identity
from analyzer.judge.memory import Memory
from analyzer.judge.upheavals import resized
from analyzer.machines import Machine, Machines
from analyzer.names import Rename

# The kernel reckons its start from the clock, which is set by seconds while it runs; clones start seconds apart too.
SAME_START_SECONDS = 5.0
# How exactly a start and a last sample can be held against each other.
START_UNCERTAIN_SECONDS = 60.0
# Who is away longer than a start takes, and comes back under another name of its own, may have been set up anew.
RESTART_SECONDS = 1800.0
# One kernel counts on where it was; while it is asked about, at most so many times as fast as ever since its start.
BUSIER = 30.0
# What is shared by more hosts than these tells nobody apart.
MOST_ALIKE = 16

NOBODY = Identity()


@dataclass(frozen=True, slots=True)
class Suspects:
    """Hosts that are `new` (since when) while known ones are `gone` (since when): some may be the same."""

    new: Mapping[str, float] = field(default_factory=dict)
    gone: Mapping[str, float] = field(default_factory=dict)

    def same_as(self, others: Suspects) -> bool:
        """Whether they are the same hosts: nothing more can be said of them."""
        return self.new.keys() == others.new.keys() and self.gone.keys() == others.gone.keys()


@dataclass(frozen=True, slots=True)
class Life:
    """All that is known of a machine under one name, and from when until when it bore it (epoch seconds)."""

    host: str
    job: str
    machine: Machine
    identity: Identity
    begun: float = -math.inf
    ended: float = math.inf


def suspects(
    memory: Memory,
    recent: Fleet,
    now: float,
    silent_seconds: float,
    slack_seconds: float,
    not_asked: Collection[str] = (),
) -> Suspects:
    """Whom to ask about; nobody in usual cycles. A host is gone once it would be told silent.

    `slack_seconds` is for how long a host may be seen under both names.
    """
    gone = {
        host: last for host, last in memory.last_seen.items() if now - last > silent_seconds and host not in not_asked
    }
    if not gone:
        return Suspects()
    newest = {host.name: last for host, last in _newest(recent, gone)}
    gone = {host: max(last, newest.get(host, last)) for host, last in gone.items()}
    gone = {host: last for host, last in gone.items() if now - last > silent_seconds}
    # For so long before the first of them was gone a series may have been held for alive after its last sample.
    earliest = min(gone.values(), default=math.inf) - slack_seconds - LOOKBACK_SECONDS
    new = {host: since for host, since in _begun(memory, recent) if since >= earliest and host not in gone}
    new = {host.name: new[host.name] for host, last in _newest(recent, new) if now - last <= silent_seconds}
    return Suspects(new, gone) if new else Suspects()


def _newest(recent: Fleet, hosts: Collection[str]) -> Iterator[tuple[Host, float]]:
    """When each of these was seen last, of those that have a value at all."""
    for host, values in zip(recent.hosts, recent.values, strict=True):
        if host.name in hosts and len(rows := np.flatnonzero(np.isfinite(values).any(axis=0))):
            yield host, float(recent.times[rows[-1]])


def _begun(memory: Memory, recent: Fleet) -> Iterator[tuple[str, float]]:
    for host, values in zip(recent.hosts, recent.values, strict=True):
        known = host.name in memory.last_seen
        yield host.name, memory.first_seen.get(host.name, -math.inf) if known else memory.begun(recent, values)


def lives(
    suspected: Suspects,
    memory: Memory,
    recent: Fleet,
    machines: Machines,
    identities: Mapping[str, Identity],
) -> tuple[Life, ...]:
    """Of everybody known: who is gone is what it last was."""
    jobs = {host.name: host.job for host in recent.hosts}
    told = []
    for host in dict.fromkeys([*jobs, *suspected.gone, *memory.last_seen]):
        known, gone = identities.get(host, NOBODY), suspected.gone.get(host)
        begun = suspected.new.get(host, memory.first_seen.get(host, -math.inf))
        if gone is None:
            told.append(Life(host, jobs.get(host, ""), machines.get(host, Machine()), known, begun))
        else:
            ended = gone if known.seen_at is None else known.seen_at
            machine = memory.machines.get(host, Machine())
            told.append(Life(host, jobs.get(host, ""), machine, known, begun, ended))
    return tuple(told)


def renames(suspected: Suspects, everybody: Sequence[Life], slack_seconds: float, now: float) -> tuple[Rename, ...]:
    """Each new host that can only be one that is gone, or several that followed each other."""
    known = {life.host: life for life in everybody}
    kin = _Kin(everybody)
    chains = []
    for host in sorted(suspected.new):
        chain = [*sorted(kin.of(known[host]), key=lambda life: (life.ended, life.host)), known[host]]
        if _follow(chain, slack_seconds, now):
            chains.append([life.host for life in chain])
    claims = Counter(host for chain in chains for host in chain)
    sure = (chain for chain in chains if all(claims[host] == 1 for host in chain))
    return tuple(Rename(before, after, now) for chain in sure for before, after in pairwise(chain))


def _follow(chain: Sequence[Life], slack_seconds: float, now: float) -> bool:
    """Whether each may be the next of every one before it; who is not gone comes before nobody."""
    return all(
        earlier.ended - later.begun <= slack_seconds and same_machine(earlier, later, now)
        for place, later in enumerate(chain)
        for earlier in chain[:place]
    )


def same_machine(earlier: Life, later: Life, asked_at: float) -> bool:
    """Whether everything says so, and nothing says otherwise; what is not told says nothing."""
    then, now = earlier.identity, later.identity
    if not _same_size(earlier.machine, later.machine) or _differ(then.cards, now.cards):
        return False
    if _differ(then.firmware, now.firmware) or earlier.machine.booted_at is None or later.machine.booted_at is None:
        return False
    if abs(later.machine.booted_at - earlier.machine.booted_at) <= SAME_START_SECONDS:
        one = not _differ(then.kernels, now.kernels) and _counts_on(earlier, later, asked_at)
        return one and bool(_hardware(then, now) or then.names & now.names)
    if later.machine.booted_at < earlier.ended - START_UNCERTAIN_SECONDS:
        return False
    # After a start only the hardware can tell, all of it: a card can be put into another machine.
    whole = then.cards == now.cards if then.cards and now.cards else bool(then.firmware & now.firmware)
    return whole and bool(then.names & now.names or later.begun - earlier.ended <= RESTART_SECONDS)


def _counts_on(earlier: Life, later: Life, asked_at: float) -> bool:
    """Clones that started in one second are as old, and have not done just as much."""
    then, now, booted = earlier.identity.switches, later.identity.switches, earlier.machine.booted_at
    if then is None or now is None or booted is None:
        return True
    passed = min(later.ended, asked_at) - earlier.ended + START_UNCERTAIN_SECONDS
    usual = then / max(earlier.ended - booted, START_UNCERTAIN_SECONDS)
    return 0 <= now - then <= BUSIER * usual * passed


def _same_size(then: Machine, now: Machine) -> bool:
    told = None not in {then.cores, then.memory_bytes, now.cores, now.memory_bytes}
    return told and not resized(then, now)


def _differ(some: frozenset[str], others: frozenset[str]) -> bool:
    return bool(some and others) and not some & others


def _hardware(some: Identity, other: Identity) -> frozenset[str]:
    return (some.cards & other.cards) | (some.firmware & other.firmware)


class _Kin:
    """Who may be the same machine as another, looked up instead of compared: a whole fleet may be renamed at once."""

    def __init__(self, everybody: Iterable[Life]) -> None:
        self._by_mark: dict[tuple[str, str], list[Life]] = defaultdict(list)
        for life in everybody:
            for mark in _marks(life.identity):
                self._by_mark[mark].append(life)

    def of(self, host: Life) -> list[Life]:
        """Others that share hardware with it, or a name and the moment of its start. Of several those of its job."""
        near = {life.host: life for mark in _marks(host.identity) for life in self._few(mark)}
        alike = [life for life in near.values() if life.host != host.host and _alike(host, life)]
        return alike if len(alike) < 2 else [life for life in alike if life.job == host.job]  # noqa: PLR2004 - several

    def _few(self, mark: tuple[str, str]) -> list[Life]:
        found = self._by_mark[mark]
        return found if len(found) <= MOST_ALIKE else []


def _marks(identity: Identity) -> Iterator[tuple[str, str]]:
    for kind, facts in (("name", identity.names), ("card", identity.cards), ("firmware", identity.firmware)):
        yield from ((kind, fact) for fact in facts)


def _alike(some: Life, other: Life) -> bool:
    if _hardware(some.identity, other.identity):
        return True
    if some.machine.booted_at is None or other.machine.booted_at is None:
        return False
    near = abs(some.machine.booted_at - other.machine.booted_at) <= SAME_START_SECONDS
    return near and bool(some.identity.names & other.identity.names)
