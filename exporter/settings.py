"""What the user may set: flags, and one YAML file beside them, become `Settings`. Nothing else reads either.

Flags win over the file, whose keys are the flags without their dashes, nested at any dot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from exporter.collectors import COLLECTORS, declared, subject
from exporter.compatibility import ABSENT, translate
from exporter.flags import Flag, Given, Setting, SettingsError, nearest, read

LEVELS = ("debug", "info", "warn", "error")


def _flag(name: str, default: Any, help_text: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"flag": Flag(name, default, help_text, choices)})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the exporter needs to know. `collectors` has those that are on, with their own settings."""

    listen_addresses: tuple[str, ...] = _flag(
        "--web.listen-address", (":9100",), "Where to listen; may be given several times."
    )
    telemetry_path: str = _flag("--web.telemetry-path", "/metrics", "Where the metrics are.")
    web_config_file: str = _flag("--web.config.file", "", "YAML file for TLS and users, in exporter-toolkit's format.")
    max_requests: int = _flag("--web.max-requests", 256, "How many scrapes may be under way; 0 is no limit.")
    exporter_metrics: bool = _flag(
        "--web.exporter-metrics", default=True, help_text="Tell of the exporter itself (process_*, promhttp_*)."
    )
    systemd_socket: bool = _flag(
        "--web.systemd-socket", default=False, help_text="Serve on the sockets that systemd hands over."
    )
    procfs: str = _flag("--path.procfs", "/proc", "Where procfs is mounted.")
    sysfs: str = _flag("--path.sysfs", "/sys", "Where sysfs is mounted.")
    rootfs: str = _flag("--path.rootfs", "/", "Where the host's root filesystem is mounted.")
    udev_data: str = _flag("--path.udev.data", "/run/udev/data", "Where udev keeps its database.")
    collector_deadline: timedelta = _flag(
        "--collector.deadline", timedelta(seconds=5), "How long one collector may take."
    )
    scrape_deadline: timedelta = _flag(
        "--scrape.deadline", timedelta(seconds=9), "How long a scrape may take; the scraper's own timeout counts too."
    )
    max_series: int = _flag("--exposition.max-series", 10_000, "How many series a family may have.")
    log_level: str = _flag("--log.level", "info", "Least urgent messages to log.", LEVELS)
    log_format: str = _flag("--log.format", "logfmt", "How to write them.", ("logfmt", "json"))
    collectors: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


CORE = {one.name: one.metadata["flag"] for one in fields(Settings) if "flag" in one.metadata}
CONFIG_FILE = Flag("--config.file", "", "YAML file with settings: the flags without their dashes, nested at any dot.")
DISABLE_DEFAULTS = Flag("--collector.disable-defaults", default=False, help="Only the collectors that are asked for.")


def parse(arguments: Sequence[str]) -> Settings:
    """Settings from flags and the file that --config.file names; SettingsError tells all that is wrong."""
    arguments, warnings = translate(arguments)
    switches = [CONFIG_FILE, DISABLE_DEFAULTS, *_switches()]
    path = read(arguments, switches).settings.get(CONFIG_FILE.name, "")
    configured = _from_file(str(path), arguments) if path else []
    words = [*configured, *arguments]
    chosen = _chosen(read(words, switches).settings)
    given = read(words, [*CORE.values(), *switches, *_own_flags(chosen)])
    if given.unknown:
        # Settings of collectors that are off are no mistake; their modules are imported only to know them.
        given = read(words, all_flags())
    _refuse(given)
    core: dict[str, Any] = {name: given.settings.get(flag.name, flag.default) for name, flag in CORE.items()}
    if not core["telemetry_path"].startswith("/"):
        raise SettingsError([f"--web.telemetry-path starts with /, not as {core['telemetry_path']!r} does"])
    return Settings(**core, collectors={name: _own(name, given.settings) for name in chosen}, warnings=tuple(warnings))


def all_flags() -> list[Flag]:
    """Every flag there is on this system; imports every collector."""
    switches = [replace(flag, help=subject(name)) for name, flag in zip(_here(), _switches(), strict=True)]
    return [*CORE.values(), CONFIG_FILE, DISABLE_DEFAULTS, *switches, *_own_flags(_here())]


def _here() -> list[str]:
    return [name for name, listed in COLLECTORS.items() if listed.here]


def _switches() -> list[Flag]:
    return [Flag(f"--collector.{name}", COLLECTORS[name].default_on, f"The {name} collector.") for name in _here()]


def _own_flags(names: Iterable[str]) -> list[Flag]:
    return [one.flag for name in names for one in declared(name)]


def _own(name: str, settings: Mapping[str, Setting]) -> dict[str, Setting]:
    return {one.field: settings[one.flag.name] for one in declared(name) if one.flag.name in settings}


def _chosen(settings: Mapping[str, Setting]) -> list[str]:
    """The collectors that are on."""
    defaults = not settings.get(DISABLE_DEFAULTS.name, False)
    return [
        name
        for name in _here()
        if settings.get(f"--collector.{name}", defaults and COLLECTORS[name].default_on)
    ]  # fmt: skip


def _refuse(given: Given) -> None:
    problems = [*given.problems, *(_unknown(word) for word in given.unknown)]
    if problems:
        raise SettingsError(problems)


def _unknown(word: str) -> str:
    if word.removeprefix("--collector.").partition(".")[0] in ABSENT:
        return f"{word.partition('=')[0]}: node_exporter has this collector, and there is none like it here"
    return nearest(word, all_flags())


def _from_file(path: str, arguments: Sequence[str]) -> list[str]:
    """The file's settings as arguments, without those that the command line sets itself."""
    import yaml  # noqa: PLC0415 - costs memory that a host without a file keeps

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError([f"can't read --config.file={path}: {error}"]) from error
    if content is not None and not isinstance(content, dict):
        raise SettingsError([f"--config.file={path} holds no settings: it has to be a mapping"])
    said = {word.partition("=")[0].replace("--no-", "--", 1) for word in arguments}
    words = _words(content or {}, "--")
    return [word for name, word in words if name not in said]


def _words(content: Mapping[Any, Any], before: str) -> Iterable[tuple[str, str]]:
    for key, value in content.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            yield from _words(value, f"{name}.")
        elif isinstance(value, list):
            yield from ((name, f"{name}={one}") for one in value)
        else:
            yield name, f"{name}={value}"
