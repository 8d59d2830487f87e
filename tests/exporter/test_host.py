"""Collectors that break, hang or talk nonsense, behind the real server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Table
from tests.exporter.golden import samples
from tests.exporter.serving import GOOD, Steady, serving

OTHER = Family("other", "Something else.")


def success(page: bytes) -> dict[str, float]:
    found = samples(page.decode())
    return {dict(labels)["collector"]: v for (name, labels), v in found.items() if name.endswith("collector_success")}


def value(page: bytes, name: str, **labels: str) -> float | None:
    return samples(page.decode()).get((name, frozenset(labels.items())))


@dataclass
class Broken:
    error: Exception

    def collect(self) -> Iterable[Block]:
        raise self.error


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """The program's own log, which otherwise goes nowhere but to stderr."""
    monkeypatch.setattr(logging.getLogger("exporter"), "propagate", True)
    caplog.set_level(logging.DEBUG, "exporter")
    return caplog


def test_a_broken_collector_costs_only_its_own_metrics(log: pytest.LogCaptureFixture) -> None:
    with serving({"broken": Broken(RuntimeError("no such thing")), "good": Steady()}) as served:
        response, page = served.get()
    assert response.status == 200
    assert success(page) == {"broken": 0, "good": 1}
    assert value(page, "good_total") == 1
    assert "no such thing" in log.text


def test_the_same_kind_of_error_is_logged_once_until_the_collector_works_again(log: pytest.LogCaptureFixture) -> None:
    def sometimes() -> None:
        if steady.asked != 3:
            raise OSError("gone")

    steady = Steady(meanwhile=sometimes)
    told = []
    with serving({"moody": steady}) as served:
        for _ in range(5):
            served.get()
            told.append(len([record for record in log.records if record.getMessage() == "collector failed"]))
    assert told == [1, 1, 1, 2, 2]


def test_a_collector_without_data_fails_without_a_warning(log: pytest.LogCaptureFixture) -> None:
    with serving({"absent": Broken(NoData("no such hardware"))}) as served:
        _, page = served.get()
    assert success(page) == {"absent": 0}
    assert [record.levelname for record in log.records if "nothing to tell" in record.getMessage()] == ["DEBUG"]


def test_a_collector_without_data_is_asked_again_after_a_while() -> None:
    class Absent(Steady):
        def collect(self) -> Iterable[Block]:
            self.asked += 1
            raise NoData("no such hardware")

    absent = Absent()
    with serving({"absent": absent}, absent_seconds=30.0) as served:
        pages = [served.get()[1] for _ in range(3)]
    assert absent.asked == 1
    assert [success(page) for page in pages] == [{"absent": 0}] * 3
    with serving({"absent": absent}, absent_seconds=0.0) as served:
        served.get()
        served.get()
    assert absent.asked == 3


def test_a_collector_that_gives_no_numbers_costs_only_its_own_metrics() -> None:
    class Garbled(Steady):
        def collect(self) -> Iterable[Block]:
            return [Table(OTHER).single([b"12 kB"])]

    with serving({"garbled": Garbled(), "good": Steady()}) as served:
        _, page = served.get()
    assert success(page) == {"garbled": 0, "good": 1}
    assert b"other" not in page


def test_a_hanging_collector_costs_its_metrics_and_one_thread_until_it_returns() -> None:
    release = threading.Event()
    hanging = Steady(OTHER, meanwhile=lambda: release.wait(20))
    with serving({"hanging": hanging, "good": Steady()}, deadline_seconds=0.2) as served:
        pages = [served.get()[1] for _ in range(4)]
        threads = [thread for thread in threading.enumerate() if thread.name == "collect"]
        release.set()
        for thread in threads:
            thread.join(0.1)
        after = served.get()[1]
        left = [thread for thread in threading.enumerate() if thread.name == "collect"]
    assert [success(page) for page in pages] == [{"hanging": 0, "good": 1}] * 4
    assert [value(page, "good_total") for page in pages] == [1, 2, 3, 4]
    assert hanging.asked == 2, "asked once while it hung, and once after"
    assert len(threads) == 2
    assert len(left) == 1
    assert success(after) == {"hanging": 1, "good": 1}


