"""What the sinks' tests share: a store and a Grafana of paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from analyzer.store import Store
from tests.analyzer.sinks.fake_grafana import FakeGrafana


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "data")
    yield opened
    await opened.close()


@pytest.fixture
async def grafana() -> AsyncIterator[FakeGrafana]:
    fake = FakeGrafana()
    await fake.start()
    yield fake
    await fake.stop()
