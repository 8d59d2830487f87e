"""An incident in one sentence, in English and Korean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.data import Cause, Evidence, Feature, Finding, Incident, Language, Severity, Window
from analyzer.wording.incidents import say_hosts, say_incident

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
FEATURES = {
    "cpu": Feature("cpu", "ratio", "cpu", "x", {"en": "CPU in use", "ko": "CPU 사용률"}),
    "disk": Feature("disk", "ratio", "disk", "x", {"en": "data written to disks", "ko": "디스크 쓰기량"}),
}


def found(host: str, kind: str = "anomaly", *causes: str, seconds: int = 0) -> Finding:
    window = Window(NOW, NOW, timedelta(seconds=15))
    parts = tuple(Cause(name, 0.4, Evidence("x", window, host, name, "ratio", 0.9)) for name in causes)
    return Finding(kind, host, Severity.WARNING, NOW + timedelta(seconds=seconds), None, 0.9, parts)


def incident(*findings: Finding, minutes: int | None = None) -> Incident:
    return Incident("i", findings, None if minutes is None else NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("told", "language", "expected"),
    [
        (
            incident(found("web-1", "anomaly", "disk", "cpu")),
            "en",
            "web-1 has behaved unusually since Nov 22 14:02 UTC: data written to disks, CPU in use.",
        ),
        (
            incident(found("web-1", "anomaly", "disk", "cpu")),
            "ko",
            "web-1 호스트가 11월 22일 14:02 UTC부터 평소와 다르게 동작하고 있습니다: 디스크 쓰기량, CPU 사용률.",
        ),
        (
            incident(found("web-1", "silent", "up"), found("web-2", "silent", "up"), minutes=12),
            "en",
            "web-1 and web-2 sent no metrics from Nov 22 14:02 UTC to Nov 22 14:14 UTC (12 min).",
        ),
        (
            incident(found("web-1", "silent", "up"), found("web-2", "silent", "up"), minutes=12),
            "ko",
            "web-1 등 호스트 2대가 11월 22일 14:02 UTC부터 11월 22일 14:14 UTC까지(12분) 메트릭을 보내지 않았습니다.",
        ),
        (
            incident(found("web-1", "saturation:cpu", "cpu"), found("db-1", "silent", "up", seconds=40)),
            "en",
            (
                "web-1 and db-1 have had trouble since Nov 22 14:02 UTC: no metrics, CPU in use. "
                "It began on web-1, then db-1."
            ),
        ),
        (
            incident(found("web-1", "saturation:cpu", "cpu"), found("db-1", "silent", "up", seconds=40), minutes=12),
            "ko",
            (
                "web-1 등 호스트 2대에 11월 22일 14:02 UTC부터 11월 22일 14:14 UTC까지(12분) 문제가 있었습니다: "
                "메트릭 없음, CPU 사용률. web-1에서 시작해 db-1 순으로 나타났습니다."
            ),
        ),
    ],
)
def test_an_incident_says_which_hosts_since_when_and_what_about(
    told: Incident, language: Language, expected: str
) -> None:
    assert say_incident(told, FEATURES, language) == expected


@pytest.mark.parametrize(
    ("kinds", "en", "ko"),
    [
        (("reboot",), "db-1 started at Nov 22 14:02 UTC.", "db-1: 11월 22일 14:02 UTC에 시작되었습니다."),
        (("resized",), "db-1 changed size at Nov 22 14:02 UTC.", "db-1: 11월 22일 14:02 UTC에 크기가 바뀌었습니다."),
        (
            ("reboot", "resized"),
            "db-1 started and changed size at Nov 22 14:02 UTC.",
            "db-1: 11월 22일 14:02 UTC에 시작되었고 크기가 바뀌었습니다.",
        ),
        (("renamed",), "db-1 got a new name at Nov 22 14:02 UTC.", "db-1: 11월 22일 14:02 UTC에 이름이 바뀌었습니다."),
        (
            ("reboot", "renamed"),
            "db-1 started and got a new name at Nov 22 14:02 UTC.",
            "db-1: 11월 22일 14:02 UTC에 시작되었고 이름이 바뀌었습니다.",
        ),
    ],
)
def test_a_start_is_no_trouble_and_has_no_length(kinds: tuple[str, ...], en: str, ko: str) -> None:
    told = incident(*(found("db-1", kind) for kind in kinds), minutes=10)
    assert (say_incident(told, FEATURES), say_incident(told, FEATURES, "ko")) == (en, ko)


def test_a_start_with_an_anomaly_is_trouble() -> None:
    told = incident(found("db-1", "reboot"), found("db-1", "anomaly", "cpu"))
    assert say_incident(told, FEATURES) == "db-1 has had trouble since Nov 22 14:02 UTC: CPU in use."


def test_many_hosts_are_counted_and_the_first_ones_named_in_order() -> None:
    many = incident(*(found(f"web-{number}", "silent", "up", seconds=30 * number) for number in range(1, 9)))
    assert (say_hosts(many), say_hosts(many, "ko")) == ("web-1 and 7 more hosts", "web-1 외 호스트 7대")
    assert say_incident(many, FEATURES).endswith(
        "It began on web-1, then web-2, then web-3, then web-4, then web-5 and 3 more."
    )
    assert say_incident(many, FEATURES, "ko").endswith(
        "web-1에서 시작해 web-2, web-3, web-4, web-5 외 3대 순으로 나타났습니다."
    )


def test_hosts_that_joined_within_a_step_are_in_no_order() -> None:
    told = incident(found("web-1", "anomaly", "cpu"), found("web-2", "anomaly", "cpu", seconds=15))
    assert say_incident(told, FEATURES) == (
        "web-1 and web-2 have behaved unusually since Nov 22 14:02 UTC: CPU in use."
    )


def test_times_are_in_the_zone_that_is_asked_for() -> None:
    told = incident(replace(found("web-1", "silent"), ends_at=NOW))
    assert say_incident(told, FEATURES, "ko", "Asia/Seoul") == (
        "web-1 호스트가 11월 22일 23:02 KST부터 메트릭을 보내지 않고 있습니다."
    )
