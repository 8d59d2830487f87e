"""Graphics cards of AMD's driver: how busy they are, and their memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.attributes import Attribute, Sample, told
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "class/drm"
CARD = re.compile(r"card\d+")
INFO = Family(
    "node_drm_card_info",
    "What the card is, in labels.",
    labels=("card", "memory_vendor", "power_performance_level", "unique_id", "vendor"),
)


def gauge(path: str, name: str, text: str) -> Attribute:
    return Attribute(f"device/{path}", Family(f"node_drm_{name}", text, labels=("card",)))


ATTRIBUTES = (
    gauge("gpu_busy_percent", "gpu_busy_percent", "How busy the processor of the card is."),
    gauge("mem_info_gtt_total", "memory_gtt_size_bytes", "Memory of the host that the card may use."),
    gauge("mem_info_gtt_used", "memory_gtt_used_bytes", "Memory of the host that the card uses."),
    gauge("mem_info_vram_total", "memory_vram_size_bytes", "Memory of the card."),
    gauge("mem_info_vram_used", "memory_vram_used_bytes", "Memory of the card in use."),
    gauge("mem_info_vis_vram_total", "memory_vis_vram_size_bytes", "Memory of the card that the host can see."),
    gauge("mem_info_vis_vram_used", "memory_vis_vram_used_bytes", "Memory in use that the host can see."),
)
TEXTS = ("mem_info_vram_vendor", "power_dpm_force_performance_level", "unique_id")


@dataclass(frozen=True, slots=True)
class DrmCollector:
    """Source: /sys/class/drm/cardN/device, kernel's Documentation/gpu/amdgpu."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        cards = [name for name in tree.names_if_any(FOLDER) if CARD.fullmatch(name)]
        ours = [
            card for card in cards if b"DRIVER=amdgpu" in (tree.read_if_any(f"{FOLDER}/{card}/device/uevent") or b"")
        ]
        return [self.listing.block(sample for card in ours for sample in of_card(tree, card))]


def of_card(tree: Tree, card: str) -> Iterator[Sample]:
    vendor, level, identity = (tree.value(f"{FOLDER}/{card}/device/{name}") or b"" for name in TEXTS)
    yield INFO, (card, vendor, level, identity, "amd"), 1
    yield from told(tree, f"{FOLDER}/{card}", (card,), ATTRIBUTES)
