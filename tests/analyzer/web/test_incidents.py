"""Incidents over the real server and a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from analyzer.data import Incident, Quiet
from analyzer.store import Store
from analyzer.web.endpoints import Door
from tests.analyzer.web.document import check
from tests.analyzer.web.door import FIRING, NOW, Inside, door_to, opened_door

INCIDENTS = "/api/v1/incidents"
ONE = "/api/v1/incidents/{id}"
FIRST = replace(FIRING, incident=FIRING.fingerprint)
SECOND = replace(FIRST, kind="silent", host="db-1:9100", starts_at=NOW + timedelta(seconds=40))
SPREAD = Incident(FIRST.fingerprint, (FIRST, SECOND))
EARLIER = replace(FIRING, starts_at=NOW - timedelta(hours=2), ends_at=NOW - timedelta(hours=1))
OVER = Incident.alone(replace(EARLIER, incident=EARLIER.fingerprint, end_reason="lost", quiet=Quiet("small")))


@pytest.fixture
def url(inside: Inside, free_port: int, tmp_path: Path) -> Iterator[str]:
    async def door() -> Door:
        store = await Store.open(tmp_path)
        await store.findings.record([*SPREAD.findings, *OVER.findings], NOW)
        await store.incidents.record([SPREAD, OVER], NOW)
        return replace(door_to(inside), incidents=store.incidents, finding=store.findings.get)

    with opened_door(door, free_port) as address:
        yield address


def test_incidents_are_told_newest_first_with_the_hosts_in_the_order_they_joined(
    url: str, client: requests.Session, document: dict[str, Any]
) -> None:
    response = client.get(url + INCIDENTS)
    check(document, INCIDENTS, response)
    spread, over = response.json()["incidents"]
    assert spread["id"] == FIRST.fingerprint
    assert [(joined["host"], joined["joined_at"]) for joined in spread["hosts"]] == [
        ("web-1:9100", "2026-11-22T14:02:00Z"),
        ("db-1:9100", "2026-11-22T14:02:40Z"),
    ]
    assert (spread["open"], spread["firing"], spread["quiet"], spread["ends_at"]) == (True, True, False, None)
    assert (over["open"], over["firing"], over["quiet"], over["ends_at"]) == (
        False,
        False,
        True,
        "2026-11-22T13:02:00Z",
    )
    assert spread["title"] == {
        "en": "web-1:9100 and db-1:9100 have had trouble since Nov 22 14:02 UTC: no metrics, CPU in use. "
        "It began on web-1:9100, then db-1:9100.",
        "ko": "web-1:9100 등 호스트 2대에 11월 22일 14:02 UTC부터 문제가 있습니다: 메트릭 없음, CPU 사용률. "
        "web-1:9100에서 시작해 db-1:9100 순으로 나타났습니다.",
    }
    assert [finding["incident"] for finding in spread["findings"]] == [spread["id"], spread["id"]]
    assert [cause["feature"] for cause in spread["causes"]] == ["cpu_busy_ratio"]
    assert over["findings"][0]["end_reason"] == "lost"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("open=true", [SPREAD.id]),
        ("open=false", [OVER.id]),
        ("host=db-1:9100", [SPREAD.id]),
        ("host=web-1:9100", [SPREAD.id, OVER.id]),
        ("severity=critical", []),
        ("since=2026-11-22T13:30:00Z", [SPREAD.id]),
        ("limit=1", [SPREAD.id]),
    ],
)
def test_every_filter_narrows_the_answer(url: str, client: requests.Session, asked: str, expected: list[str]) -> None:
    assert [one["id"] for one in client.get(f"{url}{INCIDENTS}?{asked}").json()["incidents"]] == expected


@pytest.mark.parametrize("name", [SPREAD.id, SECOND.fingerprint])
def test_an_incident_is_found_by_its_id_and_by_any_of_its_findings(
    url: str, client: requests.Session, document: dict[str, Any], name: str
) -> None:
    response = client.get(f"{url}{INCIDENTS}/{name}")
    check(document, ONE, response)
    assert response.json()["id"] == SPREAD.id


def test_an_incident_that_nobody_knows_is_a_404_and_a_wrong_filter_a_400(
    url: str, client: requests.Session, document: dict[str, Any]
) -> None:
    unknown = client.get(f"{url}{INCIDENTS}/nothing")
    check(document, ONE, unknown)
    assert unknown.status_code == 404
    assert unknown.json()["error"]["message"] == "there is no incident 'nothing', or it is forgotten"
    wrong = client.get(f"{url}{INCIDENTS}?firing=true")
    check(document, INCIDENTS, wrong)
    assert wrong.status_code == 400
