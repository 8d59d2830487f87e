"""Words: numbers as people read them, sentences that say what they rest on, Korean that a Korean would write."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.data import (
    Cause,
    Evidence,
    Failure,
    Finding,
    Host,
    HostReport,
    Language,
    Learning,
    Severity,
    Window,
)
from analyzer.features import load_features
from analyzer.wording import (
    amount,
    moment,
    number,
    particle,
    say_failure,
    say_finding,
    say_host,
    say_learning,
    span,
    usual,
)

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
END = NOW + timedelta(minutes=29)
FEATURES = {feature.name: feature for feature in load_features()}
WINDOW = Window(NOW - timedelta(hours=1), NOW, timedelta(seconds=15))
WEB = HostReport(
    Host("web-1:9100"), NOW, {"cpu_busy_ratio": 0.12, "memory_available_ratio": 0.61}, scores={"kmeans": 0.31}
)


def cause(feature: str, value: float, share: float = 1.0, low: float | None = None, high: float | None = None) -> Cause:
    return Cause(feature, share, Evidence("x", WINDOW, "web-1:9100", feature, FEATURES[feature].unit, value, low, high))


USUAL_EN = "web-1:9100 looks as usual: CPU in use 12%, memory still available 61%, highest anomaly score 0.31 (kmeans)."
USUAL_KO = (
    "web-1:9100 호스트는 평소와 같습니다: CPU 사용률 12%, 사용 가능한 메모리 비율 61%, 최고 이상 점수 0.31(kmeans)."
)
WRITES = cause("disk_written_bytes_per_second", 1.2e8, 0.62, 2e6, 9e6)
FAULTS = cause("page_faults_per_second", 52_000, 0.2, 900, 1_400)


def found(kind: str, *causes: Cause, ends_at: datetime | None = None) -> Finding:
    return Finding(kind, "web-1:9100", Severity.CRITICAL, NOW, ends_at, 0.9, causes)


@pytest.mark.parametrize(
    ("value", "unit", "en", "ko"),
    [
        (0.973, "ratio", "97.3%", "97.3%"),
        (1.0, "ratio", "100%", "100%"),
        (0.0004, "ratio", "0.04%", "0.04%"),
        (0.0, "ratio", "0%", "0%"),
        (0.0, "bytes", "0 B", "0 B"),
        (1023, "bytes", "1,023 B", "1,023 B"),
        (1024, "bytes", "1 KiB", "1 KiB"),
        (1024**2 - 1, "bytes", "1 MiB", "1 MiB"),
        (1.2e8, "bytes/s", "114 MiB/s", "114 MiB/s"),
        (3.5 * 1024**5, "bytes", "3.5 PiB", "3.5 PiB"),
        (2e18, "bytes", "1,776 PiB", "1,776 PiB"),
        (-2048, "bytes", "-2 KiB", "-2 KiB"),
        (1234567, "count", "1,234,567", "1,234,567"),
        (12.345, "count/s", "12.3/s", "12.3/s"),
        (99.96, "count", "100", "100"),
        (0.00001, "count", "0", "0"),
        (-0.00001, "count", "0", "0"),
        (61.2, "celsius", "61.2 °C", "61.2 °C"),
        (0.0123, "seconds", "12.3 ms", "12.3 ms"),
        (0.00001, "seconds", "10 µs", "10 µs"),
        (0, "seconds", "0 s", "0초"),
        (59.5, "seconds", "59.5 s", "59.5초"),
        (60, "seconds", "1 min", "1분"),
        (3661, "seconds", "1 h 1 min", "1시간 1분"),
        (3600, "seconds", "1 h", "1시간"),
        (187_200, "seconds", "2 d 4 h", "2일 4시간"),
        (86_460, "seconds", "1 d", "1일"),
        (-90, "seconds", "-1 min 30 s", "-1분 30초"),
        (4, "widgets", "4 widgets", "4 widgets"),
        (4, "", "4", "4"),
        (math.nan, "bytes", "unknown", "알 수 없음"),
        (math.inf, "ratio", "unknown", "알 수 없음"),
    ],
)
def test_an_amount_is_said_in_the_unit_that_people_read(value: float, unit: str, en: str, ko: str) -> None:
    assert (amount(value, unit, "en"), amount(value, unit, "ko")) == (en, ko)


@given(st.floats(-1e15, 1e15))
def test_a_number_said_is_the_number_meant_to_three_digits(value: float) -> None:
    said = float(number(value).replace(",", ""))
    assert said == pytest.approx(value, rel=0.0051, abs=0.00005)


@given(st.floats(1e-6, 1e9))
def test_a_span_said_is_the_span_meant(seconds: float) -> None:
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6}
    parts = re.findall(r"([\d.,]+) (d|h|min|s|ms|µs)\b", span(seconds))
    assert sum(float(count.replace(",", "")) * units[unit] for count, unit in parts) == pytest.approx(seconds, rel=0.05)


def test_a_moment_is_said_in_the_askers_zone_with_its_name() -> None:
    assert moment(NOW) == "Nov 22 14:02 UTC"
    assert moment(NOW, "Asia/Seoul", "ko") == "11월 22일 23:02 KST"


def test_what_is_usual_is_a_range_one_number_or_nothing() -> None:
    assert usual(2e6, 9e6, "bytes/s") == "1.91 MiB/s to 8.58 MiB/s"
    assert usual(2e6, 9e6, "bytes/s", "ko") == "1.91 MiB/s~8.58 MiB/s"
    assert usual(0.1, 0.1, "ratio") == "10%"
    assert usual(None, 0.1, "ratio") == ""
    assert usual(0.1, math.inf, "ratio") == ""


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("사용률", "사용률이"),
        ("온도", "온도가"),
        ("메모리 비율(tmpfs 포함)", "메모리 비율(tmpfs 포함)이"),
        ("시계 동기화 여부(1이면 동기화됨)", "시계 동기화 여부(1이면 동기화됨)가"),
        ("web-1", "web-1이"),
        ("web-2", "web-2가"),
        ("eth0", "eth0이"),
        ("load5", "load5가"),
        ("email", "email이"),
        ("redis", "redis가"),
        ("restic", "restic이"),
        ("backup", "backup이"),
        ("app", "app가"),
        ("git", "git이"),
        ("root", "root가"),
        ("disk", "disk가"),
        ("syslog-ng", "syslog-ng이"),
        ("node_exporter", "node_exporter가"),
        ("docker", "docker가"),
        ("ksoftirqd/0", "ksoftirqd/0이"),
        ("이하", "이하가"),
        ("", "가"),
    ],
)
def test_a_korean_particle_follows_the_sound_before_it(word: str, said: str) -> None:
    assert particle(word, "이", "가") == said


@pytest.mark.parametrize(
    ("finding", "en", "ko"),
    [
        (
            found("anomaly", WRITES, FAULTS),
            (
                "web-1:9100 has behaved unusually since Nov 22 14:02 UTC: "
                "data written to disks 114 MiB/s (usually 1.91 MiB/s to 8.58 MiB/s, 62% of it), "
                "page faults 52,000/s (usually 900/s to 1,400/s, 20% of it)."
            ),
            (
                "web-1:9100 호스트가 11월 22일 14:02 UTC부터 평소와 다르게 동작하고 있습니다: 디스크 쓰기량 114 MiB/s"
                "(평소 1.91 MiB/s~8.58 MiB/s, 기여도 62%), 페이지 폴트 수 52,000/s(평소 900/s~1,400/s, 기여도 20%)."
            ),
        ),
        (
            found("anomaly", cause("cpu_busy_ratio", 0.4, 0.5), ends_at=END),
            (
                "web-1:9100 behaved unusually from Nov 22 14:02 UTC to Nov 22 14:31 UTC (29 min): "
                "CPU in use 40% at its end (50% of it)."
            ),
            (
                "web-1:9100 호스트가 11월 22일 14:02 UTC부터 11월 22일 14:31 UTC까지(29분) 평소와 다르게 동작했습니다: "
                "CPU 사용률 종료 시점 40%(기여도 50%)."
            ),
        ),
        (
            found("anomaly"),
            "web-1:9100 has behaved unusually since Nov 22 14:02 UTC.",
            "web-1:9100 호스트가 11월 22일 14:02 UTC부터 평소와 다르게 동작하고 있습니다.",
        ),
        (
            found("saturation:filesystem_fullest_used_ratio", cause("filesystem_fullest_used_ratio", 0.97)),
            (
                "web-1:9100: use of the fullest filesystem is 97%, at or above 90% since Nov 22 14:02 UTC "
                "(its limit is 100%)."
            ),
            (
                "web-1:9100 호스트: 가장 많이 찬 파일시스템의 사용률이 11월 22일 14:02 UTC부터 90% 이상입니다"
                "(현재 97%, 한도 100%)."
            ),
        ),
        (
            found("saturation:filesystem_fullest_used_ratio", cause("filesystem_fullest_used_ratio", 0.5)),
            (
                "web-1:9100: use of the fullest filesystem was at or above 90% since Nov 22 14:02 UTC "
                "(its limit is 100%); it is 50% now."
            ),
            (
                "web-1:9100 호스트: 가장 많이 찬 파일시스템의 사용률이 11월 22일 14:02 UTC부터 90% 이상이었다가 "
                "현재 50%입니다(한도 100%)."
            ),
        ),
        (
            found("saturation:memory_available_ratio", cause("memory_available_ratio", 0.2), ends_at=END),
            (
                "web-1:9100: memory still available was at or below 10% from Nov 22 14:02 UTC to Nov 22 14:31 UTC "
                "(29 min) (its limit is 0%); 20% at the end."
            ),
            (
                "web-1:9100 호스트: 사용 가능한 메모리 비율이 11월 22일 14:02 UTC부터 11월 22일 14:31 UTC까지(29분) "
                "10% 이하였습니다(종료 시점 20%, 한도 0%)."
            ),
        ),
        (
            found("saturation:unheard_of"),
            "web-1:9100 has had a finding of kind saturation:unheard_of since Nov 22 14:02 UTC.",
            "web-1:9100 호스트에 11월 22일 14:02 UTC부터 'saturation:unheard_of' 문제가 있습니다.",
        ),
        (
            found("silent"),
            "web-1:9100 has sent no metrics since Nov 22 14:02 UTC.",
            "web-1:9100 호스트가 11월 22일 14:02 UTC부터 메트릭을 보내지 않고 있습니다.",
        ),
        (
            found("silent", ends_at=END),
            "web-1:9100 sent no metrics from Nov 22 14:02 UTC to Nov 22 14:31 UTC (29 min).",
            "web-1:9100 호스트가 11월 22일 14:02 UTC부터 11월 22일 14:31 UTC까지(29분) 메트릭을 보내지 않았습니다.",
        ),
        (
            found("drift", WRITES, ends_at=END),
            (
                "web-1:9100 had a finding of kind drift from Nov 22 14:02 UTC to Nov 22 14:31 UTC (29 min): "
                "data written to disks 114 MiB/s at its end (usually 1.91 MiB/s to 8.58 MiB/s, 62% of it)."
            ),
            (
                "web-1:9100 호스트에 11월 22일 14:02 UTC부터 11월 22일 14:31 UTC까지(29분) 'drift' 문제가 있었습니다: "
                "디스크 쓰기량 종료 시점 114 MiB/s(평소 1.91 MiB/s~8.58 MiB/s, 기여도 62%)."
            ),
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Finding) else "",
)
def test_a_finding_is_one_sentence_that_says_what_where_when_and_on_what(finding: Finding, en: str, ko: str) -> None:
    assert say_finding(finding, FEATURES) == en
    assert say_finding(finding, FEATURES, "ko") == ko


def test_a_finding_is_said_in_the_askers_time_zone() -> None:
    assert "11월 22일 23:02 KST부터" in say_finding(found("silent"), FEATURES, "ko", "Asia/Seoul")


def test_only_the_weightiest_causes_are_said() -> None:
    names = ("cpu_busy_ratio", "swap_used_ratio", "threads", "forks_per_second")
    said = say_finding(found("anomaly", *(cause(name, 0.5, 0.25) for name in names)), FEATURES)
    assert "threads on the machine" in said
    assert "processes and threads started" not in said


@pytest.mark.parametrize(
    ("host", "findings", "en", "ko"),
    [
        (
            WEB,
            [],
            USUAL_EN,
            USUAL_KO,
        ),
        (
            WEB,
            [found("silent", ends_at=END), replace(found("silent"), host="db-1:9100")],
            USUAL_EN,
            USUAL_KO,
        ),
        (
            WEB,
            [replace(found("drift"), severity=Severity.INFO), found("silent")],
            "[critical] web-1:9100 has sent no metrics since Nov 22 14:02 UTC. It has 1 more firing finding.",
            (
                "[심각] web-1:9100 호스트가 11월 22일 14:02 UTC부터 메트릭을 보내지 않고 있습니다. "
                "그 밖에 발견된 문제가 1건 더 있습니다."
            ),
        ),
        (
            replace(WEB, learning=Learning(12, 40), scores={}),
            [],
            "web-1:9100 is still learning what is usual: 12 of 40 steps seen (30%).",
            "web-1:9100 호스트는 아직 학습 중입니다: 필요한 40스텝 중 12스텝을 보았습니다(30%).",
        ),
        (
            replace(WEB, scores={"kmeans": math.nan}),
            [],
            "web-1:9100 can't be judged: no model could score its newest metrics.",
            "web-1:9100 호스트는 판단할 수 없습니다. 최신 메트릭의 점수를 매긴 모델이 없습니다.",
        ),
    ],
)
def test_a_host_is_said_to_be_what_it_is_and_never_well_when_it_was_not_judged(
    host: HostReport, findings: list[Finding], en: str, ko: str
) -> None:
    assert say_host(host, findings, FEATURES) == en
    assert say_host(host, findings, FEATURES, "ko") == ko


def test_learning_names_what_is_missing_and_counts_the_rest() -> None:
    learning = Learning(12, 40, ("cpu_busy_ratio", "swap_used_ratio", "threads", "unknown_one", "forks_per_second"))
    assert say_learning("web-1:9100", learning, FEATURES) == (
        "web-1:9100 is still learning what is usual: 12 of 40 steps seen (30%); "
        "missing: CPU in use, swap in use, threads on the machine and 2 more."
    )
    assert say_learning("web-1:9100", learning, FEATURES, "ko").endswith(
        "없는 데이터: CPU 사용률, 스왑 사용률, 전체 스레드 수 외 2가지."
    )


@pytest.mark.parametrize(
    ("host", "language", "said"),
    [
        ("", "en", "The stage fetch failed, so it could not look: connection refused."),
        ("a:1", "en", "The stage fetch failed for a:1, so it could not look: connection refused."),
        ("", "ko", "fetch 단계가 실패해 확인하지 못했습니다: connection refused."),
        ("a:1", "ko", "a:1 호스트의 fetch 단계가 실패해 확인하지 못했습니다: connection refused."),
    ],
)
def test_a_failure_says_that_nothing_was_seen_and_why(host: str, language: Language, said: str) -> None:
    assert say_failure(Failure("fetch", "connection refused.", NOW, host), language) == said


@pytest.mark.parametrize("feature", FEATURES.values(), ids=lambda feature: feature.name)
def test_every_feature_of_the_catalogue_can_be_said_in_both_languages(feature: object) -> None:
    name = getattr(feature, "name", "")
    saturated = found(f"saturation:{name}", cause(name, 0.5))
    for finding in (saturated, found("anomaly", cause(name, 0.5))):
        assert re.search("[가-힣]", say_finding(finding, FEATURES, "ko"))
        assert not re.search("[가-힣]", say_finding(finding, FEATURES, "en"))
