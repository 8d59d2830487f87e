"""Flags as node_exporter's users write them: old names, and names of what has no meaning here."""

from __future__ import annotations

from collections.abc import Sequence

SAME = {
    "--web.disable-exporter-metrics": "--no-web.exporter-metrics",
    "--collector.diskstats.ignored-devices": "--collector.diskstats.device-exclude",
    "--collector.filesystem.ignored-fs-types": "--collector.filesystem.fs-types-exclude",
    "--collector.filesystem.ignored-mount-points": "--collector.filesystem.mount-points-exclude",
    "--collector.netdev.device-blacklist": "--collector.netdev.device-exclude",
    "--collector.netdev.device-whitelist": "--collector.netdev.device-include",
    "--collector.netdev.ignored-devices": "--collector.netdev.device-exclude",
    "--collector.qdisk.device-exclude": "--collector.qdisc.device-exclude",
    "--collector.qdisk.device-include": "--collector.qdisc.device-include",
    "--collector.systemd.unit-blacklist": "--collector.systemd.unit-exclude",
    "--collector.systemd.unit-whitelist": "--collector.systemd.unit-include",
}
"""Names that mean the same as one of ours."""

WITHOUT_MEANING = {
    "--runtime.gomaxprocs": "there is no Go runtime here",
    "--collector.filesystem.stat-workers": "one thread asks all mounts, and leaves those that hang behind",
    "--collector.netdev.netlink": "/proc/net/dev tells the same at less cost; netlink is asked where that is missing",
    "--no-collector.netdev.netlink": "/proc/net/dev is read already",
}
"""Settings of how node_exporter works inside; the first two take a value."""
TAKE_A_VALUE = ("--runtime.gomaxprocs", "--collector.filesystem.stat-workers")

ABSENT = ("ethtool", "logind", "network_route", "ntp", "perf", "runit", "supervisord")
"""node_exporter's collectors that are not offered here. To switch one off is no mistake."""


def translate(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments in our own names, and what to warn of."""
    words, warnings, rest = [], [], list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in WITHOUT_MEANING:
            warnings.append(f"{name} is ignored: {WITHOUT_MEANING[name]}")
            if name in TAKE_A_VALUE and not equals:
                del rest[:1]
        elif name.removeprefix("--no-collector.") not in ABSENT:
            words.append(f"{SAME.get(name, name)}{equals}{value}")
    return words, warnings
