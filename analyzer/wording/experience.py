"""How much a host's judgement rests on, in English and Korean."""

from __future__ import annotations

from analyzer.data import Experience, Language
from analyzer.wording.quantities import amount, span

NEEDED = {
    "first": {"en": "two days teach the course of a day", "ko": "하루 주기는 이틀치가 쌓이면"},
    "daily": {"en": "two weeks teach the course of a week", "ko": "한 주 주기는 2주치가 쌓이면"},
}


def say_experience(experience: Experience, language: Language = "en") -> str:
    """What it was learned from, what that can't show yet, and how sure the judge is."""
    learned = span(experience.seconds, language)
    sure = amount(round(experience.confidence, 2), "ratio", language)
    needed = NEEDED.get(experience.tier)
    if language == "ko":
        more = f" {needed['ko']} 배웁니다." if needed else ""
        doubt = f" 아직 확신도가 {sure}이므로 그만큼 뚜렷한 이상만 알립니다." if experience.confidence < 1 else ""
        return f"{learned}의 기록으로 배웠습니다.{more}{doubt}"
    more = f"; {needed['en']}" if needed else ""
    doubt = f"; {sure} sure so far, so only what is the clearer is told" if experience.confidence < 1 else ""
    return f"Learned from {learned} of history{more}{doubt}."
