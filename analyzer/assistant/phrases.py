"""What is said when there is nothing to compute: too early, unknown host, unsure, not about hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.assistant.understanding.intent import Intent
from analyzer.data import Language, Report
from analyzer.wording import say_starting

READINGS: Mapping[Intent, tuple[str, str]] = {
    "status": ("how the hosts are", "호스트 상태"),
    "value": ("the value of a metric", "지표 값"),
    "anomaly": ("what is abnormal", "이상 징후"),
    "cause": ("why something happened", "원인 분석"),
    "forecast": ("what will run out and when", "앞으로의 예측"),
    "compare": ("a comparison of hosts or times", "호스트나 기간의 비교"),
    "processes": ("which processes use most", "프로세스 사용량"),
    "services": ("which services run or failed", "서비스 상태"),
    "logs": ("what the logs say", "로그 내용"),
    "advice": ("what to do about it", "조치 방법"),
    "other": ("something that isn't about hosts", "호스트와 무관한 내용"),
}
HOSTS_NAMED = 10


def too_early(report: Report | None, language: Language) -> str:
    """Why nothing is known yet: no cycle has finished, a source is starting, or the last one could not look."""
    if report is not None and report.starting is not None:
        return say_starting(report.starting, language)
    why = "; ".join(dict.fromkeys(failure.reason for failure in report.failures)) if report else ""
    if why:
        return {
            "en": f"Nothing is known about any host: {why}",
            "ko": f"수집에 실패하여 호스트 정보를 알 수 없습니다: {why}",
        }[language]
    return {
        "en": "No cycle has finished yet, so nothing is known about any host. Ask again in a minute.",
        "ko": "아직 첫 수집이 끝나지 않아 호스트 정보를 알 수 없습니다. 잠시 후 다시 질문해 주세요.",
    }[language]


def unknown_host(host: str, report: Report, language: Language) -> str:
    known = ", ".join(h.host.name for h in report.hosts[:HOSTS_NAMED])
    return {
        "en": f"There is no host called {host[:80]}. Known hosts: {known}.",
        "ko": f"{host[:80]} 호스트를 찾을 수 없습니다. 알려진 호스트: {known}.",
    }[language]


def unsure(readings: Sequence[tuple[Intent, float]], language: Language) -> str:
    """Asks back with the two likeliest readings."""
    place = 1 if language == "ko" else 0
    first, second = (READINGS[intent][place] for intent, _ in readings[:2])
    return {
        "en": f"I'm not sure what you mean: {first}, or {second}? Please say it in other words.",
        "ko": f"질문을 정확히 이해하지 못했습니다. {first}에 대한 질문인가요, 아니면 {second}에 대한 질문인가요?",
    }[language]


def not_mine(language: Language) -> str:
    """A short polite no that says what can be asked."""
    return {
        "en": "I can only help with your hosts: how they are, metrics, anomalies and their causes, forecasts, "
        "comparisons, processes, services, logs, and what to do. I change nothing on them.",
        "ko": "저는 호스트에 관한 질문만 도와드릴 수 있습니다: 상태, 지표, 이상 징후와 원인, 예측, 비교, "
        "프로세스, 서비스, 로그, 조치 방법. 호스트를 변경하는 일은 하지 않습니다.",
    }[language]
