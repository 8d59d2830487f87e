"""What udev knows of a block device: the properties in its database."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.procfs import Tree

Properties = Mapping[str, str]


def properties(udev: Tree, number: str) -> Properties:
    """The properties of a block device; none when udev has no entry for it, as in containers."""
    content = udev.read_if_any(f"b{number}") or b""
    lines = (line[2:].decode(errors="replace") for line in content.splitlines() if line.startswith(b"E:"))
    return {name: value for name, equals, value in (line.partition("=") for line in lines) if equals}
