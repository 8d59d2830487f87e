"""Planned silences over the real server and a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from analyzer.store import Store
from analyzer.web.endpoints import Door
from tests.analyzer.web.document import check
from tests.analyzer.web.door import NOW, Inside, door_to, opened_door

SILENCES = "/api/v1/silences"
ONE = "/api/v1/silences/{id}"
PLAN = {
    "matchers": ['host="web-1:9100"', 'kind=~"sat.*"'],
    "duration": "2h",
    "comment": "업그레이드",
    "created_by": "kim",
}


@pytest.fixture
def url(inside: Inside, free_port: int, tmp_path: Path) -> Iterator[str]:
    async def door() -> Door:
        return replace(door_to(inside), silences=(await Store.open(tmp_path)).silences)

    with opened_door(door, free_port) as address:
        yield address


def planned(url: str, client: requests.Session, **changes: object) -> requests.Response:
    body = {key: value for key, value in {**PLAN, **changes}.items() if value is not None}
    return client.post(url + SILENCES, data=json.dumps(body), headers={"Content-Type": "application/json"})


def test_a_silence_is_planned_seen_and_ended(
    url: str, client: requests.Session, document: dict[str, Any], inside: Inside
) -> None:
    told = planned(url, client)
    check(document, SILENCES, told)
    silence = told.json()
    assert silence == {
        "id": silence["id"],
        "state": "active",
        "matchers": ['host="web-1:9100"', 'kind=~"sat.*"'],
        "starts_at": "2026-11-22T14:02:05Z",
        "ends_at": "2026-11-22T16:02:05Z",
        "comment": "업그레이드",
        "created_by": "kim",
        "created_at": "2026-11-22T14:02:05Z",
    }
    seen = client.get(f"{url}{SILENCES}/{silence['id']}")
    check(document, ONE, seen)
    assert seen.json() == silence
    inside.now = NOW + timedelta(minutes=30)
    ended = client.delete(f"{url}{SILENCES}/{silence['id']}")
    check(document, ONE, ended)
    assert (ended.json()["state"], ended.json()["ends_at"]) == ("expired", "2026-11-22T14:32:00Z")
    inside.now = NOW + timedelta(minutes=40)
    again = client.delete(f"{url}{SILENCES}/{silence['id']}")
    assert again.json()["ends_at"] == "2026-11-22T14:32:00Z"


def test_silences_are_listed_by_whether_they_hold(
    url: str, client: requests.Session, document: dict[str, Any], inside: Inside
) -> None:
    short = planned(url, client, duration="1m").json()["id"]
    later = planned(url, client, starts_at="2026-11-23T00:00:00+09:00").json()["id"]
    until = planned(url, client, duration=None, ends_at="2026-11-22T15:00:00Z").json()["id"]
    inside.now = NOW + timedelta(minutes=2)
    every = client.get(url + SILENCES)
    check(document, SILENCES, every)
    assert [(one["id"], one["state"]) for one in every.json()["silences"]] == [
        (later, "pending"),
        (until, "active"),
        (short, "expired"),
    ]
    active = client.get(url + SILENCES, params={"state": "active"}).json()["silences"]
    assert [one["id"] for one in active] == [until]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"matchers": []}, "matchers: List should have at least 1 item"),
        ({"matchers": ['host!="a"', 'kind=~".*"']}, "matchers: would silence every finding there is"),
        ({"matchers": ["host=a"]}, "matchers.0: 'host=a' is no matcher"),
        ({"matchers": ['kind=~"("']}, "is no regular expression"),
        ({"comment": None}, "comment: Field required"),
        ({"duration": None}, "say either ends_at or duration"),
        ({"ends_at": "2026-11-22T15:00:00Z"}, "say either ends_at or duration"),
        ({"duration": None, "ends_at": "2026-11-22T14:00:00Z"}, "ends_at: must be later than starts_at, and than now"),
        ({"duration": "2 hours"}, "duration: is no span: write it like 90m, 2h, 7d or 2w"),
        ({"starts_at": "2026-11-22T15:00:00"}, "starts_at: Input should have timezone info"),
        ({"id": "mine"}, "id: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_silence_is_refused_with_its_reason(
    url: str, client: requests.Session, document: dict[str, Any], changes: dict[str, object], wrong: str
) -> None:
    response = planned(url, client, **changes)
    check(document, SILENCES, response)
    assert response.status_code == 400
    assert wrong in response.json()["error"]["message"]
    assert client.get(url + SILENCES).json() == {"silences": []}


def test_a_silence_that_is_not_there_is_not_found(url: str, client: requests.Session, document: dict[str, Any]) -> None:
    for method in ("GET", "DELETE"):
        response = client.request(method, f"{url}{SILENCES}/none")
        check(document, ONE, response)
        assert response.status_code == 404
        assert response.json()["error"]["message"] == "there is no silence 'none', or it is forgotten"
