"""The life of incidents through real cycles, a real store and real sinks: loss, restarts, duplicates, set clocks."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from analyzer.cycle import Cycle
from analyzer.data import Feature, Fetched, FindingFilter, Fleet, Host, IncidentFilter, Window
from analyzer.errors import SourceUnreachable
from analyzer.forecasters import FORECASTERS
from analyzer.incidents import Grouping
from analyzer.judge import Judge
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.sinks.annotations import AnnotationSink
from analyzer.sinks.grafana import Grafana
from analyzer.store import Store
from analyzer.training import Trainer

T = TypeVar("T")
STEP = timedelta(seconds=15)
BEGIN = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HOSTS = ("web-1", "web-2", "db-1")
FULL = tuple(
    Feature(name, "ratio", name, f"node_{name}{{$selector}}", {"en": name, "ko": name}, saturates_at=0.9, limit=1.0)
    for name in ("cpu", "disk")
)


@dataclass
class World:
    """Hosts whose features are full, or that are mute, from some times on until others; `down`: nobody can be asked."""

    changes: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    down: bool = False
    name: str = "world"

    def toggle(self, host: str, what: str, at: datetime) -> None:
        self.changes.setdefault((host, what), []).append(at.timestamp())

    def on(self, host: str, what: str, time: float) -> bool:
        return sum(change <= time for change in self.changes.get((host, what), [])) % 2 == 1

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        if self.down:
            raise SourceUnreachable("can't reach the world: it is down")
        values = [[[self._value(name, f.name, time) for time in window.times] for f in FULL] for name in HOSTS]
        hosts = tuple(Host(name, "node") for name in HOSTS)
        fleet = Fleet(hosts, tuple(f.name for f in FULL), window.times, np.array(values, np.float32))
        return Fetched(fleet, self.name)

    def _value(self, host: str, feature: str, time: float) -> float:
        return float("nan") if self.on(host, "mute", time) else 0.97 if self.on(host, feature, time) else 0.2

    async def close(self) -> None:
        """Nothing is open."""


def rounds(world: World, store: Store) -> Rounds:
    """A fresh analyzer on what the store has. Its Grafana never answers: what is owed stays to be counted."""
    cycle = Cycle(
        source=world,
        trainer=Trainer(world, STEP),
        prospects=Prospects(world, FULL),
        judge=Judge(FULL, STEP),
        forecasters=[forecaster() for forecaster in FORECASTERS.values()],
        sinks=(AnnotationSink(store.outbox, {}, Grafana("http://127.0.0.1:9")),),
        step=STEP,
        recent=timedelta(minutes=15),
        grouping=Grouping({feature.name: feature for feature in FULL}),
    )
    return Rounds(cycle, store, timedelta(days=90))


class Life(RuleBasedStateMachine):
    """Whatever happens: each incident opens once and closes once, and what is open is what people are told."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="openmanager-test-"))
        self.runner = asyncio.Runner()
        self.world, self.now, self.looked = World(), BEGIN, False
        self.store = self.do(Store.open(self.folder))
        self.rounds = rounds(self.world, self.store)

    def do(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self.runner.run(done())

    def look(self) -> None:
        self.do(self.rounds.look(self.now))
        assert self.rounds.report is not None
        assert [failure for failure in self.rounds.report.failures if failure.stage not in {"fetch", "store"}] == []
        self.looked = True

    @rule(host=st.sampled_from(HOSTS), what=st.sampled_from(["cpu", "disk", "mute"]))
    def change(self, host: str, what: str) -> None:
        self.world.toggle(host, what, self.now)

    @rule(cycles=st.integers(1, 16))
    def watch(self, cycles: int) -> None:
        for _ in range(cycles):
            self.now += 2 * STEP
            self.look()

    @precondition(lambda self: self.looked)
    @rule()
    def look_twice_at_the_same_time(self) -> None:
        self.look()

    @rule(minutes=st.sampled_from([1, 4, 30]))
    def sleep(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def lose_or_find_the_source(self) -> None:
        self.world.down = not self.world.down

    @rule(remembers=st.booleans())
    def restart(self, remembers: bool) -> None:  # noqa: FBT001 - a rule's arguments are drawn by name
        if not remembers:
            self.do(self.store.memory.save("judge", b"of another version"))
        self.do(self.store.close())
        self.store = self.do(Store.open(self.folder))
        self.rounds = rounds(self.world, self.store)
        self.looked = False

    @rule(seconds=st.sampled_from([-90, -15, 90]))
    def set_the_clock(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def each_is_opened_once_and_closed_at_most_once(self) -> None:
        events = Counter((e.event, e.subject) for e in self.do(self.store.audit.newest(100_000)))
        assert {event: count for event, count in events.items() if count > 1} == {}
        closed = {subject for event, subject in events if event == "incident closed"}
        known = self.do(self.store.incidents.find(IncidentFilter(limit=100_000)))
        assert {incident.id for incident in known if not incident.open} == closed

    @invariant()
    def every_incident_is_annotated_once_and_its_end_too(self) -> None:
        for incident in self.do(self.store.incidents.find(IncidentFilter(limit=100_000))):
            kept = self.do(self.store.outbox.of_subject("annotations", incident.id))
            steps = [delivery.owed.key.split(":")[1] for delivery in kept]
            assert steps[0] == "open"
            assert (steps.count("open"), steps.count("close")) == (1, int(not incident.open))

    @precondition(lambda self: self.looked)
    @invariant()
    def what_the_store_holds_as_firing_is_what_the_report_says(self) -> None:
        report = self.rounds.report
        assert report is not None
        firing = {finding.fingerprint for finding in report.findings if finding.firing}
        stored = self.do(self.store.findings.find(FindingFilter(firing=True, limit=100_000)))
        assert {finding.fingerprint for finding in stored} == firing
        open_ = {incident.id for incident in report.incidents if incident.open}
        assert {incident.id for incident in self.do(self.store.incidents.open())} == open_
        members = Counter(each.fingerprint for incident in report.incidents for each in incident.findings)
        assert {members[fingerprint] for fingerprint in firing} <= {1}

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        self.world.changes, self.world.down = {}, False
        for _ in range(9):
            self.now += timedelta(minutes=1)
            self.look()
        assert self.do(self.store.incidents.open()) == ()
        self.each_is_opened_once_and_closed_at_most_once()
        self.every_incident_is_annotated_once_and_its_end_too()
        self.do(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=8, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
