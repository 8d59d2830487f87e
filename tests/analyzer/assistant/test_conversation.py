"""Questions in, answers out: in the question's language, with evidence, and honest where nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analyzer.assistant import HostAssistant
from analyzer.data import (
    Cause,
    Evidence,
    Feature,
    Finding,
    Host,
    HostReport,
    Learning,
    Question,
    Report,
    Severity,
    Window,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CPU = Feature("cpu_busy_ratio", "ratio", "cpu", "cpu{$selector}", {"en": "CPU usage", "ko": "CPU 사용률"})
ASSISTANT = HostAssistant({CPU.name: CPU}, "http://prometheus:9090")
BUSY = Finding(
    "anomaly",
    "web-1:9100",
    Severity.CRITICAL,
    NOW - timedelta(minutes=80),
    None,
    0.99,
    (
        Cause(
            CPU.name,
            0.8,
            Evidence(
                'cpu{instance="web-1:9100"}',
                Window(NOW - timedelta(hours=1), NOW, timedelta(seconds=15)),
                "web-1:9100",
                CPU.name,
                "ratio",
                0.934,
                0.1,
                0.3,
            ),
        ),
    ),
)


def report(*findings: Finding, learning: Learning | None = None) -> Report:
    hosts = (
        HostReport(Host("web-1:9100", "node", "web-1"), NOW, {CPU.name: 0.934}),
        HostReport(Host("db-2:9100", "node", "db-2"), NOW, {CPU.name: 0.2}, learning=learning),
    )
    return Report(NOW, "prometheus", "", hosts, findings, (), {})


async def test_a_quiet_fleet_is_said_to_be_fine_in_both_languages() -> None:
    english = await ASSISTANT.answer(Question("How are my servers?", NOW), report())
    korean = await ASSISTANT.answer(Question("서버 상태 어때?", NOW), report())
    assert english.text == "Everything is fine: no open findings."
    assert korean.text == "호스트 2대 모두 정상이며 열린 이상 항목이 없습니다."
    assert (english.language, korean.language) == ("en", "ko")


async def test_an_open_finding_is_told_with_its_cause_time_and_evidence() -> None:
    answer = await ASSISTANT.answer(Question("anything unusual on web-1?", NOW), report(BUSY))
    assert answer.summary == "1 open finding on 1 host."
    assert answer.details == (
        (
            "web-1:9100: unusual behaviour (critical), since 10:40 (1 h 20 min): "
            "CPU usage 93.4% (usually 10% to 30%). [E1]"
        ),
    )
    assert [e.id for e in answer.evidence] == ["E1"]
    assert answer.evidence[0].link.startswith("http://prometheus:9090/graph?g0.expr=cpu%7Binstance")
    assert answer.urgency == "high"


async def test_times_are_told_by_the_askers_clock() -> None:
    answer = await ASSISTANT.answer(Question("이상한 거 있어?", NOW, timezone="Asia/Seoul"), report(BUSY))
    assert answer.details == (
        "web-1:9100: 평소와 다른 동작(심각), 19:40부터 1시간 20분째: CPU 사용률 93.4% (평소 10%~30%). [E1]",
    )


async def test_the_worst_host_comes_first_and_a_learning_host_is_said_to_learn() -> None:
    answer = await ASSISTANT.answer(Question("how are my servers", NOW), report(BUSY, learning=Learning(30, 120)))
    assert answer.summary == "2 hosts: 1 need a look, 1 still learning, 0 fine."
    assert [(s.host, s.verdict) for s in answer.system_status] == [
        ("web-1:9100", "critical"),
        ("db-2:9100", "learning"),
    ]
    assert answer.details[1] == "db-2:9100: still learning what is usual (25%; 30 of 120 steps)."


async def test_a_question_before_the_first_cycle_is_answered_honestly() -> None:
    answer = await ASSISTANT.answer(Question("how is web-1", NOW), None)
    assert not answer.supported
    assert answer.text.startswith("No cycle has finished yet")


async def test_an_unknown_host_is_named_with_the_known_ones() -> None:
    answer = await ASSISTANT.answer(Question("how is it", NOW, host="web-9"), report())
    assert answer.text == "There is no host called web-9. Known hosts: web-1:9100, db-2:9100."


async def test_what_cannot_be_answered_is_said_so() -> None:
    answer = await ASSISTANT.answer(Question("tell me a joke", NOW), report())
    assert (answer.supported, answer.intent) == (False, "other")
