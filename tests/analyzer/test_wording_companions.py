"""What moved with a finding, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.data import Cause, Companion, Companions, Departure, Evidence, Finding, HostReport, Severity, Window
from analyzer.data.series import Host
from analyzer.features import load_features
from analyzer.wording import quoted, say_companion, say_companions, say_finding, say_findings, say_host, say_what

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
FEATURES = {feature.name: feature for feature in load_features()}
WINDOW = Window(NOW, NOW + timedelta(minutes=5), timedelta(seconds=15))
MIB = 1024.0**2


def proof(feature: str, value: float, unit: str) -> Evidence:
    return Evidence("up", WINDOW, "db-1", feature, unit, value)


def left(feature: str, value: float, usual: float | None, after: float = 0, *, hourly: bool = True) -> Departure:
    evidence = proof(feature, value, FEATURES[feature].unit)
    return Departure(feature, NOW + timedelta(seconds=after), value, usual, hourly, evidence)


def grew(name: str, resource: str, unit: str, now: float, before: float, share: float) -> Companion:
    return Companion("process group", name, "grew", now, before, proof(resource, now, unit), resource, share)


WRITES = left("disk_written_bytes_per_second", 114 * MIB, 8 * MIB)
POSTGRES = grew("postgres", "process_writes", "bytes/s", 105 * MIB, 0.2 * MIB, 0.9206)


def a_finding(departures: tuple[Departure, ...], *moved: Companion, ends_at: datetime | None = None) -> Finding:
    causes = tuple(Cause(d.feature, 0.5, d.evidence) for d in departures)
    companions = Companions(NOW, departures, moved)
    return Finding("anomaly", "db-1", Severity.WARNING, NOW, ends_at, 0.9, causes, companions)


def test_a_finding_ends_with_how_far_it_is_from_usual_and_who_did_it() -> None:
    finding = a_finding((WRITES,), POSTGRES)
    assert say_finding(finding, FEATURES) == (
        "db-1 has behaved unusually since Nov 22 14:02 UTC: "
        "data written to disks 114 MiB/s (14× its usual 8 MiB/s for this hour, 50% of it). "
        "postgres wrote 92% of the added data (105 MiB/s, before 205 KiB/s)."
    )
    assert say_finding(finding, FEATURES, "ko", "Asia/Seoul") == (
        "db-1 호스트가 11월 22일 23:02 KST부터 평소와 다르게 동작하고 있습니다: "
        "디스크 쓰기량 114 MiB/s(이 시간대 평소 8 MiB/s의 14배, 기여도 50%). "
        "postgres가 늘어난 디스크 쓰기의 92%를 썼습니다(105 MiB/s, 이전 205 KiB/s)."
    )
    assert say_what(finding, FEATURES) == (
        "db-1 has behaved unusually since Nov 22 14:02 UTC: data written to disks 114 MiB/s (50% of it)."
    )


def back_to(value: float, finding: Finding, *, ends_at: datetime | None = None) -> Finding:
    """The finding whose first cause has come back to `value` by now."""
    first = finding.causes[0]
    eased = replace(first, evidence=replace(first.evidence, value=value, usual_low=1 * MIB, usual_high=9 * MIB))
    return replace(finding, causes=(eased, *finding.causes[1:]), ends_at=ends_at)


def test_a_finding_that_ended_is_told_by_its_worst_for_at_its_end_all_was_well() -> None:
    over = back_to(2 * MIB, a_finding((WRITES,), POSTGRES), ends_at=NOW + timedelta(minutes=29))
    assert say_finding(over, FEATURES) == (
        "db-1 behaved unusually from Nov 22 14:02 UTC to Nov 22 14:31 UTC (29 min): "
        "data written to disks up to 114 MiB/s (14× its usual 8 MiB/s for this hour, 50% of it). "
        "postgres wrote 92% of the added data (105 MiB/s, before 205 KiB/s)."
    )
    assert say_finding(over, FEATURES, "ko") == (
        "db-1 호스트가 11월 22일 14:02 UTC부터 11월 22일 14:31 UTC까지(29분) 평소와 다르게 동작했습니다: "
        "디스크 쓰기량 최고 114 MiB/s(이 시간대 평소 8 MiB/s의 14배, 기여도 50%). "
        "postgres가 늘어난 디스크 쓰기의 92%를 썼습니다(105 MiB/s, 이전 205 KiB/s)."
    )


def test_what_fell_is_told_by_its_lowest() -> None:
    fell = a_finding((left("memory_available_ratio", 0.03, 0.4),), ends_at=NOW + timedelta(minutes=29))
    assert "memory still available down to 3% (usually 40% for this hour, 50% of it)" in say_finding(fell, FEATURES)
    assert "사용 가능한 메모리 비율 최저 3%(이 시간대 평소 40%, 기여도 50%)" in say_finding(fell, FEATURES, "ko")


def test_what_eases_while_it_fires_is_told_as_it_is_and_at_its_worst() -> None:
    easing = back_to(20 * MIB, a_finding((WRITES,)))
    assert "written to disks 20 MiB/s, up to 114 MiB/s (14× its usual 8 MiB/s" in say_finding(easing, FEATURES)
    assert "디스크 쓰기량 20 MiB/s, 최고 114 MiB/s(이 시간대" in say_finding(easing, FEATURES, "ko")


def test_past_a_limit_the_worst_is_told_beside_its_usual_and_names_nothing_twice() -> None:
    cores = left("load_per_core", 8.3, 2.63, hourly=False)
    busy = replace(a_finding((cores,)), kind="saturation:load_per_core")
    assert say_finding(busy, FEATURES) == (
        "db-1: load average for each CPU core is 8.3, at or above 2 since Nov 22 14:02 UTC. "
        "It reached 8.3, 3.2× its usual 2.63."
    )
    assert say_finding(busy, FEATURES, "ko").endswith("(현재 8.3). 8.3까지 올랐습니다(평소 2.63의 3.2배).")


def test_every_sentence_names_what_it_rests_on() -> None:
    finding = a_finding((WRITES, left("cpu_iowait_ratio", 0.3, 0.02, 30)), POSTGRES)
    assert [said.evidence for said in say_companions(finding, FEATURES)] == [
        (WRITES.evidence,),
        (WRITES.evidence, finding.companions.departures[1].evidence) if finding.companions else (),
        (POSTGRES.evidence,),
    ]


def test_a_finding_that_was_not_looked_into_says_nothing_more() -> None:
    finding = replace(a_finding((WRITES,)), companions=None)
    assert say_companions(finding, FEATURES) == ()
    assert say_finding(finding, FEATURES) == say_what(finding, FEATURES)


def test_what_moved_with_several_findings_of_a_host_is_told_with_the_first() -> None:
    first, second = a_finding((WRITES,), POSTGRES), a_finding((left("cpu_iowait_ratio", 0.3, None),), POSTGRES)
    elsewhere = replace(second, host="db-2")
    told = say_findings([first, second, elsewhere], FEATURES)
    assert [text.count("postgres") for text in told] == [1, 0, 1]


def test_a_host_in_one_line_leaves_out_what_moved() -> None:
    finding = a_finding((WRITES,), POSTGRES)
    told = say_host(HostReport(Host("db-1"), NOW, {}), [finding], FEATURES)
    assert told == f"[warning] {say_what(finding, FEATURES)}"


@pytest.mark.parametrize(
    ("departure", "en", "ko"),
    [
        (
            left("memory_available_ratio", 0.03, 0.4),
            "Since Nov 22 14:02 UTC, memory still available fell to 3%, usually 40% for this hour.",
            "11월 22일 14:02 UTC부터 사용 가능한 메모리 비율이 3%까지 떨어졌습니다(이 시간대 평소 40%).",
        ),
        (
            left("cpu_busy_ratio", 0.93, 0.12, hourly=False),
            "Since Nov 22 14:02 UTC, CPU in use reached 93%, 7.8× its usual 12%.",
            "11월 22일 14:02 UTC부터 CPU 사용률이 93%까지 올랐습니다(평소 12%의 7.8배).",
        ),
        (
            left("temperature_celsius", 95, 40),
            "Since Nov 22 14:02 UTC, the hottest sensor reached 95 °C, usually 40 °C for this hour.",
            "11월 22일 14:02 UTC부터 가장 뜨거운 센서의 온도가 95 °C까지 올랐습니다(이 시간대 평소 40 °C).",
        ),
    ],
)
def test_how_far_from_usual_is_a_multiple_only_where_that_says_something(
    departure: Departure, en: str, ko: str
) -> None:
    finding = a_finding((departure,))
    assert [said.text for said in say_companions(finding, FEATURES, "en")] == [en]
    assert [said.text for said in say_companions(finding, FEATURES, "ko")] == [ko]


def test_without_a_known_usual_only_what_moved_is_told() -> None:
    finding = a_finding((left("disk_written_bytes_per_second", 114 * MIB, None),), POSTGRES)
    assert [said.text for said in say_companions(finding, FEATURES)] == [
        "postgres wrote 92% of the added data (105 MiB/s, before 205 KiB/s)."
    ]


def test_a_step_apart_is_no_order() -> None:
    departures = (WRITES, left("cpu_iowait_ratio", 0.3, None, 15), left("disk_queue_length", 9, None, 30))
    assert say_companions(a_finding(departures), FEATURES)[1].text == (
        "First to move: data written to disks, CPU idle while waiting for disks at Nov 22 14:02 UTC; "
        "then requests waiting at the busiest disk after 30 s."
    )
    assert len(say_companions(a_finding(departures[:2]), FEATURES)) == 1


def test_the_feature_that_led_is_told_with_how_long_after_others_came() -> None:
    departures = (WRITES, left("disk_queue_length", 9, None), left("cpu_iowait_ratio", 0.3, None, 45))
    finding = a_finding(departures)
    assert say_companions(finding, FEATURES)[1].text == (
        "First to move: data written to disks, requests waiting at the busiest disk at Nov 22 14:02 UTC; "
        "then CPU idle while waiting for disks after 45 s."
    )
    assert say_companions(finding, FEATURES, "ko")[1].text == (
        "가장 먼저 변한 것: 디스크 쓰기량, 가장 바쁜 디스크의 대기 요청 수(11월 22일 14:02 UTC), "
        "이어서 디스크 입출력을 기다리는 CPU 비율은 45초 뒤."
    )
    at_once = a_finding(departures[:2])
    assert all("First to move" not in said.text for said in say_companions(at_once, FEATURES))


@pytest.mark.parametrize(
    ("companion", "en", "ko"),
    [
        (
            grew("stress", "process_cpu", "ratio", 1.98, 0.0, 0.95),
            "stress used 95% of the added processor time (198%, before 0%; 100% is one core).",
            "stress가 늘어난 CPU 시간의 95%를 사용했습니다(198%, 이전 0%, 100%는 코어 1개).",
        ),
        (
            grew("other", "process_memory", "bytes", 2**30, 2**29, 0.5),
            "all other processes together took 50% of the added memory (1 GiB, before 512 MiB).",
            "그 밖의 프로세스들이 늘어난 메모리의 50%를 차지했습니다(1 GiB, 이전 512 MiB).",
        ),
        (
            Companion(
                "process group", "backup", "started", 1, 0, proof("process_count", 1, "count"), "process_count", at=NOW
            ),
            "The process group backup started at Nov 22 14:02 UTC.",
            "프로세스 그룹 backup이 11월 22일 14:02 UTC에 시작되었습니다.",
        ),
        (
            Companion(
                "process group", "mysqld", "started", 1, 2, proof("process_count", 1, "count"), "process_count", at=NOW
            ),
            "The process group mysqld started again at Nov 22 14:02 UTC.",
            "프로세스 그룹 mysqld가 11월 22일 14:02 UTC에 다시 시작되었습니다.",
        ),
        (
            Companion("process group", "nginx", "gone", 0, 4, proof("process_count", 0, "count"), "process_count"),
            "The process group nginx is gone (it had 4 processes).",
            "프로세스 그룹 nginx가 사라졌습니다(이전 프로세스 4개).",
        ),
        (
            Companion("service", "nginx.service", "failed", 1, 0, proof("systemd_unit_state", 1, ""), at=NOW),
            "The service nginx.service failed at Nov 22 14:02 UTC.",
            "nginx.service 서비스가 11월 22일 14:02 UTC에 실패했습니다.",
        ),
        (
            Companion("service", "cache.service", "stopped", 0, 1, proof("systemd_unit_state", 0, "")),
            "The service cache.service stopped.",
            "cache.service 서비스가 중지되었습니다.",
        ),
        (
            Companion("probe", "tcp://127.0.0.1:80", "failed", 0, 1, proof("probe_success", 0, ""), at=NOW),
            "The probe of tcp://127.0.0.1:80 failed at Nov 22 14:02 UTC.",
            "tcp://127.0.0.1:80 점검이 11월 22일 14:02 UTC에 실패했습니다.",
        ),
        (
            Companion("log template", "timed out after <num> s", "rose", 120, 3.6, proof("log", 120, "count")),
            "Logged 120 times, before 3.6 times in as long: “timed out after <num> s”.",
            "120회 기록된 로그(이전에는 같은 시간 동안 3.6회): “timed out after <num> s”.",
        ),
    ],
)
def test_each_kind_of_companion_has_its_sentence(companion: Companion, en: str, ko: str) -> None:
    assert say_companion(companion, "en") == en
    assert say_companion(companion, "ko") == ko


RENAMED: list[Callable[[str], Companion]] = [
    lambda name: grew(name, "process_cpu", "ratio", 1.0, 0.0, 0.5),
    lambda name: Companion("log template", name, "rose", 9, 0, proof("log", 9, "count")),
]


@given(st.text(max_size=400), st.sampled_from(RENAMED))
def test_whatever_a_host_writes_stays_on_one_line_without_hidden_signs(
    text: str, named: Callable[[str], Companion]
) -> None:
    said = say_companion(named(text))
    assert "\n" not in said
    assert len(said) < 250
    assert not any(ord(sign) < 32 or sign in "\u200b\u202e\u2066\ufeff\x7f" for sign in said)
    assert said.count("“") == said.count("”")


def test_a_quote_in_a_quote_cannot_end_it() -> None:
    assert quoted("done”. Ignore\x1b[2J\nall “of it") == 'done". Ignore [2J all "of it'
    assert quoted("a" * 300) == "a" * 119 + "…"
