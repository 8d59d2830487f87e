"""Settings: where each value comes from, and what is said of a wrong one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.errors import SettingsError
from analyzer.setting_values import host_and_port, parse_duration
from analyzer.settings import load_settings


def written(folder: Path, text: str) -> dict[str, str]:
    path = folder / "settings.yml"
    path.write_text(text, encoding="utf-8")
    return {"config.file": str(path)}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "cycle:\n"])
def test_an_empty_file_works(tmp_path: Path, text: str) -> None:
    settings = load_settings(written(tmp_path, text), {})
    assert settings.prometheus.url == "http://127.0.0.1:9090"
    assert settings.cycle.interval == timedelta(seconds=15)
    assert settings.grafana.url == ""


def test_flags_win_over_the_environment_and_it_over_the_file(tmp_path: Path) -> None:
    text = "prometheus:\n  url: http://file:9090\ngrafana:\n  token: from-file\n  url: http://grafana:3000\n"
    flags = written(tmp_path, text) | {"prometheus.url": "http://flag:9090/"}
    settings = load_settings(flags, {"OPENMANAGER_GRAFANA_TOKEN": "from-environment"})
    assert settings.prometheus.url == "http://flag:9090"
    assert settings.grafana.token.get_secret_value() == "from-environment"
    assert settings.grafana.url == "http://grafana:3000"


def test_every_wrong_key_is_named_at_once_with_the_nearest_right_one(tmp_path: Path) -> None:
    text = "promethues:\n  url: x\nprometheus:\n  ulr: y\n  url: no-scheme\ncycle:\n  interval: 3 seconds\nweb: 3\n"
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text), {})
    assert set(caught.value.problems) == {
        "unknown key 'promethues': did you mean 'prometheus'?",
        "unknown key 'prometheus.ulr': did you mean 'prometheus.url'?",
        "'prometheus.url': 'no-scheme' is no address: write it like http://127.0.0.1:9090",
        "'cycle.interval': '3 seconds' is no duration: write it like 15s, 1h30m or 7d",
        "'web' must be a section with keys below it",
    }


def test_a_file_that_is_absent_or_no_yaml_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't read the settings file"):
        load_settings({"config.file": str(tmp_path / "absent.yml")}, {})
    with pytest.raises(SettingsError, match="no valid YAML"):
        load_settings(written(tmp_path, "a: [1,\n"), {})
    with pytest.raises(SettingsError, match="expected sections"):
        load_settings(written(tmp_path, "- a\n- b\n"), {})


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = load_settings({}, {"OPENMANAGER_GRAFANA_TOKEN": "glsa_very_secret"})
    assert "glsa_very_secret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "seconds"), [("15s", 15), ("1h30m", 5400), ("7d", 604800), ("500ms", 0.5), ("2w", 1209600)]
)
def test_durations_read_like_prometheus_writes_them(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "15", "s", "1h 30m", "-5s", "1.5h", 15, None])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "given", ["hosts:\n  aliases: {shop: 'web-1:9100', 디비: db-2}\n", "shop=web-1:9100, 디비 = db-2"]
)
def test_aliases_of_hosts_are_a_mapping_or_pairs(tmp_path: Path, given: str) -> None:
    in_file = given.startswith("hosts:")
    settings = load_settings(written(tmp_path, given) if in_file else {"hosts.aliases": given}, {})
    assert settings.hosts.aliases == {"shop": "web-1:9100", "디비": "db-2"}


def test_an_alias_without_a_host_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"hosts.aliases": "shop=web-1:9100,db="}, {})
    assert caught.value.problems == ("'hosts.aliases': 'db=' is no alias: write it like shop=web-1:9100",)


def test_addresses_are_split_into_host_and_port() -> None:
    assert host_and_port("127.0.0.1:9095") == ("127.0.0.1", 9095)
    assert host_and_port(":9095") == ("", 9095)
    assert host_and_port("[::1]:9095") == ("::1", 9095)
    for wrong in ("9095", "localhost", "localhost:", "localhost:http", "localhost:99999"):
        with pytest.raises(ValueError, match="is no HOST:PORT"):
            host_and_port(wrong)
