"""Findings in Debian's real Alertmanager: there while they fire, gone once they close, kept while it is down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analyzer.data import Cause, Evidence, Feature, Finding, Quiet, Report, Severity, Window
from analyzer.sinks.alertmanager import AlertmanagerSink
from analyzer.sinks.delivery import Backoff, Courier
from analyzer.store import Store
from tests.alertmanager import alertmanager
from tests.processes import Program, a_free_port

NOW = datetime.now(UTC).replace(microsecond=0)  # Alertmanager has a clock of its own and forgets what is past
WRITES = Feature("disk_writes", "bytes/s", "disk", "x", {"en": "data written to disks", "ko": "디스크 쓰기량"})
EVIDENCE = Evidence(
    "rate(x[60s])", Window(NOW, NOW, timedelta(seconds=15)), "web-1:9100", "disk_writes", "bytes/s", 2e8
)
OPENED = Finding(
    "anomaly",
    "web-1:9100",
    Severity.WARNING,
    NOW - timedelta(minutes=2),
    None,
    0.9,
    (Cause("disk_writes", 0.6, EVIDENCE),),
)
CLOSED = replace(OPENED, ends_at=NOW)
STEADY = Backoff(first_seconds=2, longest_seconds=300, spread=0)


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager"), a_free_port()) as program:
        yield program


def report(*findings: Finding) -> Report:
    return Report(NOW, "prometheus", "", (), findings, (), {})


def of_host(program: Program, host: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(program.get("/api/v2/alerts?active=true")[1])
    return [alert for alert in listed if alert["labels"]["host"] == host]


def on(host: str) -> tuple[Finding, Finding]:
    return replace(OPENED, host=host), replace(CLOSED, host=host)


async def test_a_finding_is_an_alert_until_it_closes(store: Store, peer: Program) -> None:
    sink = AlertmanagerSink(store.outbox, {"disk_writes": WRITES}, (peer.url,), page_url="http://om:9095")
    courier = Courier(store.outbox, sink, STEADY)
    opened, closed = on("web-1:9100")
    await sink.publish(report(opened))
    await courier.deliver_due(NOW)
    (alert,) = of_host(peer, "web-1:9100")
    assert alert["labels"] == {
        "alertname": "OpenManagerFinding",
        "kind": "anomaly",
        "host": "web-1:9100",
        "severity": "warning",
        "fingerprint": opened.fingerprint,
    }
    assert alert["status"]["state"] in {"active", "unprocessed"}
    assert alert["annotations"]["summary"].startswith("web-1:9100 has behaved unusually since")
    assert "디스크 쓰기량" in alert["annotations"]["summary_ko"]
    assert alert["generatorURL"] == f"http://om:9095/#/incident/{opened.fingerprint}"
    await sink.publish(report(closed))
    await courier.deliver_due(NOW)
    assert of_host(peer, "web-1:9100") == []


async def test_alerts_of_one_incident_say_so_that_a_route_may_group_by_it(store: Store, peer: Program) -> None:
    sink = AlertmanagerSink(store.outbox, {}, (peer.url,), page_url="http://om:9095")
    first, second = (
        replace(OPENED, host="web-7:9100", kind=kind, incident="0123abcd") for kind in ("anomaly", "silent")
    )
    await sink.publish(report(first, second, replace(second, kind="other", quiet=Quiet("silence"))))
    await Courier(store.outbox, sink, STEADY).deliver_due(NOW)
    await sink.keep_alive(report(replace(second, kind="other", quiet=Quiet("silence"))), NOW)
    found = sorted(of_host(peer, "web-7:9100"), key=lambda alert: str(alert["labels"]["kind"]))
    assert [(alert["labels"]["kind"], alert["labels"]["incident"]) for alert in found] == [
        ("anomaly", "0123abcd"),
        ("silent", "0123abcd"),
    ]
    assert found[0]["generatorURL"] == "http://om:9095/#/incident/0123abcd"


async def test_an_alert_that_was_told_is_resolved_though_its_finding_became_quiet(store: Store, peer: Program) -> None:
    sink = AlertmanagerSink(store.outbox, {}, (peer.url,))
    opened, closed = on("web-8:9100")
    never = replace(closed, kind="silent", quiet=Quiet("silence"))
    await sink.publish(report(opened))
    await sink.publish(report(replace(closed, quiet=Quiet("silence")), never))
    kept = await store.outbox.of_subject("alertmanager", opened.fingerprint)
    assert [delivery.owed.key.partition(":")[2] for delivery in kept] == ["open:warning", "resolved"]
    assert await store.outbox.of_subject("alertmanager", never.fingerprint) == ()


async def test_saying_it_again_owes_nothing_more(store: Store, peer: Program) -> None:
    sink = AlertmanagerSink(store.outbox, {}, (peer.url,))
    opened, closed = on("web-2:9100")
    for _ in range(3):
        await sink.publish(report(opened))
    await sink.publish(report(closed))
    await sink.publish(report(closed))
    kept = await store.outbox.of_subject("alertmanager", opened.fingerprint)
    assert [delivery.owed.key.partition(":")[2] for delivery in kept] == ["open:warning", "resolved"]


async def test_a_firing_alert_is_kept_alive_for_three_repeats(store: Store, peer: Program) -> None:
    sink = AlertmanagerSink(store.outbox, {}, (peer.url,), repeat_seconds=600.0)
    opened, closed = on("web-3:9100")
    await sink.keep_alive(report(opened, replace(closed, kind="silent")), NOW)
    (alert,) = of_host(peer, "web-3:9100")
    assert datetime.fromisoformat(alert["endsAt"]) == NOW + timedelta(minutes=30)


async def test_what_is_owed_waits_for_an_alertmanager_that_is_down(store: Store, tmp_path: Path) -> None:
    port = a_free_port()
    sink = AlertmanagerSink(store.outbox, {}, (f"http://127.0.0.1:{port}",))
    courier = Courier(store.outbox, sink, STEADY)
    opened, _ = on("web-4:9100")
    await sink.publish(report(opened))
    await courier.deliver_due(NOW)
    (status,) = await store.outbox.status()
    assert (status.pending, status.failures) == (1, 1)
    with alertmanager(tmp_path, port) as program:
        await courier.deliver_due(NOW + timedelta(seconds=3))
        assert [alert["labels"]["host"] for alert in of_host(program, "web-4:9100")] == ["web-4:9100"]


async def test_one_member_of_a_cluster_is_enough(store: Store, peer: Program) -> None:
    gone = f"http://127.0.0.1:{a_free_port()}"
    sink = AlertmanagerSink(store.outbox, {}, (gone, peer.url))
    opened, _ = on("web-5:9100")
    await sink.publish(report(opened))
    await Courier(store.outbox, sink, STEADY).deliver_due(NOW)
    assert len(of_host(peer, "web-5:9100")) == 1
    (status,) = await store.outbox.status()
    assert (status.pending, status.delivered) == (0, 1)


async def test_what_alertmanager_calls_wrong_is_not_sent_again(store: Store, peer: Program) -> None:
    sink = AlertmanagerSink(store.outbox, {}, (peer.url,))
    backwards = replace(OPENED, host="web-6:9100", ends_at=OPENED.starts_at - timedelta(hours=1))
    await sink.publish(report(backwards))
    await Courier(store.outbox, sink, STEADY).deliver_due(NOW)
    (status,) = await store.outbox.status()
    assert (status.pending, status.delivered, status.refused) == (0, 1, 1)
    kept = await store.outbox.of_subject("alertmanager", backwards.fingerprint)
    assert "answered 400" in kept[1].last_error


async def test_without_an_address_nothing_is_owed(store: Store) -> None:
    await AlertmanagerSink(store.outbox).publish(report(OPENED))
    assert await store.outbox.status() == ()
