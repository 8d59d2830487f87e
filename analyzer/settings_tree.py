"""The tree of settings: every section and key, with its default, what it does and what is a valid value."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from analyzer.setting_values import (
    Duration,
    MaybeTimezone,
    MaybeWebAddress,
    Timezone,
    WebAddress,
    WebAddresses,
    host_and_port,
    hours,
)


def kebab(name: str) -> str:
    return name.replace("_", "-")


class Section(BaseModel):
    """A group of settings. Unknown keys are errors: a misspelt key must not be a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=kebab, populate_by_name=True)


class PrometheusSettings(Section):
    url: WebAddress = Field("http://127.0.0.1:9090", description="address of the Prometheus (or compatible) query API")
    selector: str = Field("", description='label matchers that pick the hosts, such as job="node"; empty: every host')
    timeout: Duration = Field(timedelta(seconds=10), description="how long one query may take")
    username: str = Field("", description="user name for basic authentication")
    password: SecretStr = Field(SecretStr(""), description="password for basic authentication")
    bearer_token: SecretStr = Field(SecretStr(""), description="token sent as Authorization: Bearer")


class ScrapeSettings(Section):
    targets: WebAddresses = Field(
        ("http://127.0.0.1:9100/metrics",), description="exporters that are scraped directly while Prometheus is away"
    )
    interval: Duration = Field(timedelta(seconds=15), description="how often the targets are scraped")


class WebSettings(Section):
    listen_address: str = Field(
        "127.0.0.1:9095", description="HOST:PORT the analyzer listens on; :PORT for all addresses"
    )

    external_url: MaybeWebAddress = Field(
        "", description="where people reach the page, for links in messages; empty: no links"
    )

    @field_validator("listen_address")
    @classmethod
    def _address(cls, address: str) -> str:
        host_and_port(address)
        return address


class StorageSettings(Section):
    path: Path = Field(Path("data"), description="folder of the analyzer's own store")
    url: SecretStr = Field(SecretStr(""), description="store in PostgreSQL instead: postgresql+asyncpg://…")


class CycleSettings(Section):
    interval: Duration = Field(timedelta(seconds=15), description="how often hosts are looked at")
    step: Duration = Field(timedelta(seconds=15), description="distance of the grid points that are scored")
    recent: Duration = Field(
        timedelta(hours=1), description="newest part of the history that each cycle holds in memory"
    )
    foresee: Duration = Field(
        timedelta(minutes=5), description="how often forecasts, and who is alike, are told anew from the long history"
    )

    @field_validator("interval", "step", "foresee")
    @classmethod
    def _positive(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=1):
            raise ValueError("must be at least 1s")
        return value


class TrainingSettings(Section):
    history: Duration = Field(timedelta(days=2), description="how much of the past the models learn from")
    interval: Duration = Field(timedelta(hours=1), description="how often a host's models are fitted anew")
    least: Duration = Field(timedelta(minutes=10), description="how much history a host must have until it is scored")
    cores: int = Field(
        1, ge=1, description="how many processor cores learning may use; of 200 hosts and more, forecasting too"
    )


class JudgeSettings(Section):
    false_alarms_per_day: float = Field(0.2, gt=0, le=100, description="false alarms that a host may cost a day")
    saturated_after: Duration = Field(timedelta(minutes=1), description="how long a feature stays past where it hurts")
    silent_after: Duration = Field(timedelta(seconds=90), description="how long a host sends nothing until it is told")
    over_after: Duration = Field(
        timedelta(minutes=5), description="how long an incident is quiet until it is over; what comes back continues it"
    )
    timezone: MaybeTimezone = Field(
        "",
        description="time zone whose hours nightly jobs keep besides UTC's, such as Asia/Seoul; empty: this machine's",
    )


class GrafanaSettings(Section):
    url: MaybeWebAddress = Field(
        "", description="Grafana's address; empty: no annotations are written and no call is made"
    )
    token: SecretStr = Field(SecretStr(""), description="service account token that may write annotations")
    dashboard_uid: str = Field("", description="dashboard that gets the annotations; empty: the organisation's")
    panel_id: int | None = Field(None, description="panel of that dashboard; left out: all of them")
    timeout: Duration = Field(timedelta(seconds=10), description="how long one call may take")


class AlertmanagerSettings(Section):
    urls: WebAddresses = Field((), description="addresses of every member of the cluster; none: no alerts are sent")
    username: str = Field("", description="user name for basic authentication")
    password: SecretStr = Field(SecretStr(""), description="password for basic authentication")
    repeat: Duration = Field(timedelta(minutes=1), description="how often a firing alert is said again")
    timeout: Duration = Field(timedelta(seconds=10), description="how long one call may take")


