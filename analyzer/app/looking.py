"""Where samples come from, and what is made of them in each cycle, as the settings want it."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from analyzer.companions import Accompanist, Looker
from analyzer.cycle import Cycle
from analyzer.data import Feature
from analyzer.forecasters import FORECASTERS
from analyzer.host_models import curriculum_for
from analyzer.identities import Registry
from analyzer.incidents import Grouping
from analyzer.interfaces import LogReader, Sink
from analyzer.judge import Judge
from analyzer.machines import METRICS as MACHINE_METRICS
from analyzer.machines import Inventory
from analyzer.names import Names
from analyzer.pool import Pool
from analyzer.prospects import Prospects
from analyzer.renaming import Renaming
from analyzer.settings_tree import Settings
from analyzer.sources.fallback import FallbackSource
from analyzer.sources.prometheus import PrometheusSource
from analyzer.sources.scrape import PROCESS_METRICS, ScrapeSource
from analyzer.training import Trainer

Catalogue = tuple[Feature, ...]


def source_of(settings: Settings, catalogue: Catalogue, names: Names) -> FallbackSource:
    """`names` are the cycle's: hosts' history is that of all their names."""
    return FallbackSource((_prometheus(settings, catalogue, names), _scrape(settings, catalogue)))


def cycle_of(
    settings: Settings,
    catalogue: Catalogue,
    source: FallbackSource,
    logs: LogReader,
    sinks: tuple[Sink, ...],
    pool: Pool,
    names: Names,
) -> Cycle:
    features: Mapping[str, Feature] = {feature.name: feature for feature in catalogue}
    return Cycle(
        source=source,
        trainer=Trainer(
            source,
            settings.cycle.step,
            history=settings.training.history,
            period=settings.training.interval,
            least=settings.training.least,
            curriculum=curriculum_for(catalogue),
            cores=settings.training.cores,
            pool=pool,
        ),
        prospects=Prospects(source, catalogue, pool=pool),
        judge=Judge(
            catalogue,
            settings.cycle.step,
            false_alarms_per_day=settings.judge.false_alarms_per_day,
            saturated_seconds=settings.judge.saturated_after.total_seconds(),
            silent_seconds=settings.judge.silent_after.total_seconds(),
            zone=ZoneInfo(settings.judge.timezone) if settings.judge.timezone else None,
        ),
        forecasters=tuple(forecaster() for forecaster in FORECASTERS.values()),
        sinks=sinks,
        step=settings.cycle.step,
        recent=settings.cycle.recent,
        inventory=Inventory(source, settings.prometheus.selector),
        renaming=Renaming(names, Registry(source, settings.prometheus.selector)),
        accompanist=Accompanist(Looker(source, logs, features)),
        grouping=Grouping(features, settings.judge.over_after),
    )


def _prometheus(settings: Settings, catalogue: Catalogue, names: Names) -> PrometheusSource:
    asked = settings.prometheus
    return PrometheusSource(
        catalogue,
        url=asked.url,
        selector=asked.selector,
        timeout_seconds=asked.timeout.total_seconds(),
        username=asked.username,
        password=asked.password.get_secret_value(),
        bearer_token=asked.bearer_token.get_secret_value(),
        names=names,
    )


def _scrape(settings: Settings, catalogue: Catalogue) -> ScrapeSource:
    return ScrapeSource(
        catalogue,
        settings.scrape.targets,
        interval_seconds=settings.scrape.interval.total_seconds(),
        also_keep=(*PROCESS_METRICS, *MACHINE_METRICS),
    )
