"""A host whose instance changes, in a real Prometheus that holds such a history: it goes on under its new name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from analyzer.cycle import Cycle
from analyzer.data import Feature, Finding, FindingFilter, Fleet, Quiet, Severity, Window
from analyzer.host_models import HostModels
from analyzer.identities import Registry
from analyzer.judge import Judge
from analyzer.machines import Inventory
from analyzer.names import Names, Rename
from analyzer.prospects import Prospects
from analyzer.renaming import Renaming
from analyzer.rounds import Rounds
from analyzer.sources.prometheus import PrometheusSource
from analyzer.store import Store
from analyzer.training import Trainer
from analyzer.wording import say_finding
from tests.processes import Program
from tests.written_history import holding

BEGIN = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
MINUTE, STEP = timedelta(minutes=1), timedelta(seconds=15)
STEADY, OLD, NEW, GONE = "web-1:9100", "10.0.0.5:9100", "db-1:9100", "web-7:9100"
# From minute and until minute of each instance; OLD and NEW are one machine, GONE and its like are two.
LIVES = {STEADY: (0, 75), OLD: (0, 40), NEW: (40.5, 75), GONE: (0, 41), "web-8:9100": (41.5, 75)}
CARDS = {STEADY: "01", OLD: "02", NEW: "02", GONE: "03", "web-8:9100": "04"}
NODES = {STEADY: "web-1", OLD: "db-1", NEW: "db-1", GONE: "web", "web-8:9100": "web"}
# From minute until minute the machine of two names has far more to do than ever.
BUSY = (39.5, 60)
# And for some minutes of the next day.
LATER = (1800, 1805)
FEATURES = tuple(
    Feature(name, "ratio", "cpu", f"{metric}{{$selector}}", {"en": name, "ko": name})
    for name, metric in (("load", "node_load1"), ("memory", "node_memory_MemAvailable_ratio"))
)


def history() -> str:
    """OpenMetrics text: every machine started in one second, and is as large as the others."""
    told: dict[str, list[str]] = {}
    for number, (instance, (first, last)) in enumerate(LIVES.items()):
        noise = np.random.default_rng(number).normal(0.5, 0.05, (2, 4 * 75))
        labels = f'instance="{instance}",job="node"'
        uname = f'{labels},nodename="{NODES[instance]}",release="6.1.0",sysname="Linux",machine="x86_64",version="1"'
        if CARDS[instance] == CARDS[NEW]:
            noise[0, int(4 * BUSY[0]) : int(4 * BUSY[1])] += 5.0
        later = range(4 * LATER[0], 4 * LATER[1]) if instance == NEW else ()
        for step in (*range(int(4 * first), int(4 * last)), *later):
            at = f"{BEGIN.timestamp() + 15 * step + 0.2 * number:.3f}"
            for metric, value in {
                f"node_load1{{{labels}}}": noise[0, step % 300],
                f"node_memory_MemAvailable_ratio{{{labels}}}": noise[1, step % 300],
                f"node_boot_time_seconds{{{labels}}}": BEGIN.timestamp() - 86400,
                f'node_cpu_seconds_total{{{labels},cpu="0",mode="idle"}}': 15.0 * step,
                f"node_memory_MemTotal_bytes{{{labels}}}": 8 * 2**30,
                f"node_context_switches_total{{{labels}}}": 1e8 * int(CARDS[instance]) + 5000.0 * step,
                f"node_uname_info{{{uname}}}": 1,
                f'node_network_info{{{labels},device="eno1",address="a4:bf:01:00:00:{CARDS[instance]}"}}': 1,
            }.items():
                told.setdefault(metric.partition("{")[0], []).append(f"{metric} {value} {at}")
    lines = [
        line
        for name, samples in told.items()
        for line in (
            f"# TYPE {name.removesuffix('_total')} {'counter' if name.endswith('_total') else 'gauge'}",
            *samples,
        )
    ]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def written(promtool: Path, prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with holding(history(), tmp_path_factory.mktemp("renamed"), promtool, prometheus_program) as prometheus:
        yield prometheus


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


class Analyzer:
    """A fresh one on what the store has, until the block ends."""

    def __init__(self, prometheus: Program, store: Store) -> None:
        names = Names()
        self.source = PrometheusSource(FEATURES, url=prometheus.url, names=names)
        self.trainer = Trainer(self.source, STEP, history=timedelta(hours=2))
        cycle = Cycle(
            source=self.source,
            trainer=self.trainer,
            prospects=Prospects(self.source, FEATURES),
            judge=Judge(FEATURES, STEP),
            forecasters=(),
            sinks=(),
            step=STEP,
            recent=timedelta(minutes=30),
            inventory=Inventory(self.source),
            renaming=Renaming(names, Registry(self.source)),
        )
        self.rounds = Rounds(cycle, store, timedelta(days=90))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.source.close()

    async def live(self, first: int, last: int) -> None:
        """A look each minute."""
        for minute in range(first, last + 1):
            await self.rounds.look(BEGIN + minute * MINUTE)
            assert self.rounds.report is not None
            assert self.rounds.report.failures == ()

    def hosts(self) -> set[str]:
        assert self.rounds.report is not None
        return {host.host.name for host in self.rounds.report.hosts}

    def confidence(self, host: str) -> float:
        known = self.rounds.report.host(host) if self.rounds.report else None
        assert known is not None
        assert known.experience is not None
        return known.experience.confidence


async def found(store: Store, kind: str) -> tuple[Finding, ...]:
    return await store.findings.find(FindingFilter(kind=kind))


async def test_a_renamed_host_keeps_all_that_is_known_of_it_over_a_restart(written: Program, store: Store) -> None:
    async with Analyzer(written, store) as before:
        await before.live(37, 38)
        for _ in range(3):
            await before.rounds.train(BEGIN + 38 * MINUTE)
        await before.live(39, 40)
        known, sure = before.trainer.models(OLD), before.confidence(OLD)
        assert isinstance(known, HostModels)
        await before.live(41, 43)
        (busy,) = await found(store, "anomaly")
        await store.feedback.give(busy.fingerprint, "not_an_anomaly", BEGIN + 43 * MINUTE)
        await before.live(44, 48)

        assert before.hosts() >= {STEADY, NEW}
        assert OLD not in before.hosts()
        models = before.trainer.models(NEW)
        assert isinstance(models, HostModels)
        assert (models.fitted_at, models.steps, models.host) == (known.fitted_at, known.steps, NEW)
        assert before.confidence(NEW) >= sure
        assert [finding.host for finding in await found(store, "silent")] == [GONE], "that one is another machine"
        told = {finding.host: finding for finding in await found(store, "anomaly")}
        assert (told[OLD].firing, told[OLD].end_reason) == (False, "the host is called db-1:9100 now")
        assert (told[NEW].firing, told[NEW].starts_at, told[NEW].incident) == (True, busy.starts_at, busy.incident)
        assert told[NEW].quiet == Quiet("feedback", busy.fingerprint), "what was said of it holds"
        (renamed,) = await found(store, "renamed")
        assert (renamed.host, renamed.severity, renamed.firing) == (NEW, Severity.INFO, True)
        at = f"{renamed.starts_at:%H:%M}"
        assert say_finding(renamed, {}, "en") == (
            f"db-1:9100 is the machine that was called 10.0.0.5:9100, found under its new name at Nov 22 {at} UTC; "
            "what is known of it goes on."
        )
        assert say_finding(renamed, {}, "ko") == (
            f"db-1:9100 호스트는 이전에 10.0.0.5:9100이라고 불리던 장비이며, 11월 22일 {at} UTC에 새 이름으로 "
            "확인되었습니다. 학습한 내용은 그대로 이어집니다."
        )
        assert [(cause.evidence.host, cause.evidence.promql, cause.evidence.value) for cause in renamed.causes] == [
            (host, f'node_boot_time_seconds{{instance="{host}"}}', BEGIN.timestamp() - 86400) for host in (NEW, OLD)
        ]
    async with Analyzer(written, store) as again:
        await again.live(52, 70)
        for _ in range(3):
            await again.rounds.train(BEGIN + 70 * MINUTE)
        await again.live(71, 72)
        assert OLD not in again.hosts()
        anew = again.trainer.models(NEW)
        assert isinstance(anew, HostModels)
        assert anew.steps >= 4 * 69, "it learns from the history of both names"
        assert again.confidence(NEW) >= sure
        assert [finding.host for finding in await found(store, "silent")] == [GONE]
        assert [finding.firing for finding in await found(store, "renamed")] == [False], "told once, and over"


async def test_a_source_that_is_not_told_of_names_gives_each_its_own_history(written: Program) -> None:
    source = PrometheusSource(FEATURES, url=written.url)
    trainer = Trainer(source, STEP, history=timedelta(hours=2))
    await trainer.train(BEGIN + 70 * MINUTE, [NEW])
    models = trainer.models(NEW)
    assert isinstance(models, HostModels)
    assert models.steps < 4 * 31
    await source.close()


def minutes(fleet: Fleet, host: str) -> list[bool]:
    """Of each minute of the window whether the host has a value."""
    return [bool(np.isfinite(row).all()) for row in fleet.frame(host).values]


async def test_history_reaches_back_over_names_that_nobody_bears_since_days(written: Program) -> None:
    names = Names([Rename(OLD, NEW, (BEGIN + 47 * MINUTE).timestamp())])
    source = PrometheusSource(FEATURES, url=written.url, names=names)
    window = Window(BEGIN, BEGIN + 1804 * MINUTE, MINUTE)
    for asked in (None, NEW):
        fleet = (await source.fetch(window, asked)).fleet
        assert [host.name for host in fleet.hosts] == [NEW]
        told = minutes(fleet, NEW)
        assert (told[0], told[10], told[60], told[100], told[1804]) == (False, True, True, False, True)
    await source.close()


async def test_a_name_that_another_machine_bears_by_now_is_not_told_with_its_earlier_one(written: Program) -> None:
    names = Names([Rename(OLD, NEW, (BEGIN + 30 * MINUTE).timestamp())])
    source = PrometheusSource(FEATURES, url=written.url, names=names)
    window = Window(BEGIN + MINUTE, BEGIN + 39 * MINUTE, MINUTE)
    whole = (await source.fetch(window)).fleet
    assert {host.name for host in whole.hosts} == {STEADY, OLD, NEW, GONE}
    for asked in (NEW, OLD):
        assert minutes(whole, asked) == [(asked == NEW) == (minute <= 30) for minute in range(1, 40)]
        fleet = (await source.fetch(window, asked)).fleet
        assert [host.name for host in fleet.hosts] == [asked]
        assert minutes(fleet, asked) == [(asked == NEW) == (minute <= 30) for minute in range(1, 40)]
    await source.close()
