"""How fast the web page is: first paint, first data, bytes, and the work in a frame while 200 hosts are renewed.

    python -m benchmarks.page [CHROMIUM]

A fake fleet stands behind the real server; the browser's own trace tells what its main thread did.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.page.fleet import FEATURES, fleet, report
from tests.processes import a_free_port

HOSTS = 200
CYCLES = 15
LOADS = 10
FRAME_MS = 16.0
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
BYTES = "performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize ?? 0), 0)"


def main() -> None:
    chromium = sys.argv[1] if len(sys.argv) > 1 else "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print("| hosts | first paint (ms) | first data (ms) | transferred (KB) |\n| --- | --- | --- | --- |")
        for hosts in (1, HOSTS):
            print(f"| {hosts} | {' | '.join(loads(browser, hosts))} |")
        frames(browser)
        browser.close()


def loads(browser: Browser, hosts: int) -> list[str]:
    """Median and worst of fresh loads, nothing cached."""
    told: list[tuple[float, float, float]] = []
    with fleet(hosts, a_free_port()) as (url, _):
        for _ in range(LOADS):
            context = browser.new_context()
            page = context.new_page()
            page.goto(url)
            page.locator(".card").first.wait_for()
            data = page.evaluate("performance.now()")
            told.append((page.evaluate(PAINT), data, page.evaluate(BYTES) / 1000))
            context.close()
    paint, first, size = zip(*told, strict=True)
    return [f"{statistics.median(paint):.0f} (worst {max(paint):.0f})",
            f"{statistics.median(first):.0f} (worst {max(first):.0f})", f"{max(size):.0f}"]  # fmt: skip


def frames(browser: Browser) -> None:
    """What the main thread did, task by task, while every host changed in every cycle."""
    trace = Path("page-trace.json")
    with fleet(HOSTS, a_free_port()) as (url, inside):
        page = browser.new_page()
        page.goto(url)
        page.locator(".card").first.wait_for()
        time.sleep(2)
        # the driver's own first look is no work of the page
        expect(page.locator(".card", has_text="host-001")).to_contain_text("Health")
        browser.start_tracing(page=page, path=trace, categories=["toplevel", "devtools.timeline"])
        for cycle in range(1, CYCLES + 1):
            inside.report = report(HOSTS, cycle)
            shown(page, cycle)
        browser.stop_tracing()
    events = json.loads(trace.read_text())["traceEvents"]
    trace.unlink()
    told(events)


def shown(page: Page, cycle: int) -> None:
    expect(page.locator(".card", has_text="host-001")).to_contain_text(f"Health {(7 + cycle * 13) % 100} of 100")
    time.sleep(0.3)


def told(events: list[dict[str, Any]]) -> None:
    threads = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [e for e in events if e["name"].endswith("RunTask") and (e["pid"], e["tid"]) in threads]
    wall = sorted(task.get("dur", 0) / 1000 for task in tasks)
    cpu = sorted(task.get("tdur", 0) / 1000 for task in tasks)
    over = sum(spent > FRAME_MS for spent in cpu)
    print(
        f"\n{HOSTS} hosts with {FEATURES} features, {CYCLES} cycles, {len(tasks)} tasks of the page's main thread: "
        f"longest {cpu[-1]:.1f} ms of CPU ({wall[-1]:.1f} ms by the clock), "
        f"99% within {cpu[int(len(cpu) * 0.99)]:.1f} ms, {over} over {FRAME_MS:.0f} ms"
    )


if __name__ == "__main__":
    main()
