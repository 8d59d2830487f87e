"""Fills the tree of settings from defaults, a YAML file, the environment and flags.

The only module that reads files, flags and environment for settings. A key `section.key` of the file is the flag
`--section.key`; secrets come from the environment or the file, never from a command line that others can list.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr, ValidationError

from analyzer.errors import SettingsError
from analyzer.setting_values import UNITS
from analyzer.settings_tree import Section, Settings, kebab

SECRETS = {
    "OPENMANAGER_PROMETHEUS_PASSWORD": "prometheus.password",
    "OPENMANAGER_PROMETHEUS_BEARER_TOKEN": "prometheus.bearer-token",
    "OPENMANAGER_GRAFANA_TOKEN": "grafana.token",
    "OPENMANAGER_ALERTMANAGER_PASSWORD": "alertmanager.password",
    "OPENMANAGER_NOTIFY_URLS": "notify.urls",
    "OPENMANAGER_STORAGE_URL": "storage.url",
    "OPENMANAGER_CACHE_URL": "cache.url",
}


def load_settings(flags: Mapping[str, str], environment: Mapping[str, str]) -> Settings:
    """Flags over environment over file over defaults. SettingsError lists every wrong key at once."""
    tree = _read_file(flags.get("config.file"))
    keys = dict(_leaves(Settings))
    for name, key in SECRETS.items():
        if environment.get(name):
            _put(tree, key, environment[name])
    for key, value in flags.items():
        if key in keys:
            _put(tree, key, value)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError([_problem(e["loc"], e["type"], e["msg"], list(keys)) for e in error.errors()]) from None


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Every setting as a flag of the same name as its key in the file."""
    parser.add_argument("--config.file", metavar="FILE", help="YAML file with settings")
    for key, (default, description) in _leaves(Settings):
        if key in SECRETS.values():
            continue
        parser.add_argument(f"--{key}", metavar="VALUE", help=f"{description} (default: {_shown(default)})")


def given_flags(arguments: argparse.Namespace) -> dict[str, str]:
    """The flags that stood on the command line, by key."""
    keys = {"config.file", *dict(_leaves(Settings))}
    found = {key: getattr(arguments, key.replace("-", "_"), None) for key in keys}
    return {key: value for key, value in found.items() if value is not None}


def settings_table() -> Sequence[tuple[str, str, str]]:
    """(key, default, what it does) of every setting, for the manual."""
    return [(key, _shown(default), description) for key, (default, description) in _leaves(Settings)]


def _leaves(section: type[Section], prefix: str = "") -> Iterator[tuple[str, tuple[Any, str]]]:
    for name, field in section.model_fields.items():
        key = prefix + kebab(name)
        if isinstance(field.default, Section):
            yield from _leaves(type(field.default), key + ".")
        else:
            yield key, (field.default, field.description or "")


def _shown(value: object) -> str:
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        unit = next(u for u in ("w", "d", "h", "m", "s", "ms") if seconds % UNITS[u] == 0)
        return f"{seconds / UNITS[unit]:.0f}{unit}"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ",".join(f"{name}={given}" for name, given in value.items()) or "none"
    return str(value) if value not in {None, ""} and not isinstance(value, SecretStr) else "none"


def _read_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        tree = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"can't read the settings file {path}: {error.strerror}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} is no valid YAML: {error}"]) from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsError([f"{path}: expected sections such as 'prometheus:', found a {type(tree).__name__}"])
    return {key: {} if value is None and key in Settings.model_fields else value for key, value in tree.items()}


def _put(tree: dict[str, Any], key: str, value: str) -> None:
    section, _, name = key.partition(".")
    inner = tree.setdefault(section, {})
    if isinstance(inner, dict):
        inner[name] = value


def _problem(location: tuple[int | str, ...], kind: str, message: str, keys: list[str]) -> str:
    key = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, [*keys, *Settings.model_fields], n=1, cutoff=0.5)
        return f"unknown key '{key}'" + (f": did you mean '{near[0]}'?" if near else "")
    if kind in {"model_type", "model_attributes_type"}:
        return f"'{key}' must be a section with keys below it"
    return f"'{key}': {message.removeprefix('Value error, ')}"
