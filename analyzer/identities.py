"""What tells machines apart, whatever they are called: own name, network cards, firmware. Asks; decides nothing."""

from __future__ import annotations

import asyncio
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analyzer.data import Sample
from analyzer.features import any_matcher
from analyzer.interfaces import Queries

Facts = Mapping[str, frozenset[str]]
NOTHING: frozenset[str] = frozenset()

# Names of node_exporter, each with its facts in labels.
KERNEL, CARDS, FIRMWARE = "node_uname_info", "node_network_info", "node_dmi_info"
# What one kernel alone counts from its start on, however many look at it.
SWITCHES = "node_context_switches_total"
# A moment of the sample itself, not of the question: for five minutes a series is held for alive that may be none.
LAST = "max by (instance) (max_over_time(timestamp(node_boot_time_seconds{$selector})[$span:15s]))"
LOOKBACK_SECONDS = 300

# What the machine is called, by itself or by those who put labels on its target.
NAME_LABELS = ("nodename", "node", "kubernetes_node", "hostname")
NOBODY = re.compile(r"localhost(\.|$)|\(none\)$", re.IGNORECASE)
KERNEL_LABELS = ("sysname", "release", "version", "machine")
# Cards that software makes: many hosts have the like of them.
VIRTUAL = re.compile(
    r"lo\d*$|docker|veth|br-|virbr|vnet|tap|tun|wg|cni|cali|flannel|vxlan|kube|nodelocaldns|podman|lxc|lxd|dummy|ifb|zt"
)
ADDRESS = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}$")
# Addresses given out by no maker (the second lowest bit of the first byte), or to a group (the lowest).
LOCAL_OR_GROUP = 0b11
# These wander from router to router (RFC 5798).
WANDERING = "00:00:5e:"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
# What boards say whose maker left it out.
LEFT_OUT = frozenset({"03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc"})
# Of so few different characters, the hyphen among them, no drawn one is: all zeros, all f.
MADE_UP = 4


@dataclass(frozen=True, slots=True)
class Identity:
    """Each is empty where a host does not tell it. `seen_at` is its last sample's time, of hosts that are gone.

    `switches` are its kernel's context switches since it started, as last told.
    """

    names: frozenset[str] = frozenset()
    cards: frozenset[str] = frozenset()
    firmware: frozenset[str] = frozenset()
    kernels: frozenset[str] = frozenset()
    seen_at: float | None = None
    switches: float | None = None


@dataclass(frozen=True)
class Registry:
    """`selector` is the label matchers that pick hosts, as of the features."""

    queries: Queries
    selector: str = ""

    async def identities(self, gone: Mapping[str, float], at: datetime) -> Mapping[str, Identity]:
        """Every host's, by its instance label: as it is, and of those that are `gone` (since when) as it was."""
        span = math.ceil(at.timestamp() - min(gone.values())) + LOOKBACK_SECONDS
        of_gone = self._picking(any_matcher("instance", gone))
        here = self._picking("")
        known = (KERNEL, CARDS, FIRMWARE, SWITCHES)
        asked = [f"{name}{here} or last_over_time({name}{of_gone}[{span}s])" for name in known]
        asked.append(LAST.replace("{$selector}", of_gone).replace("$span", f"{span}s"))
        told = await asyncio.gather(*(self.queries.instant(promql, at) for promql in asked))
        return _identities(*told)

    def _picking(self, matcher: str) -> str:
        return f"{{{','.join(part for part in (self.selector.strip(' ,'), matcher) if part)}}}"


def _instance(sample: Sample) -> str:
    return sample.labels.get("instance", "")


def _identities(
    kernel: Sequence[Sample],
    cards: Sequence[Sample],
    firmware: Sequence[Sample],
    switches: Sequence[Sample],
    last: Sequence[Sample],
) -> Mapping[str, Identity]:
    names, kernels = _of_hosts(kernel, _names), _of_hosts(kernel, _kernel)
    addresses, uuids = _of_hosts(cards, _card), _of_hosts(firmware, _uuid)
    counted, seen = _values(switches), _values(last)
    return {
        host: Identity(
            names.get(host, NOTHING),
            addresses.get(host, NOTHING),
            uuids.get(host, NOTHING),
            kernels.get(host, NOTHING),
            seen.get(host),
            counted.get(host),
        )
        for host in names.keys() | addresses.keys() | uuids.keys() | seen.keys()
    }


def _values(samples: Iterable[Sample]) -> Mapping[str, float]:
    return {_instance(sample): sample.value for sample in samples}


def _of_hosts(samples: Iterable[Sample], fact: Callable[[Mapping[str, str]], Iterable[str]]) -> Facts:
    told: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        told[_instance(sample)].update(fact(sample.labels))
    return {host: frozenset(facts) for host, facts in told.items()}


def _names(labels: Mapping[str, str]) -> Iterable[str]:
    named = (labels.get(label, "").lower() for label in NAME_LABELS)
    return (name for name in named if name and not NOBODY.match(name))


def _kernel(labels: Mapping[str, str]) -> Iterable[str]:
    return (" ".join(labels.get(label, "") for label in KERNEL_LABELS),)


def _card(labels: Mapping[str, str]) -> Iterable[str]:
    """The address that its maker gave it; nothing of what software made up."""
    address = labels.get("address", "").lower()
    if VIRTUAL.match(labels.get("device", "")) or not ADDRESS.match(address) or address.startswith(WANDERING):
        return ()
    nobodys = address.startswith("00:00:00:") or int(address[:2], 16) & LOCAL_OR_GROUP
    return () if nobodys else (address,)


def _uuid(labels: Mapping[str, str]) -> Iterable[str]:
    uuid = labels.get("product_uuid", "").strip().lower()
    known = UUID.match(uuid) and uuid not in LEFT_OUT and len(set(uuid)) > MADE_UP
    return (uuid,) if known else ()
