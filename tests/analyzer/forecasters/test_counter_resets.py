"""A counter that began anew and a scrape that failed leak into no forecast: from a real Prometheus to what is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.data import Fleet, Forecast, Window
from analyzer.features import load_features
from analyzer.forecasters.host import forecast_fleet
from analyzer.sources.prometheus import PrometheusSource
from tests.processes import Program
from tests.written_history import holding

NOW = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)
STEP, HOURS = 60, 6
CALM, RESTARTED = "calm:9100", "restarted:9100"
SWITCHES = 1000.0  # a second
# Minutes after the beginning at which the counter began anew; scrapes failed for ten minutes before the second.
RESETS = (70, 200, 340)
SILENT = range(190, 200)
FEATURES = tuple(feature for feature in load_features() if feature.name == "context_switches_per_second")


def written() -> str:
    """Both switch alike; one was restarted thrice, half a minute before a scrape."""
    rows = ["# TYPE node_uname_info gauge"]
    minutes = range(HOURS * 60 + 1)
    stamps = [f"{NOW.timestamp() - (HOURS * 60 - minute) * STEP:.0f}" for minute in minutes]
    for host in (CALM, RESTARTED):
        rows += [f'node_uname_info{{instance="{host}",nodename="{host}"}} 1 {at}' for at in stamps]
    rows.append("# TYPE node_context_switches counter")
    for host in (CALM, RESTARTED):
        noise = np.random.default_rng(7).normal(1, 0.02, len(stamps))
        total = 5e9
        for minute, at in zip(minutes, stamps, strict=True):
            began_anew = host == RESTARTED and minute in RESETS
            total = SWITCHES * STEP / 2 if began_anew else total + SWITCHES * STEP * float(noise[minute])
            if host == CALM or minute not in SILENT:
                rows.append(f'node_context_switches_total{{instance="{host}"}} {total:.0f} {at}')
    return "\n".join([*rows, "# EOF", ""])


@pytest.fixture(scope="module")
def history(promtool: Path, prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("resets")
    with holding(written(), folder, promtool, prometheus_program) as prometheus:
        yield prometheus


async def fetched(history: Program) -> Fleet:
    source = PrometheusSource(FEATURES, history.url)
    try:
        window = Window.ending(NOW, timedelta(hours=HOURS), timedelta(seconds=STEP))
        return (await source.fetch(window)).fleet
    finally:
        await source.close()


async def test_a_counter_that_began_anew_is_no_fall_and_no_leap(history: Program) -> None:
    fleet = await fetched(history)
    seen = fleet.values[[host.name for host in fleet.hosts].index(RESTARTED), 0]
    known = seen[np.isfinite(seen)]
    assert 330 < len(known) < len(seen), "the silent minutes are gaps, the others are not"
    # A rate over a reset misses at most what was counted between the last scrape and the restart.
    assert known.min() > 0.4 * SWITCHES
    assert known.max() < 1.15 * SWITCHES


async def test_a_restarted_counter_is_forecast_like_one_that_never_was(history: Program) -> None:
    fleet = await fetched(history)
    ahead = np.arange(5, 65, 5) * 60.0
    told: dict[str, Forecast] = {
        host: forecasts[0] for host, forecasts in forecast_fleet(fleet, FEATURES, ahead=ahead).items()
    }
    for forecast in told.values():
        assert forecast.point == pytest.approx(SWITCHES, rel=0.03)
        assert np.isfinite([forecast.lower, forecast.upper]).all()
        assert (forecast.lower > 0.9 * SWITCHES).all()
        assert (forecast.upper < 1.1 * SWITCHES).all()
