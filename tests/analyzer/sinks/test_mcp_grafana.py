"""A Grafana client that is not ours reads back what the sink wrote."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from analyzer.sinks.delivery import Courier
from analyzer.store import Store
from tests.analyzer.sinks.fake_grafana import TOKEN, FakeGrafana
from tests.analyzer.sinks.test_annotations import NOW, OPENED, report, sink_for
from tests.conftest import ROOT

PROGRAM = ROOT / ".tools/mcp-grafana/bin/mcp-grafana"
BEGIN = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@pytest.fixture
def program() -> Path:
    if not PROGRAM.exists():
        if os.environ.get("CI"):
            pytest.fail("mcp-grafana is missing: scripts/test-tools.sh should have fetched it")
        pytest.skip("mcp-grafana is not installed")
    return PROGRAM


async def annotations_by(program: Path, url: str, tag: str) -> list[dict[str, Any]]:
    """What the client's own tool gives for the tag."""
    client = await asyncio.create_subprocess_exec(
        *(str(program), "-t", "stdio"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(os.environ) | {"GRAFANA_URL": url, "GRAFANA_SERVICE_ACCOUNT_TOKEN": TOKEN},
    )
    try:
        await _asked(client, 1, "initialize", BEGIN)
        got = await _asked(client, 2, "tools/call", {"name": "get_annotations", "arguments": {"tags": [tag]}})
    finally:
        client.kill()
        await client.wait()
    payload: list[dict[str, Any]] = orjson.loads(got["content"][0]["text"])["Payload"]
    return payload


async def _asked(client: asyncio.subprocess.Process, number: int, method: str, params: dict[str, Any]) -> Any:
    assert client.stdin is not None
    assert client.stdout is not None
    call = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    client.stdin.write(orjson.dumps(call) + b"\n")
    await client.stdin.drain()
    while line := await asyncio.wait_for(client.stdout.readline(), 30):
        answer = orjson.loads(line)
        if answer.get("id") == number:
            return answer["result"]
    raise AssertionError(f"the client ended before it answered {method}")


async def test_a_client_that_is_not_ours_reads_back_what_the_sink_wrote(
    store: Store, grafana: FakeGrafana, program: Path
) -> None:
    sink = sink_for(store, grafana)
    await sink.publish(report(OPENED))
    await Courier(store.outbox, sink).deliver_due(NOW)
    (read,) = await annotations_by(program, grafana.url, "openmanager")
    assert read["text"].startswith("web-1:9100 has behaved unusually since Nov 22 14:02 UTC")
    assert read["time"] == 1795356120000
    assert read["tags"][0] == "openmanager"
    assert f"fingerprint:{OPENED.fingerprint}" in read["tags"]
