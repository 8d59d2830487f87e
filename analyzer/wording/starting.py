"""What is waited for while a Prometheus has only just begun, as a sentence in English and Korean."""

from __future__ import annotations

from analyzer.data import Language, Starting


def say_starting(starting: Starting, language: Language = "en") -> str:
    """No error: it passes by itself, and the sentence says when."""
    if starting.loading:
        return {
            "en": f"Starting: Prometheus at {starting.url} is reading its log back and answers once it has.",
            "ko": f"시작하는 중입니다: {starting.url}의 Prometheus가 저장된 기록을 읽고 있으며, 끝나면 응답합니다.",
        }[language]
    seconds = starting.first_scrape_seconds
    when = {"en": "", "ko": ""}
    if seconds is not None:
        when = {"en": f" (first scrape in about {seconds:g} s)", "ko": f"(약 {seconds:g}초 안에 첫 수집)"}
    return {
        "en": f"Starting: Prometheus at {starting.url} has no data yet{when['en']}.",
        "ko": f"시작하는 중입니다: {starting.url}의 Prometheus에 아직 데이터가 없습니다{when['ko']}.",
    }[language]
