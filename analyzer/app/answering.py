"""The assistant with its language models and its cache, as the settings want them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from analyzer.assistant import Budget, HostAssistant, Keeping, Provider, Worder, make_provider
from analyzer.cache import open_cache
from analyzer.data import Feature
from analyzer.interfaces import LogReader
from analyzer.settings_tree import ProviderSettings, Settings
from analyzer.sources.fallback import FallbackSource
from analyzer.store import Store


def assistant(
    settings: Settings, features: Mapping[str, Feature], source: FallbackSource, logs: LogReader, store: Store
) -> HostAssistant:
    return HostAssistant(
        features,
        settings.prometheus.url,
        source,
        logs,
        _worder(settings, os.environ),
        _keeping(settings),
        aliases=settings.hosts.aliases,
        history=store.findings,
    )


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
