"""What a person at a terminal sees: a host in full, several in a table, in two languages; progress where watched."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from rich.console import Console

from analyzer.data import (
    Deduction,
    Feature,
    Forecast,
    Forecasts,
    Headroom,
    Health,
    Host,
    HostReport,
    Language,
    Peers,
    Report,
    State,
    UsualState,
)
from analyzer.forecasters.host import AHEAD
from analyzer.terminal import Shown, progress, render
from analyzer.terminal.forecasts import evenly, sparkline, value_at

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DISK = Feature("disk", "ratio", "filesystem", "q", {"en": "root filesystem", "ko": "루트 파일시스템"}, limit=1.0)
QUIET = Feature("swap", "ratio", "memory", "q", {"en": "swap in use", "ko": "스왑 사용률"}, limit=1.0)
FEATURES = {"disk": DISK, "swap": QUIET}
NIGHTS = tuple(1.0 if hour < 6 else 0.0 for hour in range(24))
STATES = (
    UsualState("A", {"en": "idle", "ko": "유휴"}, 0.75, tuple(1 - share for share in NIGHTS), {"A": 0.9, "B": 0.1}, {}),
    UsualState("B", {"en": "disk-bound", "ko": "디스크 사용 많음"}, 0.25, NIGHTS, {"A": 0.2, "B": 0.8}, {}),
)


def forecast(feature: str, start: float, end: float, until: tuple[float, float, float] | None) -> Forecast:
    """A straight line over thirty days, told at the product's own uneven times."""
    way = (start + (end - start) * AHEAD / AHEAD[-1]).astype(np.float32)
    times = AT.timestamp() + AHEAD.astype(np.float64)
    return Forecast("web-1", feature, times, way, way - np.float32(0.01), way + np.float32(0.01), 0.9, 1.0, until)


HOST = HostReport(
    Host("web-1", "web-1"),
    AT,
    {"disk": 0.4},
    scores={"ensemble": 0.1},
    state=State("B", 2, 1.0, 0.96),
    forecasts=Forecasts.of(
        forecast("swap", 0.1, 0.1, None),
        forecast("disk", 0.4, 1.0, (30 * 86400.0, 25 * 86400.0, np.inf)),
    ),
    health=Health(
        90.0, 0.5, (Deduction("exhaustion", "disk", "filesystem", 10.0, 7200.0),), 40.0, (Headroom("cpu", "c", 0.4),)
    ),
    peers=Peers("web-2", 7, 1.25, {"disk": 1.25}),
)


def report(*hosts: HostReport) -> Report:
    return Report(AT, "prometheus", "", hosts, (), (), {})


def screen(*hosts: HostReport, language: Language = "en", timezone: str = "UTC", only: str = "") -> str:
    out = io.StringIO()
    shown = Shown(FEATURES, lambda _host: STATES, language, timezone)
    Console(file=out, width=150, color_system=None).print(render(report(*hosts), shown, only))
    return out.getvalue()


def line_of(text: str, part: str) -> str:
    (found,) = [line for line in text.splitlines() if part in line]
    return found


def test_a_host_is_shown_in_full() -> None:
    text = screen(HOST)
    assert "health 90 of 100, 50% of what it needs known" in text
    assert "−10.0  runs out in 2 h: root filesystem" in text
    assert "headroom 40 of 100: CPU 40%" in text
    assert "among peers: like web-2 and others (7 besides it), 1.25 usual spreads away; farthest in root" in text
    assert "unusual at this hour: 96% of it is usually spent in another state" in text
    assert "Nov 22 12:00 UTC, served by prometheus" in text


def test_the_same_in_korean() -> None:
    text = screen(HOST, language="ko", timezone="Asia/Seoul")
    assert "건강 점수 90점(100점 만점), 필요한 값의 50%를 앎" in text
    assert "2시간 뒤 소진 예상: 루트 파일시스템" in text
    assert "성능 여유 40점(100점 만점): CPU 40%" in text
    assert "이 시간대에는 드문 상태" in text
    assert "30일 (25일 ~ 소진되지 않을 수도 있음)" in text
    assert "11월 22일 21:00 KST, 데이터: prometheus" in text
    assert not {word for word in ("health", "state", "within", "feature") if word in text}


def test_the_state_it_is_in_is_marked_and_told_by_the_hour_of_its_own_clock() -> None:
    busy = line_of(screen(HOST), "B disk-bound")
    assert busy.strip("│ ").startswith("now  B disk-bound")
    assert "25%" in busy
    assert "██████▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁" in busy
    # Midnight to six in London is nine to fifteen in Seoul.
    assert "▁▁▁▁▁▁▁▁▁██████▁▁▁▁▁▁▁▁▁" in line_of(screen(HOST, timezone="Asia/Seoul"), "B disk-bound")


def test_what_runs_out_first_stands_first_with_its_values_ahead() -> None:
    text = screen(HOST)
    disk, swap = line_of(text, "30 d (25 d to perhaps never)"), line_of(text, "not within 30 d")
    assert text.index(disk) < text.index(swap)
    assert [value for value in disk.split() if value.endswith("%")] == ["40.1%", "40.5%", "42%", "54%", "100%"]
    assert [value for value in swap.split() if value.endswith("%")] == ["10%"] * 5


def test_a_straight_way_is_drawn_straight_though_near_times_are_told_closely() -> None:
    way = evenly(forecast("disk", 0.0, 1.0, None), 30 * 86400.0)
    assert way == pytest.approx(np.arange(1, 25) / 24, abs=0.01)
    assert sparkline(np.array([0.0, 0.5, 1.0, np.nan]), (0.0, 1.0)) == "▁▅█ "


def test_what_was_told_a_while_ago_still_reaches_thirty_days() -> None:
    told = forecast("disk", 0.0, 1.0, None)
    first = AHEAD <= 3600.0
    later = replace(told, times=np.where(first, told.times + 240.0, told.times))
    assert value_at(later, 30 * 86400.0) == pytest.approx(1.0)
    near = replace(told, times=told.times[first], point=told.point[first])
    assert value_at(near, 86400.0) is None


def test_several_hosts_are_a_table_with_the_least_healthy_first() -> None:
    well = replace(HOST, host=Host("web-0"), health=Health(99.0, 1.0), forecasts=Forecasts(), state=None)
    unknown = replace(well, host=Host("web-9"), health=None)
    text = screen(well, HOST, unknown)
    lines = [line for line in text.splitlines() if line.startswith("web-")]
    assert [line.split()[0] for line in lines] == ["web-9", "web-1", "web-0"]
    assert "root filesystem, 30 d" in lines[1]
    assert "disk-bound" in lines[1]
    assert "health 90" in screen(well, HOST, only="web-1")


def waiting(*, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, color_system=None)
    with progress(console) as told:
        told("reading the newest history", 0, 0)
        for done in range(3):
            told("learning each host's history", done, 3)
            if terminal:
                console.print(".")  # has the bars drawn again above it, whatever the clock says
    return out.getvalue()


def test_progress_says_what_is_done_and_how_much_of_it() -> None:
    text = waiting(terminal=True)
    assert "learning each host's history" in text
    assert "2/3" in text


def test_nothing_is_shown_where_nobody_watches() -> None:
    assert waiting(terminal=False) == ""
