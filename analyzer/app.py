"""Composition root: the only file that knows every class. It wires; it decides nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from analyzer.assistant import Budget, HostAssistant, Keeping, Provider, Worder, make_provider
from analyzer.assistant.document import DocumentMaker
from analyzer.assistant.exporter_logs import ExporterLogs
from analyzer.assistant.rendering import render
from analyzer.assistant.standing import standing
from analyzer.assistant.usage import UsageCollector
from analyzer.cache import open_cache
from analyzer.companions import Accompanist, Looker
from analyzer.cycle import Cycle
from analyzer.data import Feature, Language, Severity
from analyzer.features import load_features
from analyzer.forecasters import FORECASTERS
from analyzer.incidents import Grouping
from analyzer.judge import Judge
from analyzer.machines import METRICS as MACHINE_METRICS
from analyzer.machines import Inventory
from analyzer.prospects import Prospects
from analyzer.rounds import Rounds
from analyzer.service import Loop, Service
from analyzer.settings_tree import (
    AlertmanagerSettings,
    GrafanaSettings,
    NotifySettings,
    ProviderSettings,
    Settings,
    host_and_port,
    hours,
)
from analyzer.sinks.alertmanager import AlertmanagerSink
from analyzer.sinks.annotations import AnnotationSink
from analyzer.sinks.delivery import Backoff, Courier, Receiver
from analyzer.sinks.grafana import Grafana
from analyzer.sinks.metrics import MetricsSink
from analyzer.sinks.notifications import Channel, Manners, NotificationSink, channels
from analyzer.sinks.retired import Retired
from analyzer.sources.fallback import FallbackSource
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.scrape import PROCESS_METRICS, ScrapeSource
from analyzer.store import Outbox, Store
from analyzer.training import Trainer, curriculum_for
from analyzer.web.endpoints import Door, Wanted
from analyzer.web.mishaps import Mishaps
from analyzer.web.routes import build_app
from analyzer.web.server import start

# What is being done, how much of it is done, of how much (0: nobody knows).
Progress = Callable[[str, int, int], None]
DELIVER_SECONDS = 2.0
# An alert should be there within a second of its cycle.
ALERT_SECONDS = 0.5
TRAIN_SECONDS = 5.0
TIDY_SECONDS = 3600.0
KEEP = timedelta(days=90)
# A receiver that is back gets what is owed within half a minute; one small request till then hurts nobody.
PATIENCE = Backoff(longest_seconds=30.0)
# A report older than this many cycles is not relied on.
OLDEST_CYCLES = 4

Catalogue = tuple[Feature, ...]


@dataclass(frozen=True)
class Parts:
    """The analyzer, put together. `close` closes what it opened, but for the store."""

    rounds: Rounds
    assistant: HostAssistant
    documents: DocumentMaker
    metrics: MetricsSink
    annotations: AnnotationSink
    alerts: AlertmanagerSink
    notifications: tuple[NotificationSink, ...]
    source: FallbackSource
    features: Mapping[str, Feature]
    mishaps: Mishaps


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
            for receiver, seconds in _receivers(settings, parts)
        ),
        Loop("retire", TIDY_SECONDS, Retired(store.outbox, _sinks(settings, parts)).settle),
        Loop("keep alive", settings.alertmanager.repeat.total_seconds(), _kept_alive(parts)),
        Loop("tidy", TIDY_SECONDS, parts.rounds.tidy),
    ]
    closers = [
        parts.metrics.close,
        parts.annotations.close,
        parts.alerts.close,
        *(sink.close for sink in parts.notifications),
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
            for close in (parts.assistant.close, parts.source.close, store.close):
                await close()


def check(settings: Settings) -> None:
    """Read what the settings point at, and start nothing. SettingsError names what is wrong there."""
    load_features(settings.features.file)
    notification_channels(settings)


def assemble(settings: Settings, store: Store) -> Parts:
    catalogue = load_features(settings.features.file)
    features = {feature.name: feature for feature in catalogue}
    source = FallbackSource((_prometheus(settings, catalogue), _scrape(settings, catalogue)))
    logs = ExporterLogs(settings.exporter.logs)
    assistant = HostAssistant(
        features,
        settings.prometheus.url,
        source,
        logs,
        _worder(settings, os.environ),
        _keeping(settings),
        aliases=settings.hosts.aliases,
        history=store.findings,
    )
    mishaps = Mishaps()
    metrics = MetricsSink(store.outbox, version("openmanager"), [UsageCollector(assistant), mishaps])
    annotations = _annotations(settings, store.outbox, features)
    alerts = _alerts(settings, store.outbox, features)
    notifications = _notifications(settings, store.outbox, features)
    cycle = Cycle(
        source=source,
        trainer=Trainer(
            source,
            settings.cycle.step,
            history=settings.training.history,
            period=settings.training.interval,
            least=settings.training.least,
            curriculum=curriculum_for(catalogue),
        ),
        prospects=Prospects(source, catalogue),
        judge=Judge(
            catalogue,
            settings.cycle.step,
            false_alarms_per_day=settings.judge.false_alarms_per_day,
            saturated_seconds=settings.judge.saturated_after.total_seconds(),
            silent_seconds=settings.judge.silent_after.total_seconds(),
        ),
        forecasters=tuple(forecaster() for forecaster in FORECASTERS.values()),
        sinks=(metrics, annotations, alerts, *notifications),
        step=settings.cycle.step,
        recent=settings.cycle.recent,
        inventory=Inventory(source, settings.prometheus.selector),
        accompanist=Accompanist(Looker(source, logs, features)),
        grouping=Grouping(features, settings.judge.over_after),
    )
    return Parts(
        rounds=Rounds(cycle, store, KEEP),
        assistant=assistant,
        documents=DocumentMaker(features, source, logs, settings.prometheus.url),
        metrics=metrics,
        annotations=annotations,
        alerts=alerts,
        notifications=notifications,
        source=source,
        features=features,
        mishaps=mishaps,
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
        sinks=_sinks(settings, parts),
        components=lambda: standing(parts.assistant.worder, parts.assistant.keeping.cache),
        grafana_url=settings.grafana.url,
        mishaps=parts.mishaps,
    )


def _receivers(settings: Settings, parts: Parts) -> Iterator[tuple[Receiver, float]]:
    """Who delivers, and how often each looks for what is owed: those alone that have somewhere to deliver to."""
    if settings.grafana.url:
        yield parts.annotations, DELIVER_SECONDS
    if settings.alertmanager.urls:
        yield parts.alerts, ALERT_SECONDS
    for sink in parts.notifications:
        yield sink, DELIVER_SECONDS


def _sinks(settings: Settings, parts: Parts) -> frozenset[str]:
    return frozenset(receiver.name for receiver, _ in _receivers(settings, parts))


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


def _prometheus(settings: Settings, catalogue: Catalogue) -> PrometheusSource:
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


def _scrape(settings: Settings, catalogue: Catalogue) -> ScrapeSource:
    return ScrapeSource(
        catalogue,
        settings.scrape.targets,
        interval_seconds=settings.scrape.interval.total_seconds(),
        also_keep=(*PROCESS_METRICS, *MACHINE_METRICS),
    )


def _timeless(work: Callable[[], Awaitable[None]]) -> Callable[[datetime], Awaitable[None]]:
    async def do(_now: datetime) -> None:
        await work()

    return do


def _annotations(settings: Settings, outbox: Outbox, features: dict[str, Feature]) -> AnnotationSink:
    asked = settings.grafana
    grafana = Grafana(asked.url, asked.token.get_secret_value(), asked.timeout.total_seconds()) if asked.url else None
    return AnnotationSink(outbox, features, grafana, asked.dashboard_uid, asked.panel_id)


def _alerts(settings: Settings, outbox: Outbox, features: dict[str, Feature]) -> AlertmanagerSink:
    asked = settings.alertmanager
    return AlertmanagerSink(
        outbox,
        features,
        asked.urls,
        asked.username,
        asked.password.get_secret_value(),
        page_url=settings.web.external_url,
        repeat_seconds=asked.repeat.total_seconds(),
        timeout_seconds=asked.timeout.total_seconds(),
    )


def notification_channels(settings: Settings) -> tuple[Channel, ...]:
    """SettingsError when there is an address that can't be one."""
    return channels(url.get_secret_value() for url in settings.notify.urls)


