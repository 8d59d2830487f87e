"""SELinux: whether it is on, and whether it enforces its rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

ENABLED = Family("node_selinux_enabled", "Whether SELinux is on.")
CONFIGURED = Family("node_selinux_config_mode", "Mode that is configured: enforcing 1, permissive 0, disabled -1.")
CURRENT = Family("node_selinux_current_mode", "Mode of now: enforcing 1, permissive 0.")
MODES = {"enforcing": 1, "permissive": 0, "disabled": -1}


@dataclass(frozen=True, slots=True)
class SelinuxCollector:
    """Source: /sys/fs/selinux and /etc/selinux/config, selinux(8)."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        current = self.trees.sys.value("fs/selinux/enforce")
        if current is None:
            return [self.listing.block([(ENABLED, (), 0)])]
        configured = MODES.get(self._configured(), -1)
        return [self.listing.block([(ENABLED, (), 1), (CONFIGURED, (), configured), (CURRENT, (), current)])]

    def _configured(self) -> str:
        content = self.trees.root.read_if_any("etc/selinux/config") or b""
        lines = (line.partition("=") for line in content.decode(errors="replace").splitlines())
        return {name.strip(): value.strip() for name, _, value in lines}.get("SELINUX", "")
