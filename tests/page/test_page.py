"""The page in a real browser, against the running product with a real Prometheus."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.page.axe import faults
from tests.page.conftest import Product, Watched, watched
from tests.page.fake_host import HOSTILE
from tests.processes import until

VIEWS = ("", "ask", "status", "host", "incident")


@pytest.fixture
def incident(product: Product) -> dict[str, Any]:
    """A finding that fires: the fake host's CPU is at its limit."""
    product.fake.busy = 0.99
    found: list[dict[str, Any]] = until(lambda: firing(product), "an incident", product.analyzer, product.prometheus)
    return found[0]


def firing(product: Product) -> list[dict[str, Any]]:
    asked = f"/api/v1/findings?firing=true&kind=saturation:cpu_busy_ratio&host={product.fake_host}"
    found: list[dict[str, Any]] = product.analyzer.json(asked)["findings"]
    return found


def address(view: str, product: Product, incident: dict[str, Any]) -> str:
    subject = {"host": f"/{product.fake_host}", "incident": f"/{incident['fingerprint']}"}.get(view, "")
    return f"#/{view}{subject}"


def test_the_first_look_shows_every_host_quietly_and_asks_nobody_else(english: Watched, product: Product) -> None:
    page = english.open()
    expect(page.locator(".card")).to_have_count(2)
    expect(page.locator("#age")).to_have_text(re.compile(r"This is \d+ s old"))
    sizes = page.evaluate("performance.getEntries().map(entry => entry.transferSize ?? 0)")
    assert sum(sizes) < 300_000
    assert english.strangers() == []
    assert english.complaints == []


def test_an_incident_opens_and_closes_before_the_eyes_of_who_looks(
    english: Watched, product: Product, incident: dict[str, Any]
) -> None:
    page = english.open()
    expect(page.locator(".incident a").first).to_be_visible()
    expect(page.locator(f".incident a[href='#/incident/{incident['incident']}']")).to_be_visible()
    page = english.open(f"#/incident/{incident['fingerprint']}")
    expect(page.locator("h1")).to_contain_text("CPU")
    expect(page.locator(".facts")).to_contain_text("Firing now")
    expect(page.locator(".steps li").first).to_contain_text("Look")
    # A busy machine has findings of its own, which may belong to the same story.
    part = page.locator(f"[data-finding='{incident['fingerprint']}']")
    if not part.locator("details.part").evaluate("details => details.open"):
        part.locator("summary").first.click()
    expect(part.locator(".causes li")).to_have_count(1)
    expect(part.locator(".charts canvas")).to_be_visible()
    expect(part).to_contain_text("What moved with it")
    expect(part).to_contain_text("Firing now")
    product.fake.busy = 0.1
    expect(part).to_contain_text("Ended", timeout=30_000)
    page.goto(f"{english.url}/#/host/{product.fake_host}")
    expect(page.locator(f".incident a[href='#/incident/{incident['incident']}']")).to_be_visible()
    assert english.complaints == []


def test_what_a_real_load_uses_shows_without_a_reload(english: Watched, product: Product) -> None:
    page = english.open(f"#/host/{product.real_host}")
    expect(page.locator("canvas").first).to_be_visible()
    with load():
        row = page.locator("tr", has=page.locator("td:first-child", has_text=re.compile(r"^dd$")))
        expect(row.locator("td").nth(1)).to_have_text(re.compile(r"^0?\.\d*[1-9]|^[1-9]"), timeout=30_000)
    assert english.complaints == []


@contextmanager
def load() -> Iterator[None]:
    command = ["timeout", "40", "dd", "if=/dev/zero", "of=/dev/null"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as copying:
        try:
            yield
        finally:
            copying.terminate()


# The worded answer stays away until finish() is called.
HELD = """
const whole = window.fetch;
window.fetch = async (...asked) => {
  const response = await whole(...asked);
  if (!String(asked[0]).endsWith("/api/v1/query")) return response;
  const text = await response.text(), at = text.lastIndexOf("event: answer"), bytes = new TextEncoder();
  const body = new ReadableStream({ start(out) {
    out.enqueue(bytes.encode(text.slice(0, at)));
    window.finish = () => { out.enqueue(bytes.encode(text.slice(at))); out.close(); };
  } });
  return new Response(body, { status: response.status, headers: response.headers });
};
"""


def test_evidence_that_is_looked_at_stays_open_when_the_worded_answer_comes(english: Watched, product: Product) -> None:
    english.page.add_init_script(HELD)
    page = english.open("#/ask")
    page.get_by_label("Your question").fill("How are my hosts?")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text(product.fake_host)
    page.locator(".said .figure").first.click()
    expect(page.locator(".evidence:focus code")).to_be_visible()
    facts = page.locator(".said").element_handle()
    page.evaluate("finish()")
    page.wait_for_function("said => !said.isConnected", arg=facts)
    expect(page.locator(".evidence:focus code")).to_be_visible()
    assert english.complaints == []


def test_a_question_in_english_is_answered_and_its_figures_lead_to_their_evidence(
    english: Watched, product: Product
) -> None:
    page = english.open("#/ask")
    page.get_by_label("Your question").fill("How are my hosts?")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text(product.fake_host)
    figure = page.locator(".said .figure").first
    figure.click()
    expect(page.locator(".evidence:focus")).to_contain_text("E")
    expect(page.locator(".evidence:focus code")).to_be_visible()
    expect(page.locator(".facts", has_text="Worded by")).to_contain_text("code alone")
    assert english.complaints == []


def test_a_question_in_korean_is_answered_in_korean(korean: Watched, product: Product) -> None:
    page = korean.open("#/ask")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.get_by_role("button", name="서버 상태 어때?").click()
    expect(page.locator(".said")).to_contain_text("호스트")
    expect(page.locator("h2", has_text="답변의 바탕")).to_be_visible()
    assert korean.complaints == []


def test_feedback_is_given_outlives_a_reload_and_is_undone(english: Watched, incident: dict[str, Any]) -> None:
    page = english.open(f"#/incident/{incident['fingerprint']}")
    wrong = page.get_by_role("button", name="Not an anomaly")
    wrong.click()
    expect(page.get_by_text("Noted: not an anomaly.")).to_be_visible()
    page.reload()
    expect(wrong).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Undo").click()
    expect(wrong).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_role("button", name="Useful")).to_have_attribute("aria-pressed", "false")
    assert english.complaints == []


