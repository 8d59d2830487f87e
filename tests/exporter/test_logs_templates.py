"""The template miner, and how severe a line is."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from exporter.collectors.logs_severity import of_line, of_priority
from exporter.collectors.logs_templates import Miner


def mined(*lines: str, most: int = 500) -> dict[str, int]:
    miner = Miner(most)
    for line in lines:
        miner.learn(line, "app", "info", 0.0)
    return {template.text: template.count for template in miner}


@pytest.mark.parametrize(
    ("lines", "template"),
    [
        (
            ["Accepted key of root from 192.0.2.1 port 22", "Accepted key of root from 198.51.100.7 port 9"],
            "Accepted key of root from <ip> port <num>",
        ),
        (["Nov 22 16:04:01 web sshd[17]: bye", "Dec  1 00:00:00 web sshd[4]: bye"], "web sshd[<num>]: bye"),
        (["2026-11-22T16:04:01.5Z ready", "2026-11-22 16:04:02,123 ready", "[16:04:03] ready"], "ready"),
        (["session 8c14b6cb-3f3f-4a4e-9d5b-1c2d3e4f5a6b done", "session 00000000-0000-0000-0000-000000000001 done"],
         "session <uuid> done"),
        (["at 0x7f3a and deadbeef01 now", "at 0x1 and 0123456789abcdef now"], "at <hex> and <hex> now"),
        (["from fe80::1 via 2001:db8:0:0:0:0:0:1 ok"], "from <ip> via <ip> ok"),
        (["link 52:54:00:12:34:56 up"], "link <mac> up"),
        (["pod web-7d4b9c6f5-x2x4z took 1.5s", "pod web-7d4b9c6f5-k2l4z took 22.25s"], "pod <*> took <num>s"),
        (["user alice logged in from home", "user bob logged in from home"], "user <*> logged in from home"),
        (["key aB3dE5gH7jK9mN1pQ3 used", "key Zz9yX8wV7uT6sR5qP4 used"], "key <id> used"),
        (["", ""], ""),
    ],
)  # fmt: skip
def test_lines_that_differ_in_what_varies_are_one_template(lines: list[str], template: str) -> None:
    assert mined(*lines) == {template: len(lines)}


def test_lines_that_say_different_things_stay_apart() -> None:
    assert mined("connection opened", "connection closed", "disk full", "disk is full", "service started: nginx") == {
        "connection opened": 1,
        "connection closed": 1,
        "disk full": 1,
        "disk is full": 1,
        "service started: nginx": 1,
    }


def test_a_template_never_widens_to_a_pattern_that_takes_in_everything() -> None:
    drifting = ["go a b c d", "go a b c e", "go a b f g", "go a h i j", "go k l m n"]
    assert mined(*drifting) == {"go a <*> <*> <*>": 4, "go k l m n": 1}


def test_source_and_severity_keep_templates_apart_and_ids_are_stable() -> None:
    def ids() -> list[str]:
        miner = Miner()
        pairs = [("a", "info"), ("b", "info"), ("a", "error"), ("a", "info")]
        return [miner.learn("same words 1", source, severity, 0.0).identity for source, severity in pairs]

    first = ids()
    assert first == ids()
    assert len(set(first)) == 3
    assert first[0] == first[3]


def test_a_template_remembers_its_first_line_its_count_and_its_times() -> None:
    miner = Miner()
    miner.learn("took 5 ms", "app", "info", 10.0)
    template = miner.learn("took 7 ms", "app", "info", 20.0)
    assert (template.example, template.count, template.first_seconds, template.last_seconds) == ("took 5 ms", 2, 10, 20)


def test_however_many_kinds_of_lines_come_so_many_templates_are_kept_the_newest() -> None:
    miner = Miner(most=10)
    letters = "ghijklmnopqrstuvwxyz"
    for one in letters:
        for two in letters:
            miner.learn(f"{one * 5} {two * 5} {one}{two}", "app", "info", 0.0)
    assert len(miner) == 10
    assert miner.evicted == 390
    assert [template.text for template in miner][-1] == "zzzzz zzzzz zz"
    assert len(miner._leaves) == 1
    again = miner.learn("ggggg ggggg gg", "app", "info", 0.0)  # seen before, given up since
    assert (again.count, again.kept) == (1, True)


@given(strategies.lists(strategies.text(strategies.characters(codec="utf-8"), max_size=60), max_size=40))
def test_every_line_is_counted_in_exactly_one_template(lines: list[str]) -> None:
    assert sum(mined(*lines).values()) == len(lines)


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("level=warn msg=x", "warning"),
        ('{"level":"ERROR","msg":"no info"}', "error"),
        ("[error] 12#0: connect() failed", "error"),
        ("2026-11-22 16:04:01 | DEBUG | x", "debug"),
        ("2026-11-22 16:04:01 INFO c.e.Service - error handler installed", "info"),
        ("E1122 16:04:01.123456 1 reflector.go:1] x", "error"),
        ("kernel: Out of memory: Killed process 1 (x)", "critical"),
        ("panic: runtime error", "critical"),
        ("sshd[1]: Failed password for root", "error"),
        ("finished with 0 errors, no error at all", "unknown"),
        ("DeprecationWarning: x is deprecated", "warning"),
        ("GET /error/page 200", "error"),
        ("hello", "unknown"),
        ("<4>WARN x", "warning"),
        ("terror and mirrors", "unknown"),
    ],
)
def test_a_plain_line_says_how_severe_it_is(line: str, severity: str) -> None:
    assert of_line(line) == severity


def test_syslog_priorities_become_severities() -> None:
    assert [of_priority(str(number)) for number in range(9)] == [
        "critical", "critical", "critical", "error", "warning", "notice", "info", "debug", "unknown",
    ]  # fmt: skip
    assert of_priority("") == "unknown"
