"""The page before a large fleet, and before a server that goes and comes back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from tests.page.conftest import watched
from tests.page.fleet import fleet, report
from tests.processes import a_free_port


def test_two_hundred_hosts_are_shown_found_filtered_and_renewed(browser: Browser) -> None:
    with fleet(200, a_free_port()) as (url, inside), watched(browser, url, locale="en-US") as opened:
        page = opened.open()
        expect(page.locator(".card")).to_have_count(200)
        expect(page.locator("h1")).to_have_text("Hosts that need a look: 20 of 200")
        first = page.locator(".card", has_text="host-001")
        expect(first).to_contain_text("Health 7 of 100")
        inside.report = report(200, 1)
        expect(first).to_contain_text("Health 20 of 100")
        page.get_by_role("searchbox").fill("host-19")
        expect(page.locator(".card")).to_have_count(10)
        page.get_by_role("button", name=re.compile("Warning")).click()
        expect(page.locator(".card .name")).to_have_text(["host-190"])
        assert opened.complaints == []


def test_while_nobody_serves_the_page_says_how_old_its_data_are_however_new_the_cycle(browser: Browser) -> None:
    with fleet(2, a_free_port()) as (url, inside), watched(browser, url, locale="en-US") as opened:
        page = opened.open()
        expect(page.locator(".card")).to_have_count(2)
        now = datetime.now(UTC)
        seen = [replace(host, last_seen=now - timedelta(hours=2)) for host in report(2, 1).hosts]
        inside.report = replace(report(2, 1), at=now, source="", fallback_reason="all are down", hosts=tuple(seen))
        expect(page.locator("#banner")).to_contain_text("Nobody serves data: all are down. What you see is 2 h")
        expect(page.locator("#age")).to_have_text(re.compile("This is 2 h .*old"))
        expect(page.locator("#age")).to_have_class(re.compile("stale"))


def test_the_page_says_that_it_is_cut_off_and_goes_on_by_itself(browser: Browser) -> None:
    port = a_free_port()
    url = f"http://127.0.0.1:{port}"
    with watched(browser, url, locale="en-US") as opened:
        with fleet(2, port):
            page = opened.open()
            expect(page.locator(".card")).to_have_count(2)
        expect(page.locator("#banner")).to_contain_text("No connection to the analyzer")
        expect(page.locator(".card")).to_have_count(2)
        with fleet(3, port) as (_, inside):
            inside.report = report(3, 5)
            expect(page.locator(".card")).to_have_count(3)
            expect(page.locator("#banner")).not_to_contain_text("No connection")
