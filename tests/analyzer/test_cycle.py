"""A cycle on synthetic hosts: what it reports, what it remembers, and what a failing part costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analyzer.assistant.phrases import too_early
from analyzer.cycle import Cycle, Memory
from analyzer.data import Failure, Feature, Fetched, Fleet, Host, Learning, Report, Starting, Window
from analyzer.errors import SourceStarting, SourceUnreachable
from analyzer.forecasters import FORECASTERS
from analyzer.forecasters.linear import LinearForecaster
from analyzer.guard import Guard
from analyzer.health import fleet_health
from analyzer.interfaces import Sink
from analyzer.judge import Judge
from analyzer.prospects import Prospects
from analyzer.training import Trainer

STEP = timedelta(seconds=15)
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
FEATURES = tuple(
    Feature(name, "ratio", "cpu", f"node_{name}{{$selector}}", {"en": name, "ko": name}) for name in ("cpu", "memory")
)


def value(host: str, feature: str, time: float) -> float:
    """A calm daily wave with noise that is the same at every asking; memory jumps on "sick" in the third hour."""
    seed = abs(hash((len(host), len(feature), int(time)))) % 2**32
    noise = float(np.random.default_rng(seed).normal(0, 0.01))
    jump = 0.6 if host == "sick" and feature == "memory" and time >= BEGIN.timestamp() + 3 * 3600 else 0.0
    return 0.2 + 0.05 * float(np.sin(time / 600)) + noise + jump


@dataclass
class SyntheticSource:
    """Every host's features computed from the time; `down` makes it unreachable."""

    hosts: tuple[str, ...]
    down: bool = False
    starting: bool = False
    not_asked: tuple[str, ...] = ()
    asked: list[Window] = field(default_factory=list)
    name: str = "synthetic"

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        if self.down:
            raise SourceUnreachable("can't reach the synthetic source: it is down")
        if self.starting:
            raise SourceStarting("it has no data yet", "http://prometheus:9090", first_scrape_seconds=15.0)
        self.asked.append(window)
        names = (host,) if host else self.hosts
        begun = np.where(window.times >= BEGIN.timestamp(), 1.0, np.nan)
        values = [[[value(name, f.name, t) for t in window.times] for f in FEATURES] for name in names]
        fleet = Fleet(
            tuple(Host(name, "node", f"{name}.example") for name in names),
            tuple(f.name for f in FEATURES),
            window.times,
            (np.array(values) * begun).astype(np.float32),
        )
        return Fetched(fleet, self.name, not_asked=self.not_asked)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class ListSink:
    name: str = "list"
    broken: bool = False
    reports: list[Report] = field(default_factory=list)

    async def publish(self, report: Report) -> None:
        if self.broken:
            raise OSError("disk full")
        self.reports.append(report)

    async def close(self) -> None:
        """Nothing is open."""


def a_cycle(source: SyntheticSource, *sinks: Sink) -> Cycle:
    trainer = Trainer(source, STEP, history=timedelta(hours=6))
    prospects, judge = Prospects(source, FEATURES, history=6 * HOUR), Judge(FEATURES, STEP)
    return Cycle(source, trainer, prospects, judge, [f() for f in FORECASTERS.values()], sinks, STEP, HOUR)


HOUR = timedelta(hours=1)


async def test_what_a_host_has_by_now_is_no_longer_called_missing() -> None:
    cycle = a_cycle(SyntheticSource(("calm",)))
    await cycle.trainer.train(BEGIN - HOUR, ["calm"])
    known = cycle.trainer.models("calm")
    assert isinstance(known, Learning)
    assert known.missing_features == tuple(feature.name for feature in FEATURES)
    report, _ = await cycle.run(BEGIN + timedelta(minutes=5), Memory())
    learning = report.hosts[0].learning
    assert learning is not None
    assert learning.missing_features == ()


async def test_a_host_is_learning_until_its_models_are_fitted_and_then_scored() -> None:
    cycle = a_cycle(SyntheticSource(("calm",)))
    early, memory = await cycle.run(BEGIN + timedelta(minutes=5), Memory())
    learning = early.hosts[0].learning
    assert learning is not None
    assert early.hosts[0].scores == {}
    await cycle.trainer.train(BEGIN + timedelta(hours=2), ["calm"])
    later, _ = await cycle.run(BEGIN + timedelta(hours=2), memory)
    assert later.hosts[0].learning is None
    assert set(later.hosts[0].scores) == {
        "alone",
        "isolation_forest",
        "kmeans",
        "regression",
        "regression_slow",
        "residual_fast",
        "residual_slow",
        "ensemble",
    }
    assert all(0 <= score <= 1 for score in later.hosts[0].scores.values())
    assert {trend.feature for trend in later.hosts[0].trends} == {"cpu", "memory"}
    assert later.hosts[0].host.nodename == "calm.example"


async def test_without_forecasters_there_are_no_trends_and_all_else_goes_on() -> None:
    cycle = replace(a_cycle(SyntheticSource(("calm",))), forecasters=())
    report, _ = await cycle.run(BEGIN + timedelta(minutes=5), Memory())
    assert (list(report.hosts[0].trends), report.failures) == ([], ())
    assert report.hosts[0].latest


async def test_trends_of_several_forecasters_stand_beside_each_other() -> None:
    cycle = replace(a_cycle(SyntheticSource(("calm",))), forecasters=(LinearForecaster(), LinearForecaster(1800.0)))
    report, _ = await cycle.run(BEGIN + timedelta(minutes=59), Memory())
    assert [trend.feature for trend in report.hosts[0].trends] == ["cpu", "memory"] * 2


