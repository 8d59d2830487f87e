"""Composition root: the only file that knows every class. It wires; it decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from importlib.metadata import version

from analyzer.assistant import HostAssistant
from analyzer.cycle import Cycle
from analyzer.data import Feature
from analyzer.detectors import detectors_for
from analyzer.features import load_features
from analyzer.forecasters import FORECASTERS
from analyzer.judge import Judge
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.service import Loop, Service
from analyzer.settings_tree import Settings, host_and_port
from analyzer.sinks.annotations import AnnotationSink
from analyzer.sinks.delivery import Backoff, Courier
from analyzer.sinks.grafana import Grafana
from analyzer.sinks.metrics import MetricsSink
from analyzer.sources.fallback import FallbackSource
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.scrape import ScrapeSource
from analyzer.store import Outbox, Store
from analyzer.training import Trainer
from analyzer.web.endpoints import Door
from analyzer.web.routes import build_app
from analyzer.web.server import start

DELIVER_SECONDS = 2.0
TRAIN_SECONDS = 5.0
FORESEE_SECONDS = 300.0
TIDY_SECONDS = 3600.0
KEEP = timedelta(days=90)
# A receiver that is back gets what is owed within half a minute; one small request till then hurts nobody.
PATIENCE = Backoff(longest_seconds=30.0)
# A report older than this many cycles is not relied on.
OLDEST_CYCLES = 4


async def serve(settings: Settings) -> None:
    """Watch until SIGTERM or Ctrl-C. StoreError or SettingsError when it can't begin."""
    catalogue = load_features(settings.features.file)
    by_name = {feature.name: feature for feature in catalogue}
    store = await Store.open(settings.storage.path, settings.storage.url.get_secret_value())
    source = FallbackSource((_prometheus(settings, catalogue), _scrape(settings, catalogue)))
    trainer = Trainer(
        source,
        settings.cycle.step,
        history=settings.training.history,
        period=settings.training.interval,
        detectors=detectors_for(catalogue),
    )
    metrics = MetricsSink(store.outbox, version("openmanager"))
    annotations = _annotations(settings, store.outbox, by_name)
    cycle = Cycle(
        source=source,
        trainer=trainer,
        prospects=Prospects(source, catalogue),
        judge=Judge(catalogue, settings.cycle.step, false_alarms_per_day=settings.judge.false_alarms_per_day),
        forecasters=tuple(forecaster() for forecaster in FORECASTERS.values()),
        sinks=(metrics, annotations),
        step=settings.cycle.step,
        recent=settings.cycle.recent,
    )
    rounds = Rounds(cycle, store, KEEP)
    door = Door(
        report=lambda: rounds.report,
        findings=store.findings.find,
        assistant=HostAssistant(by_name, settings.prometheus.url),
        metrics=metrics.render,
        features=by_name,
        version=version("openmanager"),
        longest_age=max(OLDEST_CYCLES * settings.cycle.interval, timedelta(seconds=30)),
    )
    loops = [
        Loop("cycle", settings.cycle.interval.total_seconds(), rounds.look),
        Loop("train", TRAIN_SECONDS, rounds.train),
        Loop("foresee", FORESEE_SECONDS, rounds.foresee),
        Loop("scrape", settings.scrape.interval.total_seconds(), _timeless(source.poll)),
        Loop("deliver", DELIVER_SECONDS, Courier(store.outbox, annotations, PATIENCE).deliver_due),
        Loop("tidy", TIDY_SECONDS, rounds.tidy),
    ]
    closers = [metrics.close, annotations.close, source.close, store.close]
    await Service(_server(door, settings), loops, closers).run()


def check(settings: Settings) -> None:
    """Read what the settings point at, and start nothing. SettingsError names what is wrong there."""
    load_features(settings.features.file)


def _server(door: Door, settings: Settings) -> Callable[[], Awaitable[Callable[[], Awaitable[None]]]]:
    async def listen() -> Callable[[], Awaitable[None]]:
        host, port = host_and_port(settings.web.listen_address)
        return await start(build_app(door), host, port)

    return listen


def _prometheus(settings: Settings, catalogue: tuple[Feature, ...]) -> PrometheusSource:
    asked = settings.prometheus
    return PrometheusSource(
        catalogue,
        url=asked.url,
        selector=asked.selector,
        timeout_seconds=asked.timeout.total_seconds(),
        username=asked.username,
        password=asked.password.get_secret_value(),
        bearer_token=asked.bearer_token.get_secret_value(),
    )


def _scrape(settings: Settings, catalogue: tuple[Feature, ...]) -> ScrapeSource:
    return ScrapeSource(catalogue, settings.scrape.targets, interval_seconds=settings.scrape.interval.total_seconds())


def _timeless(work: Callable[[], Awaitable[None]]) -> Callable[[datetime], Awaitable[None]]:
    async def do(_now: datetime) -> None:
        await work()

    return do


def _annotations(settings: Settings, outbox: Outbox, features: dict[str, Feature]) -> AnnotationSink:
    asked = settings.grafana
    grafana = Grafana(asked.url, asked.token.get_secret_value(), asked.timeout.total_seconds()) if asked.url else None
    return AnnotationSink(outbox, features, grafana, asked.dashboard_uid, asked.panel_id)
