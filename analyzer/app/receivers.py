"""Who is told of findings: Grafana, Alertmanager and the notification channels, as the settings want them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.data import Feature, Language, Severity
from analyzer.setting_values import hours
from analyzer.settings_tree import Settings
from analyzer.sinks.alertmanager import AlertmanagerSink
from analyzer.sinks.annotations import AnnotationSink
from analyzer.sinks.delivery import Receiver
from analyzer.sinks.grafana import Grafana
from analyzer.sinks.notifications import Channel, Manners, NotificationSink, channels
from analyzer.store import Outbox

DELIVER_SECONDS = 2.0
# An alert should be there within a second of its cycle.
ALERT_SECONDS = 0.5
Catalogue = Mapping[str, Feature]


@dataclass(frozen=True)
class Receivers:
    """Every receiver there is, wanted or not: one without an address owes nothing and is never asked."""

    annotations: AnnotationSink
    alerts: AlertmanagerSink
    notifications: tuple[NotificationSink, ...]

    @property
    def all(self) -> tuple[AnnotationSink | AlertmanagerSink | NotificationSink, ...]:
        return (self.annotations, self.alerts, *self.notifications)


def receivers(settings: Settings, outbox: Outbox, features: Catalogue) -> Receivers:
    return Receivers(
        _annotations(settings, outbox, features),
        _alerts(settings, outbox, features),
        _notifications(settings, outbox, features),
    )


def wanted(settings: Settings, told: Receivers) -> Iterator[tuple[Receiver, float]]:
    """Who delivers, and how often each looks for what is owed: those alone that have somewhere to deliver to."""
    if settings.grafana.url:
        yield told.annotations, DELIVER_SECONDS
    if settings.alertmanager.urls:
        yield told.alerts, ALERT_SECONDS
    for sink in told.notifications:
        yield sink, DELIVER_SECONDS


def wanted_names(settings: Settings, told: Receivers) -> frozenset[str]:
    return frozenset(receiver.name for receiver, _ in wanted(settings, told))


def notification_channels(settings: Settings) -> tuple[Channel, ...]:
    """SettingsError when there is an address that can't be one."""
    return channels(url.get_secret_value() for url in settings.notify.urls)


def _annotations(settings: Settings, outbox: Outbox, features: Catalogue) -> AnnotationSink:
    asked = settings.grafana
    grafana = Grafana(asked.url, asked.token.get_secret_value(), asked.timeout.total_seconds()) if asked.url else None
    return AnnotationSink(outbox, features, grafana, asked.dashboard_uid, asked.panel_id)


def _alerts(settings: Settings, outbox: Outbox, features: Catalogue) -> AlertmanagerSink:
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


def _notifications(settings: Settings, outbox: Outbox, features: Catalogue) -> tuple[NotificationSink, ...]:
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