async def test_a_jump_becomes_a_finding_whose_first_cause_is_what_jumped() -> None:
    source = SyntheticSource(("calm", "sick"))
    cycle = a_cycle(source)
    memory = Memory()
    for minutes in (120, 179):
        now = BEGIN + timedelta(minutes=minutes)
        await cycle.trainer.train(now, ["calm", "sick"], most=2)
        _, memory = await cycle.run(now, memory)
    report, memory = await cycle.run(BEGIN + timedelta(minutes=183), memory)
    assert [(finding.host, finding.kind) for finding in report.findings] == [("sick", "anomaly")]
    assert report.findings[0].causes[0].feature == "memory"
    again, _ = await cycle.run(BEGIN + timedelta(minutes=184), memory)
    ill, well = (report.host(name) for name in ("sick", "calm"))
    assert ill is not None
    assert well is not None
    assert ill.health is not None
    assert well.health is not None
    assert report.fleet_health == fleet_health({"sick": ill.health, "calm": well.health})
    assert again.findings[0].fingerprint == report.findings[0].fingerprint, "one story is one finding"


async def test_only_what_is_new_is_fetched_after_the_first_cycle() -> None:
    source = SyntheticSource(("calm",))
    cycle = a_cycle(source)
    _, memory = await cycle.run(BEGIN + timedelta(hours=2), Memory())
    await cycle.run(BEGIN + timedelta(hours=2, minutes=1), memory)
    first, second = source.asked
    assert first.end - first.start == HOUR
    assert second.end - second.start == timedelta(minutes=2)


async def test_a_source_that_is_down_is_a_failure_and_what_was_firing_stays() -> None:
    source = SyntheticSource(("sick",))
    cycle = a_cycle(source)
    memory = Memory()
    for minutes in (120, 179, 183):
        now = BEGIN + timedelta(minutes=minutes)
        await cycle.trainer.train(now, ["sick"])
        before, memory = await cycle.run(now, memory)
    source.down = True
    report, _ = await cycle.run(BEGIN + timedelta(minutes=184), memory)
    assert report.source == ""
    assert "can't reach the synthetic source" in report.failures[0].reason
    assert [finding.fingerprint for finding in report.findings] == [f.fingerprint for f in before.findings]


async def test_a_source_that_has_only_just_begun_is_waited_for_and_no_failure() -> None:
    source, sink = SyntheticSource(("calm",), starting=True), ListSink()
    cycle = a_cycle(source, sink)
    report, memory = await cycle.run(BEGIN, Memory())
    assert report.failures == ()
    assert report.starting == Starting("http://prometheus:9090", first_scrape_seconds=15.0)
    assert (report.source, report.hosts) == ("", ())
    assert too_early(report, "en") == report.fallback_reason
    assert too_early(report, "ko").startswith("시작하는 중입니다")
    source.starting = False
    report, _ = await cycle.run(BEGIN + STEP, memory)
    assert (report.starting, report.source) == (None, "synthetic")


async def test_a_broken_sink_costs_only_its_own_delivery_and_shows_in_the_next_report() -> None:
    broken, sound = ListSink("broken", broken=True), ListSink("sound")
    cycle = a_cycle(SyntheticSource(("calm",)), broken, sound)
    first, memory = await cycle.run(BEGIN + timedelta(hours=2), Memory())
    assert first.failures == ()
    assert len(sound.reports) == 1
    second, _ = await cycle.run(BEGIN + timedelta(hours=2, minutes=1), memory)
    assert [(f.stage, f.reason) for f in second.failures] == [("sink broken", "OSError: disk full")]


def test_the_guard_keeps_the_reason_logs_the_traceback_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard(BEGIN, clock=iter([0.0, 1.5, 2.0, 2.5]).__next__)
    with guard.stage("score", "web-1"):
        raise KeyError("cpu")
    with guard.stage("judge"):
        pass
    assert [(f.stage, f.host, f.reason) for f in guard.failures] == [("score", "web-1", "KeyError: 'cpu'")]
    assert guard.seconds == {"score": 1.5, "judge": 0.5}
    assert "Traceback" in caplog.text


def test_a_failure_that_only_goes_on_is_reported_each_time_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    known: tuple[Failure, ...] = ()
    for _ in range(3):
        guard = Guard(BEGIN, known)
        with guard.stage("fetch"):
            raise SourceUnreachable("can't reach Prometheus at http://127.0.0.1:9: connection refused")
        known = guard.failures
        assert len(known) == 1
    assert caplog.text.count("can't reach Prometheus") == 1
    assert "Traceback" not in caplog.text


async def test_hosts_that_a_fallback_can_not_ask_are_not_called_silent() -> None:
    source = SyntheticSource(("asked", "elsewhere"))
    cycle = a_cycle(source)
    _, memory = await cycle.run(BEGIN + timedelta(hours=2), Memory())
    source.hosts, source.not_asked = ("asked",), ("elsewhere",)
    report, memory = await cycle.run(BEGIN + timedelta(hours=2, minutes=10), memory)
    assert [finding.kind for finding in report.findings] == []
    source.not_asked = ()
    report, _ = await cycle.run(BEGIN + timedelta(hours=2, minutes=11), memory)
    assert [(finding.host, finding.kind) for finding in report.findings] == [("elsewhere", "silent")]
