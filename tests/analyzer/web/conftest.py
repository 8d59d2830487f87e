"""What the door's tests share: a server, what stands behind it, a client, and the document it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.analyzer.web.door import Inside, opened


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def url(inside: Inside, free_port: int) -> Iterator[str]:
    with opened(inside, free_port) as address:
        yield address


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def document(url: str, client: requests.Session) -> dict[str, Any]:
    described: dict[str, Any] = client.get(f"{url}/openapi.json").json()
    return described
