"""Composition root: the only place that knows every class. It wires; it decides nothing."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from analyzer.app.answering import assistant
from analyzer.app.looking import cycle_of, source_of
from analyzer.app.receivers import Receivers, notification_channels, receivers, wanted, wanted_names
from analyzer.assistant import HostAssistant
from analyzer.assistant.document import DocumentMaker
from analyzer.assistant.exporter_logs import ExporterLogs
from analyzer.assistant.rendering import render
from analyzer.assistant.standing import standing
from analyzer.assistant.usage import UsageCollector
from analyzer.data import Feature
from analyzer.features import load_features
from analyzer.names import Names
from analyzer.pool import MANY_HOSTS, Pool
from analyzer.precedence import Precedence
from analyzer.rounds import Rounds
from analyzer.service import Loop, Service
from analyzer.setting_values import host_and_port
from analyzer.settings_tree import AlertmanagerSettings, GrafanaSettings, NotifySettings, Settings
from analyzer.sinks.delivery import Backoff, Courier
from analyzer.sinks.metrics import MetricsSink
from analyzer.sinks.retired import Retired
from analyzer.sources.fallback import FallbackSource
from analyzer.store import Store
from analyzer.web.endpoints import Door, Wanted
from analyzer.web.mishaps import Mishaps
from analyzer.web.routes import build_app
from analyzer.web.server import start

__all__ = ["Parts", "assemble", "check", "looked_once", "notification_channels", "serve"]

# What is being done, how much of it is done, of how much (0: nobody knows).
Progress = Callable[[str, int, int], None]
TRAIN_SECONDS = 5.0
TIDY_SECONDS = 3600.0
KEEP = timedelta(days=90)
# A receiver that is back gets what is owed within half a minute; one small request till then hurts nobody.
PATIENCE = Backoff(longest_seconds=30.0)
# What learning and forecasting need: for a fleet, only in processes of their own.
WORK = ("scipy.special", "analyzer.host_models", "analyzer.prospects")
# A report older than this many cycles is not relied on.
OLDEST_CYCLES = 4


@dataclass(frozen=True)
class Parts:
    """The analyzer, put together. `close` closes what it opened, but for the store."""

    rounds: Rounds
    assistant: HostAssistant
    documents: DocumentMaker
    metrics: MetricsSink
    receivers: Receivers
    source: FallbackSource
    features: Mapping[str, Feature]
    mishaps: Mishaps
    pool: Pool


async def serve(settings: Settings) -> None:
    """Watch until SIGTERM or Ctrl-C. StoreError or SettingsError when it can't begin."""
    store = await Store.open(settings.storage.path, settings.storage.url.get_secret_value())
    parts = assemble(settings, store)
    loops = [
        Loop("cycle", settings.cycle.interval.total_seconds(), parts.rounds.look),
        Loop("train", TRAIN_SECONDS, parts.rounds.train),
        Loop("foresee", settings.cycle.foresee.total_seconds(), parts.rounds.foresee),
        Loop("scrape", settings.scrape.interval.total_seconds(), _timeless(parts.source.poll)),
        *(
            Loop(receiver.name, seconds, Courier(store.outbox, receiver, PATIENCE).deliver_due)
            for receiver, seconds in wanted(settings, parts.receivers)
        ),
        Loop("retire", TIDY_SECONDS, Retired(store.outbox, wanted_names(settings, parts.receivers)).settle),
        Loop("keep alive", settings.alertmanager.repeat.total_seconds(), _kept_alive(parts)),
        Loop("tidy", TIDY_SECONDS, parts.rounds.tidy),
    ]
    closers = [
        parts.pool.close,
        parts.metrics.close,
        *(receiver.close for receiver in parts.receivers.all),
        parts.assistant.close,
        parts.source.close,
        store.close,
    ]
    await Service(_server(_door(settings, parts, store), settings), loops, closers).run()


def quietly(_what: str, _done: int, _of: int) -> None:
    """Progress that nobody watches."""


