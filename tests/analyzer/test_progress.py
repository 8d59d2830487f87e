"""How far first fits are is told at each tenth, once, with the time that is left."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.progress import Progress

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_each_tenth_is_told_once_with_the_time_that_is_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    progress = Progress()
    for minute, scored in enumerate((0, 50, 260, 290, 2500, 2500)):
        progress.tell(scored, 2500, NOW + timedelta(minutes=minute))
    assert caplog.messages == [
        "learned the history of 260 of 2500 hosts, about 17 min to go",
        "learned the history of 2500 of 2500 hosts",
    ]


def test_hosts_that_come_later_are_told_again_and_a_small_fleet_never(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    progress, small = Progress(), Progress()
    for scored, hosts in ((30, 30), (30, 60), (60, 60)):
        progress.tell(scored, hosts, NOW)
    small.tell(5, 19, NOW)
    assert caplog.messages == ["learned the history of 30 of 30 hosts", "learned the history of 60 of 60 hosts"]