def test_the_like_of_an_incident_is_silenced_shown_as_such_and_heard_again(
    english: Watched, product: Product, incident: dict[str, Any]
) -> None:
    page = english.open(f"#/incident/{incident['fingerprint']}")
    page.get_by_role("button", name="8h").click()
    expect(page.get_by_text("Silenced from the next cycle on")).to_be_visible()
    part = page.locator(f"[data-finding='{incident['fingerprint']}']")
    expect(part).to_contain_text("Not told: the planned silence")
    held = page.get_by_role("group", name="Silence the like of it for").locator("code")
    expect(held).to_contain_text("saturation:cpu_busy_ratio")
    page = english.open("#/status")
    page.get_by_role("button", name="End the silence").click()
    expect(page.get_by_text("Nothing is silenced.")).to_be_visible()
    page = english.open(f"#/incident/{incident['fingerprint']}")
    expect(page.get_by_role("button", name="8h")).to_be_enabled()
    expect(part).to_contain_text("Firing now")
    expect(part).not_to_contain_text("Not told")
    assert english.complaints == []


def test_text_from_hosts_is_shown_as_text(english: Watched, product: Product, incident: dict[str, Any]) -> None:
    dialogs: list[str] = []

    def asked(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    english.page.on("dialog", asked)
    page = english.open()
    expect(page.locator(".card .name", has_text="<script>")).to_have_text(HOSTILE)
    page = english.open(f"#/host/{product.fake_host}")
    for place in ("h1", "td:first-child", "td code", ".services li"):
        expect(page.locator(place, has_text=HOSTILE).first).to_be_visible()
    page = english.open(address("incident", product, incident))
    expect(page.locator("td code", has_text=HOSTILE)).to_be_visible()
    assert page.title() == "OpenManager"
    assert page.locator("main script, main img").count() == 0
    assert dialogs == []
    assert english.complaints == []


@pytest.mark.parametrize(("theme", "locale", "width"), [("light", "en-US", 1600), ("dark", "ko-KR", 360)])
def test_every_view_fits_the_screen_and_axe_finds_no_serious_fault(
    browser: Browser, product: Product, incident: dict[str, Any], theme: str, locale: str, width: int
) -> None:
    screen = {"viewport": {"width": width, "height": 800}, "color_scheme": theme, "locale": locale}
    with watched(browser, product.url, **screen) as opened:
        for view in VIEWS:
            page = opened.open(address(view, product, incident))
            settled(page, view)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, view
            assert faults(page) == [], view


def settled(page: Page, view: str) -> None:
    place = {
        "": ".card",
        "ask": ".starters button",
        "status": "main section",
        "host": "canvas",
        "incident": ".steps li",
    }
    expect(page.locator(place[view]).first).to_be_visible()


def test_language_and_theme_are_switched_and_remembered(english: Watched) -> None:
    page = english.open()
    page.get_by_role("button", name="한국어").click()
    expect(page.get_by_role("link", name="현황")).to_be_visible()
    page.get_by_role("button", name="테마").click()
    page.get_by_role("button", name="테마").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"


def test_the_keyboard_alone_reaches_content_and_hosts(english: Watched) -> None:
    page = english.open()
    expect(page.locator(".card").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.locator(".card .name").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h2", has_text="What took points away")).to_be_visible()


def test_what_has_grown_old_is_said_to_be_old(english: Watched, product: Product) -> None:
    page = english.open()
    for _ in range(3):  # till the page knows how often a cycle comes
        with page.expect_request("**/api/v1/hosts?*"):
            pass
    product.analyzer.process.send_signal(signal.SIGSTOP)
    try:
        expect(page.locator("#banner")).to_contain_text("last cycle is", timeout=60_000)
        expect(page.locator("#age")).to_have_class(re.compile("stale"))
    finally:
        product.analyzer.process.send_signal(signal.SIGCONT)
    expect(page.locator("#banner")).to_be_hidden()


def test_while_prometheus_is_away_the_page_says_who_serves_instead(english: Watched, product: Product) -> None:
    page = english.open()
    expect(page.locator(".card")).to_have_count(2)
    product.prometheus.process.kill()
    product.prometheus.process.wait()
    expect(page.locator("#banner")).to_contain_text("direct scrape", timeout=30_000)
    expect(page.locator("#banner")).to_contain_text("can't reach Prometheus")
    expect(page.locator(".card")).to_have_count(2)
    product.start_prometheus()
    expect(page.locator("#banner")).to_be_hidden(timeout=30_000)
