"""What each endpoint answers, held against the document it comes with."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import requests
from openapi_spec_validator import validate

from analyzer.data import FindingFilter, Health, Severity, Starting
from analyzer.errors import StoreError
from analyzer.web.encoding import unpacked
from tests.analyzer.web.document import check
from tests.analyzer.web.door import ANSWER, NOW, REPORT, Inside

Client = requests.Session
Document = dict[str, Any]
WAITING = "Starting: Prometheus at http://p:9090 has no data yet."


def test_the_document_is_valid_openapi_and_names_every_endpoint(document: Document) -> None:
    validate(document)
    assert document["openapi"] == "3.1.0"
    assert {(method, path) for path, item in document["paths"].items() for method in item} == {
        ("get", "/-/healthy"),
        ("get", "/-/ready"),
        ("get", "/metrics"),
        ("get", "/api/v1/hosts"),
        ("get", "/api/v1/hosts/{host}"),
        ("get", "/api/v1/hosts/{host}/forecast"),
        ("get", "/api/v1/hosts/{host}/health"),
        ("get", "/api/v1/hosts/{host}/series"),
        ("get", "/api/v1/hosts/{host}/processes"),
        ("get", "/api/v1/hosts/{host}/services"),
        ("get", "/api/v1/hosts/{host}/logs"),
        ("get", "/api/v1/findings/{fingerprint}"),
        ("put", "/api/v1/findings/{fingerprint}/feedback"),
        ("delete", "/api/v1/findings/{fingerprint}/feedback"),
        ("get", "/api/v1/silences"),
        ("post", "/api/v1/silences"),
        ("get", "/api/v1/silences/{id}"),
        ("delete", "/api/v1/silences/{id}"),
        ("get", "/api/v1/status"),
        ("get", "/api/v1/events"),
        ("get", "/api/v1/hosts/{host}/states"),
        ("get", "/api/v1/findings"),
        ("get", "/api/v1/incidents"),
        ("get", "/api/v1/incidents/{id}"),
        ("get", "/api/v1/report"),
        ("post", "/api/v1/query"),
    }


def test_a_living_process_is_healthy_before_any_cycle(
    url: str, client: Client, inside: Inside, document: Document
) -> None:
    inside.report = None
    response = client.get(f"{url}/-/healthy")
    check(document, "/-/healthy", response)
    assert (response.status_code, response.json()) == (200, {"status": "healthy"})


@pytest.mark.parametrize(
    ("report", "age", "status", "reason", "fallback"),
    [
        (None, 0, 503, "no cycle has succeeded yet", ""),
        (REPORT, 5, 200, "", ""),
        (REPORT, 60, 200, "", ""),
        (REPORT, 61, 503, "the last cycle is 1 min 1 s old, more than 1 min", ""),
        (replace(REPORT, source=""), 5, 503, "nobody served the last cycle's data", ""),
        (
            replace(REPORT, source="", fallback_reason="can't reach Prometheus"),
            5,
            503,
            "nobody served the last cycle's data: can't reach Prometheus",
            "can't reach Prometheus",
        ),
        (
            replace(REPORT, source="", fallback_reason=WAITING, starting=Starting("http://p:9090")),
            5,
            503,
            WAITING,
            WAITING,
        ),
        (
            replace(REPORT, source="scrape", fallback_reason="can't reach Prometheus"),
            5,
            200,
            "",
            "can't reach Prometheus",
        ),
    ],
)
def test_ready_is_honest(
    url: str,
    client: Client,
    inside: Inside,
    document: Document,
    report: Any,
    age: int,
    status: int,
    reason: str,
    fallback: str,
) -> None:
    inside.report, inside.now = report, NOW + timedelta(seconds=age)
    response = client.get(f"{url}/-/ready")
    check(document, "/-/ready", response)
    told = response.json()
    assert (response.status_code, told["ready"]) == (status, status == 200)
    assert (told["reason"], told["fallback_reason"]) == (reason, fallback)
    assert told["source"] == (report.source if report else "")


def test_metrics_come_in_the_format_that_the_scraper_asks_for(
    url: str, client: Client, inside: Inside, document: Document
) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3"
    response = client.get(f"{url}/metrics", headers={"Accept": accept})
    check(document, "/metrics", response)
    assert inside.accepted == [accept]
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.content == b"openmanager_up 1\n"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br;q=1.0, GZIP;q=0.5", "gzip"), ("gzip;q=0", None), ("gzip; q=0.000", None), ("br", None)],
)
def test_metrics_are_compressed_for_who_takes_it(url: str, client: Client, accepted: str, encoding: str | None) -> None:
    response = client.get(f"{url}/metrics", headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept, Accept-Encoding"
    assert response.content == b"openmanager_up 1\n"


def test_metrics_of_a_fleet_go_plain_piece_by_piece_to_who_takes_them_so(
    url: str, client: Client, inside: Inside
) -> None:
    inside.metrics_text = b"".join(b'openmanager_up{host="%d"} %d\n' % (n * 7919 % 100_003, n) for n in range(60_000))
    response = client.get(f"{url}/metrics", headers={"Accept-Encoding": "identity"})
    assert "Content-Length" not in response.headers
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.content == inside.metrics_text


def test_members_of_a_gzip_file_on_end_are_unpacked_as_one() -> None:
    noise = np.random.default_rng(3).bytes(100_000)
    pieces = list(unpacked(gzip.compress(noise) + gzip.compress(b"tail") + gzip.compress(b"")))
    assert b"".join(pieces) == noise + b"tail"
    assert len(pieces) > 3


def test_hosts_are_told_with_a_verdict_and_a_sentence_in_both_languages(
    url: str, client: Client, document: Document
) -> None:
    response = client.get(f"{url}/api/v1/hosts")
    check(document, "/api/v1/hosts", response)
    told = response.json()
    assert [(host["name"], host["verdict"], host["findings_firing"]) for host in told["hosts"]] == [
        ("web-1:9100", "warning", 1),
        ("db-1:9100", "learning", 0),
        ("rack/7:9100", "ok", 0),
        ("mute:9100", "silent", 1),
    ]
    assert told["hosts"][0]["scores"] == {"kmeans": 0.4, "regression": None}
    assert told["hosts"][1]["summary"] == {
        "en": "db-1:9100 is still learning what is usual: 12 of 40 steps seen (30%); missing: CPU in use.",
        "ko": (
            "db-1:9100 호스트는 아직 학습 중입니다: 필요한 40스텝 중 12스텝을 보았습니다(30%). 없는 데이터: CPU 사용률."
        ),
    }
    assert (told["source"], told["at"]) == ("prometheus", "2026-11-22T14:02:00Z")
    assert [failure["stage"] for failure in told["failures"]] == ["fetch", "score"]


def test_the_fleet_has_a_health_beside_its_hosts(url: str, client: Client, inside: Inside, document: Document) -> None:
    assert client.get(f"{url}/api/v1/hosts").json()["health"] is None
    inside.report = replace(REPORT, fleet_health=Health(81.0, 0.5))
    response = client.get(f"{url}/api/v1/hosts")
    check(document, "/api/v1/hosts", response)
    assert response.json()["health"] == {"score": 81.0, "confidence": 0.5, "performance": None}


def test_a_host_that_nothing_could_score_is_unknown_and_not_well(url: str, client: Client, inside: Inside) -> None:
    inside.report = replace(REPORT, findings=())
    hosts = {host["name"]: host["verdict"] for host in client.get(f"{url}/api/v1/hosts").json()["hosts"]}
    assert hosts["mute:9100"] == "unknown"


def test_one_host_is_told_in_full_and_unknown_numbers_are_null(url: str, client: Client, document: Document) -> None:
    response = client.get(f"{url}/api/v1/hosts/web-1:9100")
    check(document, "/api/v1/hosts/{host}", response)
    told = response.json()
    assert told["latest"]["cpu_busy_ratio"] == {
        "value": 0.97,
        "unit": "ratio",
        "meaning": {"en": "CPU in use", "ko": "CPU 사용률"},
    }
    assert told["latest"]["load_per_core"]["value"] is None
    assert (told["health"], told["performance"]) == (76.0, None)
    assert [forecast["feature"] for forecast in told["forecasts"]] == ["cpu_busy_ratio"]
    assert told["peers"] == {"group": "web", "others": 4, "distance": None, "departures": {"cpu_busy_ratio": 2.5}}
    assert told["state"] == {"label": "B", "count": 3, "distance": 1.5, "unusual": 0.25}
    assert [finding["kind"] for finding in told["findings"]] == ["anomaly"]
    assert [failure["stage"] for failure in told["failures"]] == ["fetch"]


def test_a_forecast_is_told_as_points_with_their_interval_and_the_time_to_the_limit(
    url: str, client: Client, document: Document
) -> None:
    response = client.get(f"{url}/api/v1/hosts/web-1/forecast")
    check(document, "/api/v1/hosts/{host}/forecast", response)
    (forecast,) = response.json()["forecasts"]
    assert (forecast["feature"], forecast["unit"], forecast["level"], forecast["limit"]) == (
        "cpu_busy_ratio",
        "ratio",
        0.9,
        1.0,
    )
    assert forecast["points"] == [
        {"at": "2026-11-22T15:02:00Z", "point": pytest.approx(0.8), "lower": None, "upper": pytest.approx(0.9)}
    ]
    assert forecast["exhausted_in"] == {"seconds": 7200.0, "lower": 3600.0, "upper": None}


def test_health_is_told_with_what_took_points_away(url: str, client: Client, document: Document) -> None:
    response = client.get(f"{url}/api/v1/hosts/web-1/health")
    check(document, "/api/v1/hosts/{host}/health", response)
    health = response.json()["health"]
    assert (health["score"], health["confidence"], health["performance"]) == (76.0, 0.75, None)
    assert health["deductions"] == [
        {"reason": "strain", "subject": "cpu_busy_ratio", "group": "cpu", "points": 24.0, "value": 0.97}
    ]
    assert health["headroom"] == [{"resource": "cpu", "feature": "cpu_busy_ratio", "share": 0.03}]


def test_health_that_nothing_can_be_told_by_is_null_and_not_100(url: str, client: Client, document: Document) -> None:
    response = client.get(f"{url}/api/v1/hosts/db-1:9100/health")
    check(document, "/api/v1/hosts/{host}/health", response)
    assert response.json()["health"] is None


def test_usual_states_are_told_in_words_with_the_one_it_is_in(url: str, client: Client, document: Document) -> None:
    response = client.get(f"{url}/api/v1/hosts/web-1/states")
    check(document, "/api/v1/hosts/{host}/states", response)
    told = response.json()
    assert told["now"] == {"label": "B", "count": 3, "distance": 1.5, "unusual": 0.25}
    (state,) = told["states"]
    assert (state["label"], state["name"], state["share"]) == ("B", {"en": "idle", "ko": "유휴"}, 0.75)
    assert state["hours"] == [None] + [0.5] * 23
    assert state["followed_by"] == {"B": 1.0}


@pytest.mark.parametrize(
    ("asked", "name"), [("web-1", "web-1:9100"), ("rack%2F7:9100", "rack/7:9100"), ("db-1%3A9100", "db-1:9100")]
)
def test_a_host_is_found_by_nodename_and_by_an_instance_with_any_character(
    url: str, client: Client, document: Document, asked: str, name: str
) -> None:
    response = client.get(f"{url}/api/v1/hosts/{asked}")
    check(document, "/api/v1/hosts/{host}", response)
    assert response.json()["name"] == name


def test_an_unknown_host_is_404_with_the_nearest_name(url: str, client: Client, document: Document) -> None:
    response = client.get(f"{url}/api/v1/hosts/web-2:9100")
    check(document, "/api/v1/hosts/{host}", response)
    assert response.status_code == 404
    assert response.json()["error"]["message"] == (
        "the last cycle saw no single host 'web-2:9100'; did you mean web-1:9100?"
    )


def test_a_nodename_of_two_hosts_names_neither(url: str, client: Client) -> None:
    assert client.get(f"{url}/api/v1/hosts/twin").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/api/v1/hosts", "/api/v1/hosts/web-1", "/api/v1/hosts/web-1/forecast", "/api/v1/hosts/web-1/health"],
)
def test_before_the_first_cycle_hosts_are_not_known_rather_than_none(
    url: str, client: Client, inside: Inside, document: Document, path: str
) -> None:
    inside.report = None
    response = client.get(url + path)
    check(document, path.replace("web-1", "{host}"), response)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "unavailable"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", FindingFilter()),
        ("?host=web-1:9100&kind=anomaly", FindingFilter(host="web-1:9100", kind="anomaly")),
        ("?severity=critical&firing=true", FindingFilter(severity=Severity.CRITICAL, firing=True)),
        ("?firing=false&limit=1000", FindingFilter(firing=False, limit=1000)),
        ("?since=2026-11-22T14:00:00Z", FindingFilter(since=datetime(2026, 11, 22, 14, 0, tzinfo=UTC))),
        ("?since=2026-11-22T23:00:00%2B09:00", FindingFilter(since=datetime(2026, 11, 22, 14, 0, tzinfo=UTC))),
    ],
)
def test_findings_are_asked_for_by_filter(
    url: str, client: Client, inside: Inside, document: Document, query: str, expected: FindingFilter
) -> None:
    response = client.get(f"{url}/api/v1/findings{query}")
    check(document, "/api/v1/findings", response)
    assert inside.filters == [expected]


def test_a_finding_is_told_with_its_causes_evidence_and_a_sentence(url: str, client: Client) -> None:
    firing, closed = client.get(f"{url}/api/v1/findings").json()["findings"]
    assert (firing["firing"], firing["ends_at"]) == (True, None)
    assert (closed["firing"], closed["ends_at"], closed["score"]) == (False, "2026-11-22T14:02:00Z", None)
    assert firing["text"]["en"] == (
        "web-1:9100 has behaved unusually since Nov 22 14:02 UTC: CPU in use 97% (usually 10% to 40%, 70% of it)."
    )
    evidence = firing["causes"][0]["evidence"]
    assert (evidence["promql"], evidence["start"], evidence["step_seconds"]) == ("x", "2026-11-22T13:02:00Z", 15.0)
    assert evidence["figures"] == [{"name": "highest", "value": 0.99, "unit": "ratio"}]


def test_a_store_that_cannot_be_read_is_503_with_the_reason(
    url: str, client: Client, inside: Inside, document: Document
) -> None:
    inside.fails = StoreError("can't read the store data/openmanager.db: disk I/O error")
    response = client.get(f"{url}/api/v1/findings")
    check(document, "/api/v1/findings", response)
    assert response.json()["error"] == {
        "code": "unavailable",
        "message": "can't read the store data/openmanager.db: disk I/O error",
        "problems": [],
    }


def test_a_question_reaches_the_assistant_as_it_was_asked_and_the_answer_comes_back_whole(
    url: str, client: Client, inside: Inside, document: Document
) -> None:
    asked = {
        "question": "  서버 상태 어때?  ",
        "language": "ko",
        "host": "web-1:9100",
        "session_id": "s1",
        "timezone": "Asia/Seoul",
    }
    response = client.post(f"{url}/api/v1/query", json=asked)
    check(document, "/api/v1/query", response)
    (question,) = inside.questions
    assert (question.text, question.language, question.host) == ("서버 상태 어때?", "ko", "web-1:9100")
    assert (question.session_id, question.timezone, question.now) == ("s1", "Asia/Seoul", inside.now)
    told = response.json()
    assert told["success"] is True
    assert told["analysis"]["summary"] == ANSWER.text
    assert told["data"]["logs"][0]["text"] == "<script>alert(1)</script>"
    assert told["data"]["evidence"][1]["value"] is None
    assert told["data"]["system_status"][0]["health"] is None
    assert told["sources"] == [{"source": "prometheus", "share": 1.0}]
    assert told["performance"]["parts_ms"] == {"understand": 10.0}
    assert told["performance"]["fallbacks"] == ["openai: 429"]
    assert told["metadata"] == {
        "version": "0.1.0",
        "answered_by": "deterministic",
        "model": "",
        "session_id": "",
        "cached": False,
        "confidence": 1.0,
    }


def test_a_question_may_be_asked_before_the_first_cycle(url: str, client: Client, inside: Inside) -> None:
    inside.report = None
    assert client.post(f"{url}/api/v1/query", json={"question": "how are you?"}).status_code == 200


def test_an_answer_that_takes_too_long_is_504(url: str, client: Client, inside: Inside, document: Document) -> None:
    inside.seconds = 30
    response = client.post(f"{url}/api/v1/query", json={"question": "how are you?"})
    check(document, "/api/v1/query", response)
    assert response.status_code == 504
    assert response.json()["error"]["message"] == "no answer could be computed within 0.5 s"


@pytest.mark.parametrize("path", ["/api/v1/findings", "/api/v1/hosts", "/api/v1/hosts/web-1:9100", "/api/v1/incidents"])
def test_times_in_sentences_are_those_of_the_zone_that_is_asked_for(url: str, client: Client, path: str) -> None:
    assert "Nov 22 14:02 UTC" in client.get(f"{url}{path}").text
    told = client.get(f"{url}{path}?timezone=Asia/Seoul").text
    assert "Nov 22 23:02 KST" in told
    assert "11월 22일 23:02 KST" in told
    assert "UTC" not in told
    assert client.get(f"{url}{path}?timezone=Mars/Olympus").status_code == 400
