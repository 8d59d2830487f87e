"""The page's tests share one browser and one running product: exporter, Prometheus and analyzer as processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import tool
from tests.page.fake_host import FakeHost, answering
from tests.processes import Program, a_free_port, start_analyzer, start_exporter, start_prometheus, until

# A process that scrapes and looks each second: what a person would wait a minute for is there in a few.
QUICK = (
    "--cycle.interval=1s",
    "--cycle.step=1s",
    "--cycle.recent=5m",
    "--scrape.interval=1s",
    "--judge.saturated-after=5s",
)


@dataclass
class Product:
    exporter: Program
    prometheus: Program
    analyzer: Program
    fake: FakeHost
    real_host: str
    fake_host: str
    started: ExitStack
    folder: Path
    program: Path
    jobs: dict[str, int]

    def start_prometheus(self) -> None:
        """The same again after it was killed, on the same port and data."""
        port = int(self.prometheus.url.rpartition(":")[2])
        again = start_prometheus(self.program, self.folder, port, self.jobs)
        self.prometheus = self.started.enter_context(again)

    @property
    def url(self) -> str:
        return self.analyzer.url


@dataclass
class Watched:
    """A page, and all that it asked for or complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.url}/{path}")
        return self.page

    def strangers(self) -> list[str]:
        """Requests that went to another host."""
        return [asked for asked in self.requests if not asked.startswith((self.url, "data:", "blob:"))]


expect.set_options(timeout=20_000)  # two busy cores are slow, and a wait ends as soon as it may


@pytest.fixture(scope="session")
def chromium() -> Path:
    return tool("chromium")


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Ended with its module: its driver keeps a loop in this thread, which tests with one of their own can't have."""
    with sync_playwright() as playwright:
        # Containers and CI give a browser neither its own sandbox nor much shared memory.
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        started = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def product(prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("product")
    ports = {name: a_free_port() for name in ("exporter", "prometheus", "analyzer", "fake")}
    with ExitStack() as started:
        fake = started.enter_context(answering(FakeHost(), ports["fake"]))
        exporter = started.enter_context(start_exporter(folder, ports["exporter"]))
        jobs = {"node": ports["exporter"], "fake": ports["fake"], "openmanager-analyzer": ports["analyzer"]}
        prometheus = started.enter_context(start_prometheus(prometheus_program, folder, ports["prometheus"], jobs))
        targets = ",".join(f"http://127.0.0.1:{ports[name]}/metrics" for name in ("exporter", "fake"))
        analyzer = started.enter_context(
            start_analyzer(
                folder,
                ports["analyzer"],
                prometheus.url,
                f"--scrape.targets={targets}",
                '--prometheus.selector=job=~"node|fake"',
                *QUICK,
            )
        )
        hosts = [f"127.0.0.1:{ports[name]}" for name in ("exporter", "fake")]
        running = Product(
            exporter, prometheus, analyzer, fake, hosts[0], hosts[1], started, folder, prometheus_program, jobs
        )
        until(lambda: seen(running), "both hosts are seen", analyzer, prometheus)
        yield running


def seen(product: Product) -> bool:
    status, _ = product.analyzer.get("/-/ready")
    hosts = product.analyzer.json("/api/v1/hosts").get("hosts", []) if status == 200 else []
    return len([host for host in hosts if host["health"] is not None]) == 2


@pytest.fixture
def english(browser: Browser, product: Product) -> Iterator[Watched]:
    with watched(browser, product.url, locale="en-US") as opened:
        yield opened


@pytest.fixture
def korean(browser: Browser, product: Product) -> Iterator[Watched]:
    with watched(browser, product.url, locale="ko-KR", timezone_id="Asia/Seoul") as opened:
        yield opened


@contextmanager
def watched(browser: Browser, url: str, **settings: Any) -> Iterator[Watched]:
    """A page in a context of its own that writes down what it asks for and complains of."""
    context = browser.new_context(**settings)
    context.set_default_timeout(20_000)
    opened = Watched(context.new_page(), url)

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            opened.complaints.append(message.text)

    opened.page.on("console", said)
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("request", lambda request: opened.requests.append(request.url))
    yield opened
    context.close()
