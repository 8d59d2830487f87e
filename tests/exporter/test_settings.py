"""Flags and the YAML file: what is understood, and every mistake at once."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from exporter.flags import Flag, SettingsError, duration, read
from exporter.settings import all_flags, parse


def problems(*arguments: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse(arguments)
    return caught.value.problems


def test_nothing_needs_to_be_set() -> None:
    settings = parse([])
    assert settings.listen_addresses == (":9100",)
    assert settings.telemetry_path == "/metrics"
    assert "loadavg" in settings.collectors


def test_flags_are_written_as_in_the_field() -> None:
    settings = parse(
        [
            "--web.listen-address=127.0.0.1:1",
            "--web.listen-address",
            "[::1]:2",
            "--path.procfs=/host/proc",
            "--no-collector.loadavg",
            "--collector.netdev.device-include=^eth",
            "--collector.stat.softirq",
            "--web.disable-exporter-metrics",
            "--collector.deadline=1m30s",
        ]
    )
    assert settings.listen_addresses == ("127.0.0.1:1", "[::1]:2")
    assert settings.procfs == "/host/proc"
    assert "loadavg" not in settings.collectors
    assert settings.collectors["netdev"] == {"device_include": re.compile("^eth")}
    assert settings.collectors["stat"] == {"softirq": True}
    assert not settings.exporter_metrics
    assert settings.collector_deadline == timedelta(seconds=90)


def test_node_exporters_flags_keep_working() -> None:
    settings = parse(
        [
            "--collector.filesystem.ignored-mount-points=^/x",
            "--collector.netdev.device-blacklist",
            "^veth",
            "--runtime.gomaxprocs",
            "1",
            "--no-collector.ntp",
            "--no-collector.netdev.netlink",
            "--web.disable-exporter-metrics",
        ]
    )
    assert settings.collectors["filesystem"] == {"mount_points_exclude": re.compile("^/x")}
    assert settings.collectors["netdev"] == {"device_exclude": re.compile("^veth")}
    assert not settings.exporter_metrics
    assert settings.warnings == (
        "--runtime.gomaxprocs is ignored: there is no Go runtime here",
        "--no-collector.netdev.netlink is ignored: /proc/net/dev is read already",
    )


def test_a_collector_that_only_node_exporter_has_is_told() -> None:
    told = "node_exporter has this collector, and there is none like it here"
    assert problems("--collector.ntp", "--collector.ntp.server=x") == (
        f"--collector.ntp: {told}",
        f"--collector.ntp.server: {told}",
    )


def test_a_path_has_to_begin_with_a_slash() -> None:
    assert problems("--web.telemetry-path=metrics") == ("--web.telemetry-path starts with /, not as 'metrics' does",)


def test_defaults_can_be_switched_off() -> None:
    settings = parse(["--collector.disable-defaults", "--collector.loadavg", "--collector.stat"])
    assert sorted(settings.collectors) == ["loadavg", "stat"]


def test_settings_of_a_collector_that_is_off_are_no_mistake() -> None:
    settings = parse(["--no-collector.netdev", "--collector.netdev.device-include=lo"])
    assert "netdev" not in settings.collectors


def test_every_mistake_is_told_at_once() -> None:
    assert problems(
        "--web.max-requests=many",
        "--collector.lodavg",
        "--log.level=loud",
        "--collector.netdev.device-exclude=(",
        "--web.listen-adress=:1",
        "surprise",
        "--collector.deadline=5",
    ) == (
        "--web.max-requests takes a whole number, not 'many'",
        "--log.level is one of debug, info, warn, error, not 'loud'",
        "--collector.netdev.device-exclude takes a regular expression, not '('",
        "--collector.deadline takes a duration such as 5s, not '5'",
        "unknown flag --collector.lodavg; did you mean --collector.loadavg?",
        "unknown flag --web.listen-adress; did you mean --web.listen-address?",
        "unexpected argument 'surprise'",
    )


def test_a_flag_without_its_value_is_told() -> None:
    assert problems("--path.procfs") == ("--path.procfs needs a value",)


def test_the_file_holds_flags_and_flags_win(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(
        "web.listen-address: ['127.0.0.1:1', '127.0.0.1:2']\n"
        "path: {procfs: /from/file, sysfs: /from/file}\n"
        "collector:\n"
        "  loadavg: false\n"
        "  stat: {softirq: true}\n"
        "  vmstat.fields: ^pg\n"
        "collector.deadline: 3s\n"
    )
    settings = parse([f"--config.file={file}", "--path.sysfs=/from/flag", "--web.listen-address=127.0.0.1:3"])
    assert settings.listen_addresses == ("127.0.0.1:3",)
    assert (settings.procfs, settings.sysfs) == ("/from/file", "/from/flag")
    assert "loadavg" not in settings.collectors
    assert settings.collectors["stat"] == {"softirq": True}
    assert settings.collectors["vmstat"] == {"fields": re.compile("^pg")}
    assert settings.collector_deadline == timedelta(seconds=3)


def test_mistakes_in_the_file_are_told_like_those_in_flags(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("collector: {deadline: soon, lodavg: true}\nlog.level: loud\n")
    assert problems(f"--config.file={file}") == (
        "--collector.deadline takes a duration such as 5s, not 'soon'",
        "--log.level is one of debug, info, warn, error, not 'loud'",
        "unknown flag --collector.lodavg; did you mean --collector.loadavg?",
    )


def test_an_empty_file_works_and_an_unreadable_one_is_told(tmp_path: Path) -> None:
    empty, broken, listed = tmp_path / "empty.yml", tmp_path / "broken.yml", tmp_path / "list.yml"
    empty.write_text("# nothing\n")
    broken.write_text("a: [")
    listed.write_text("- a\n")
    assert parse([f"--config.file={empty}"]) == parse([])
    assert problems("--config.file=/no/such/file")[0].startswith("can't read --config.file=/no/such/file: ")
    assert problems(f"--config.file={broken}")[0].startswith(f"can't read --config.file={broken}: ")
    assert problems(f"--config.file={listed}") == (f"--config.file={listed} holds no settings: it has to be a mapping",)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5), ("1m30s", 90), ("250ms", 0.25), ("1h", 3600), ("1.5s", 1.5), ("2d", 172800)]
)
def test_durations_are_written_as_go_does(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5sec", "1..2s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        duration(text)


@pytest.mark.parametrize(
    ("words", "value"), [(["--x"], True), (["--no-x"], False), (["--x=false"], False), (["--x", "--no-x"], False)]
)
def test_a_switch_can_be_said_in_several_ways(words: list[str], value: bool) -> None:  # noqa: FBT001 - the outcome
    assert read(words, [Flag("--x", default=False, help="")]).settings == {"--x": value}


def test_every_flag_has_its_own_name_and_a_help_text() -> None:
    flags = all_flags()
    names = [flag.name for flag in flags]
    assert len(names) == len(set(names))
    assert [flag.name for flag in flags if not flag.help.endswith(".")] == []


def test_only_the_modules_of_collectors_that_are_on_are_imported() -> None:
    program = (
        "import sys; from exporter.settings import parse;"
        "parse(['--collector.disable-defaults', '--collector.loadavg']);"
        "print(*sorted(m for m in sys.modules if m.startswith('exporter.collectors.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["exporter.collectors.loadavg"]