@asynccontextmanager
async def looked_once(settings: Settings, told: Progress = quietly) -> AsyncIterator[Parts]:
    """Learn what can be learned and look at every host once, for commands that end by themselves.

    Nothing is kept or owed: the store is a folder that goes again. `told` hears what is being done.
    """
    silent = {"grafana": GrafanaSettings(), "alertmanager": AlertmanagerSettings(), "notify": NotifySettings()}
    alone = settings.model_copy(update=silent)
    with tempfile.TemporaryDirectory(prefix="openmanager-") as folder:
        store = await Store.open(Path(folder))
        parts = assemble(alone, store)
        try:
            told("reading the newest history", 0, 0)
            await parts.source.poll()
            await parts.rounds.look(datetime.now(UTC))
            hosts = parts.rounds.report.hosts if parts.rounds.report else ()
            for done in range(len(hosts)):
                told("learning each host's history", done, len(hosts))
                await parts.rounds.train(datetime.now(UTC))
            told("forecasting from the long history", 0, 0)
            await parts.rounds.foresee(datetime.now(UTC))
            await parts.rounds.look(datetime.now(UTC))
            yield parts
        finally:
            for close in (parts.pool.close, parts.assistant.close, parts.source.close, store.close):
                await close()


def check(settings: Settings) -> None:
    """Read what the settings point at, and start nothing. SettingsError names what is wrong there."""
    load_features(settings.features.file)
    notification_channels(settings)


def assemble(settings: Settings, store: Store) -> Parts:
    catalogue = load_features(settings.features.file)
    features = {feature.name: feature for feature in catalogue}
    names, mishaps = Names(), Mishaps()
    source, logs = source_of(settings, catalogue, names), ExporterLogs(settings.exporter.logs)
    answers = assistant(settings, features, source, logs, store)
    precedence = Precedence()
    metrics = MetricsSink(store.outbox, version("openmanager"), [UsageCollector(answers), mishaps], precedence.calm)
    told, pool = receivers(settings, store.outbox, features), Pool(settings.training.cores, MANY_HOSTS, WORK)
    cycle = cycle_of(settings, catalogue, source, logs, (metrics, *told.all), pool, names)
    return Parts(
        rounds=Rounds(cycle, store, KEEP, precedence=precedence),
        assistant=answers,
        documents=DocumentMaker(features, source, logs, settings.prometheus.url),
        metrics=metrics,
        receivers=told,
        source=source,
        features=features,
        mishaps=mishaps,
        pool=pool,
    )


def _door(settings: Settings, parts: Parts, store: Store) -> Door:
    return Door(
        report=lambda: parts.rounds.report,
        findings=store.findings.find,
        assistant=parts.assistant,
        metrics=parts.metrics.render,
        features=parts.features,
        version=version("openmanager"),
        longest_age=max(OLDEST_CYCLES * settings.cycle.interval, timedelta(seconds=30)),
        stream=parts.assistant.stream,
        write=_writer(parts.documents),
        states=parts.rounds.states,
        queries=parts.source,
        logs=parts.documents.logs,
        finding=store.findings.get,
        feedback=store.feedback,
        silences=store.silences,
        incidents=store.incidents,
        outbox=store.outbox.status,
        sinks=wanted_names(settings, parts.receivers),
        components=lambda: standing(parts.assistant.worder, parts.assistant.keeping.cache),
        grafana_url=settings.grafana.url,
        mishaps=parts.mishaps,
    )


def _writer(documents: DocumentMaker) -> Callable[[Wanted], Awaitable[str]]:
    async def write(wanted: Wanted) -> str:
        document = await documents.make(
            wanted.report, wanted.now, language=wanted.language, window=wanted.window, timezone=wanted.timezone
        )
        return render(document, wanted.format)

    return write


def _server(door: Door, settings: Settings) -> Callable[[], Awaitable[Callable[[], Awaitable[None]]]]:
    async def listen() -> Callable[[], Awaitable[None]]:
        host, port = host_and_port(settings.web.listen_address)
        return await start(build_app(door), host, port)

    return listen


def _timeless(work: Callable[[], Awaitable[None]]) -> Callable[[datetime], Awaitable[None]]:
    async def do(_now: datetime) -> None:
        await work()

    return do


def _kept_alive(parts: Parts) -> Callable[[datetime], Awaitable[None]]:
    async def say_again(now: datetime) -> None:
        await parts.receivers.alerts.keep_alive(parts.rounds.report, now)

    return say_again