def test_the_time_a_hanging_collector_took_is_told() -> None:
    release = threading.Event()
    hanging = Steady(OTHER, meanwhile=lambda: release.wait(20))
    with serving({"hanging": hanging}, deadline_seconds=0.3) as served:
        _, page = served.get()
        release.set()
    seconds = value(page, "node_scrape_collector_duration_seconds", collector="hanging")
    assert seconds is not None
    assert seconds >= 0.3


def test_a_scrape_ends_within_the_scrapers_own_timeout() -> None:
    release = threading.Event()
    slow = {f"slow{n}": Steady(Family(f"slow{n}", "Slow."), lambda: release.wait(20)) for n in range(5)}
    with serving({**slow, "last": Steady()}, deadline_seconds=10) as served:
        response, page = served.get(X_Prometheus_Scrape_Timeout_Seconds="0.5")
        release.set()
    assert response.status == 200
    assert success(page) == {"slow0": 0, "slow1": 0, "slow2": 0, "slow3": 0, "slow4": 0, "last": 0}


@dataclass
class Parts:
    """A collector that knows which of its parts hangs, as filesystem does."""

    release: threading.Event
    deadline_seconds: float = 0.2
    stuck: bool = False
    turn: object = None
    table: Table = field(default_factory=lambda: Table(OTHER))

    def collect(self) -> Iterable[Block]:
        turn = self.turn = object()
        if not self.stuck:
            self.stuck = True
            self.release.wait(20)
            self.stuck = False
            if self.turn is not turn:
                raise RuntimeError("overtaken")
        return [self.table.single([int(self.stuck)])]


def test_a_collector_that_can_resume_tells_the_rest_in_the_same_scrape(log: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    with serving({"parts": Parts(release)}) as served:
        pages = [served.get()[1] for _ in range(3)]
        release.set()
        for thread in [thread for thread in threading.enumerate() if thread.name == "collect"]:
            thread.join(0.1)
        after = served.get()[1]
    assert [value(page, "other") for page in pages] == [1, 1, 1]
    assert [success(page) for page in pages] == [{"parts": 1}] * 3
    assert value(after, "other") == 0
    assert "overtaken" not in log.text


def test_a_family_said_by_two_collectors_belongs_to_the_first() -> None:
    with serving({"first": Steady(), "second": Steady()}) as served:
        _, page = served.get()
    assert page.count(b"\ngood_total ") == 1
    assert value(page, "openmanager_exporter_series_dropped_total", family="good_total") == 1


def test_a_family_in_two_blocks_of_one_collector_is_that_collectors_failure() -> None:
    class Twice(Steady):
        def collect(self) -> Iterable[Block]:
            return [Table(GOOD).single([1]), Table(GOOD).single([2])]

    with serving({"twice": Twice()}) as served:
        _, page = served.get()
    assert success(page) == {"twice": 0}
    assert value(page, "good_total") is None


def test_series_beyond_the_cap_are_dropped_and_counted() -> None:
    many = Family("many", "Many.", labels=("n",))

    class Many(Steady):
        def collect(self) -> Iterable[Block]:
            return [Table(many).block([(str(n),) for n in range(10)], [range(10)])]

    with serving({"many": Many()}, most_series=4) as served:
        served.get()
        _, page = served.get()
    assert [value(page, "many", n=str(n)) for n in range(6)] == [0, 1, 2, 3, None, None]
    assert value(page, "openmanager_exporter_series_dropped_total", family="many") == 12


def test_a_collector_that_hangs_at_the_end_holds_up_nobody() -> None:
    release = threading.Event()

    class Clinging(Steady):
        def close(self) -> None:
            release.wait(20)

    with serving({"clinging": Clinging()}) as served:
        served.get()
    left = [thread for thread in threading.enumerate() if thread.name == "close"]
    release.set()
    assert [thread.daemon for thread in left] == [True]


def test_collectors_are_closed_at_the_end() -> None:
    closed = []

    class Closing(Steady):
        def close(self) -> None:
            closed.append("closed")

    with serving({"closing": Closing()}) as served:
        served.get()
    assert closed == ["closed"]
