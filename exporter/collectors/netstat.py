"""Counters of the network protocols: segments, datagrams, errors, retransmissions, drops."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporter.collectors import setting
from exporter.exposition import Block, Family, Table, Value
from exporter.procfs import Trees

FIELDS = re.compile(
    r"^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
    r"TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
    r"Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab|MaxConn)|"
    r"Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
PAIRED = ("net/netstat", "net/snmp")
SINGLE = "net/snmp6"


@dataclass(slots=True)
class Plan:
    """Which word of which line is told, kept as long as the lines begin the same."""

    headers: list[bytes] = field(default_factory=list)
    words: list[tuple[int, list[int]]] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    table: Table = field(default_factory=Table)


@dataclass(frozen=True, slots=True)
class NetstatCollector:
    """Source: /proc/net/netstat, snmp and snmp6, kernel's Documentation/networking/snmp_counter.rst."""

    trees: Trees
    fields: re.Pattern[str] = setting(FIELDS, "Fields to tell about (regular expression).")
    plan: Plan = field(default_factory=Plan, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        paired = [line for path in PAIRED for line in self.trees.proc.read(path).splitlines()]
        # Without IPv6 there is no such file.
        single = (self.trees.proc.read_if_any(SINGLE) or b"").splitlines()
        headers, counts = paired[0::2], paired[1::2]
        values = self._values(counts, single) if headers == self.plan.headers else None
        if values is None:
            self._learn(headers, [line.split() for line in single])
            values = self._values(counts, single)
        if values is None:
            raise ValueError("/proc/net/snmp6 changed while it was read")
        return [self.plan.table.single(values)]

    def _values(self, counts: Sequence[bytes], single: Sequence[bytes]) -> list[Value] | None:
        """The values as planned; None when the lines aren't those planned for."""
        values: list[Value] = []
        for at, words in self.plan.words:
            line = counts[at].split()
            values += [line[word] for word in words]
        for at, name in zip(self.plan.lines, self.plan.names, strict=True):
            words6 = single[at].split() if at < len(single) else []
            if len(words6) != 2 or words6[0] != name:  # noqa: PLR2004 - a name and a number
                return None
            values.append(words6[1])
        return values

    def _learn(self, headers: list[bytes], single: Sequence[Sequence[bytes]]) -> None:
        plan = self.plan
        families = []
        plan.headers, plan.words, plan.lines, plan.names = headers, [], [], []
        for at, header in enumerate(headers):
            protocol, *names = header.decode().split()
            told = [name if self._wanted(f"{protocol[:-1]}_{name}") else "" for name in names]
            plan.words.append((at, [place for place, name in enumerate(told, start=1) if name]))
            families += [f"{protocol[:-1]}_{name}" for name in told if name]
        for at, words in enumerate(single):
            before, six, after = words[0].decode().partition("6") if words else ("", "", "")
            if six and self._wanted(f"{before}6_{after}"):
                plan.lines.append(at)
                plan.names.append(words[0])
                families.append(f"{before}6_{after}")
        plan.table = Table(
            *(Family(f"node_netstat_{name}", f"Protocol statistic {name}.", "untyped") for name in families)
        )

    def _wanted(self, name: str) -> bool:
        return bool(self.fields.search(name))
