"""How often hosts are scraped is read off their samples, so that rates have enough of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analyzer.data import Host, Window
from analyzer.features import load_features
from analyzer.sources.pace import Pace
from analyzer.sources.prometheus import PrometheusSource
from tests.analyzer.sources.conftest import Live


async def test_a_scrape_every_second_is_seen_in_a_live_prometheus(live: Live) -> None:
    source = PrometheusSource(load_features(), live.prometheus.url)
    try:
        fetched = await source.fetch(Window.ending(datetime.now(UTC), timedelta(minutes=1), timedelta(seconds=1)))
    finally:
        await source.close()
    assert fetched.range_seconds == 4, "four scrapes of 1 s"


async def test_until_there_are_two_samples_the_default_stands_and_is_asked_again(live: Live) -> None:
    source = PrometheusSource(load_features(), live.prometheus.url)
    pace = Pace(source._api, unknown_seconds=15.0)
    now = datetime.now(UTC)
    try:
        assert await pace.seconds((Host("nobody:9100"),), now) == 15.0
        assert await pace.seconds((Host(live.instance),), now) == 1.0
    finally:
        await source.close()
