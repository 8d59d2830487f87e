"""Runs axe-core on what a page shows."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

SERIOUS = {"serious", "critical"}


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def faults(page: Page) -> list[str]:
    """Every serious or critical fault, with the elements that have it. Moving parts are let come to rest first."""
    page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => null)))")
    page.evaluate(_source())
    found = page.evaluate("axe.run().then(told => told.violations)")
    return [
        f"{fault['id']}: {fault['help']}: {[node['html'][:200] for node in fault['nodes'][:3]]}"
        for fault in found
        if fault["impact"] in SERIOUS
    ]