def _notifications(settings: Settings, outbox: Outbox, features: dict[str, Feature]) -> tuple[NotificationSink, ...]:
    asked = settings.notify
    quiet_from, quiet_to = hours(asked.quiet) if asked.quiet else (None, None)
    manners = Manners(
        least=Severity[asked.severity.upper()],
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        timezone=asked.timezone,
        messages_an_hour=asked.messages_an_hour,
        gather=asked.gather,
    )
    languages: tuple[Language, ...] = ("en", "ko") if asked.language == "both" else (asked.language,)
    return tuple(
        NotificationSink(outbox, features, channel, manners, languages, settings.web.external_url)
        for channel in notification_channels(settings)
    )


def _kept_alive(parts: Parts) -> Callable[[datetime], Awaitable[None]]:
    async def say_again(now: datetime) -> None:
        await parts.alerts.keep_alive(parts.rounds.report, now)

    return say_again


def _keeping(settings: Settings) -> Keeping:
    asked = settings.cache
    return Keeping(
        open_cache(asked.url.get_secret_value()),
        answer_seconds=asked.answers.total_seconds(),
        metrics_seconds=asked.metrics.total_seconds(),
        status_seconds=asked.status.total_seconds(),
    )


def _worder(settings: Settings, environment: Mapping[str, str]) -> Worder:
    asked = settings.models
    budget = Budget(asked.tokens_a_call, asked.calls_a_question, asked.calls_a_day, asked.money_a_day)
    providers = [_provider(provider, environment) for provider in asked.providers]
    return Worder(providers, budget, deadline_seconds=asked.deadline.total_seconds(), mask_hosts=asked.mask_hosts)


def _provider(asked: ProviderSettings, environment: Mapping[str, str]) -> Provider:
    key = environment.get(asked.key_variable, "") if asked.key_variable else ""
    known = make_provider(asked.name, environment, model=asked.model, url=asked.url, key=key)
    return replace(
        known,
        strong_model=asked.strong_model,
        timeout_seconds=asked.timeout.total_seconds(),
        price_in=asked.price_in,
        price_out=asked.price_out,
    )