class NotifySettings(Section):
    urls: tuple[SecretStr, ...] = Field(
        (), description="channels as apprise writes them: slack://…, discord://…, mailto://…"
    )
    language: Literal["en", "ko", "both"] = Field("en", description="language of the messages")
    severity: Literal["info", "warning", "critical"] = Field("warning", description="lowest severity that is told")
    quiet: str = Field("", description="hours in which only what is critical is told, such as 22:00-07:00")
    timezone: Timezone = Field("UTC", description="time zone of the quiet hours, such as Asia/Seoul")
    messages_an_hour: int = Field(20, ge=1, description="messages that a channel gets at most; the rest waits")
    gather: Duration = Field(timedelta(seconds=15), description="how long an incident is gathered before it is told")

    @field_validator("urls", mode="before")
    @classmethod
    def _split(cls, urls: Any) -> Any:
        return urls.split() if isinstance(urls, str) else urls

    @field_validator("quiet")
    @classmethod
    def _hours(cls, quiet: str) -> str:
        if quiet:
            hours(quiet)
        return quiet


class CacheSettings(Section):
    url: SecretStr = Field(SecretStr(""), description="Redis address, redis:// or rediss://; empty: kept in memory")
    answers: Duration = Field(timedelta(minutes=5), description="how long a model's words for the same facts are kept")
    metrics: Duration = Field(timedelta(seconds=30), description="how long an answer to the same question is kept")
    status: Duration = Field(timedelta(minutes=1), description="how long an answer about a host's status is kept")


class HostSettings(Section):
    """What people call their hosts."""

    aliases: dict[str, str] = Field(
        {}, description="names for hosts in questions, as ALIAS=HOST with the host's instance label"
    )

    @field_validator("aliases", mode="before")
    @classmethod
    def _short(cls, aliases: Any) -> Any:
        """The form of the flag: ALIAS=HOST, separated by commas."""
        if not isinstance(aliases, str):
            return aliases
        pairs = [one.partition("=") for one in aliases.split(",") if one]
        if wrong := [alias + sign + host for alias, sign, host in pairs if not (alias.strip() and host.strip())]:
            raise ValueError(f"{wrong[0]!r} is no alias: write it like shop=web-1:9100")
        return {alias.strip(): host.strip() for alias, _, host in pairs}


class ExporterSettings(Section):
    logs: str = Field("http://{host}", description="where a host's exporter answers about logs; {host}: its instance")


class ProviderSettings(Section):
    """One language model; the key is read from the provider's usual variable, or the one named here."""

    name: str = Field(description="openai, anthropic, gemini, mistral, together, groq, openrouter, ollama, vllm, …")
    model: str = Field(description="the model's name at this provider")
    strong_model: str = Field("", description="model for causes, comparisons and long answers")
    url: str = Field("", description="address of any OpenAI-compatible endpoint")
    key_variable: str = Field("", description="environment variable that holds the key")
    timeout: Duration = Field(timedelta(seconds=15), description="how long one call may take")
    price_in: float = Field(0.0, ge=0, description="price of a million tokens of question")
    price_out: float = Field(0.0, ge=0, description="price of a million tokens of answer")


class ModelSettings(Section):
    providers: tuple[ProviderSettings, ...] = Field(
        (), description="language models in the order they are tried; as a flag: openai:MODEL,ollama:MODEL"
    )
    deadline: Duration = Field(
        timedelta(seconds=30), description="after so long the computed answer is served as it is"
    )
    tokens_a_call: int = Field(4000, ge=0, description="tokens that one call may cost")
    calls_a_question: int = Field(4, ge=0, description="calls that one question may cost")
    calls_a_day: int = Field(2000, ge=0, description="calls that a day may cost")
    money_a_day: float = Field(5.0, ge=0, description="money that a day may cost, in the unit of the prices")
    mask_hosts: bool = Field(default=False, description="hide host names and addresses from the models")

    @field_validator("providers", mode="before")
    @classmethod
    def _short(cls, providers: Any) -> Any:
        """The form of the flag: NAME:MODEL, separated by commas."""
        if not isinstance(providers, str):
            return providers
        pairs = [one.partition(":") for one in providers.split(",") if one]
        return [{"name": name, "model": model} for name, _, model in pairs]


class FeatureSettings(Section):
    file: Path | None = Field(None, description="YAML file with features of your own, in the catalogue's form")


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="lowest level that is logged")


class Settings(Section):
    """Everything, with a default for each: an empty file works."""

    prometheus: PrometheusSettings = PrometheusSettings()
    scrape: ScrapeSettings = ScrapeSettings()
    web: WebSettings = WebSettings()
    storage: StorageSettings = StorageSettings()
    cycle: CycleSettings = CycleSettings()
    training: TrainingSettings = TrainingSettings()
    judge: JudgeSettings = JudgeSettings()
    grafana: GrafanaSettings = GrafanaSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    notify: NotifySettings = NotifySettings()
    cache: CacheSettings = CacheSettings()
    hosts: HostSettings = HostSettings()
    exporter: ExporterSettings = ExporterSettings()
    models: ModelSettings = ModelSettings()
    features: FeatureSettings = FeatureSettings()
    log: LogSettings = LogSettings()
