"""Why a finding is not told, as a sentence in English and Korean."""

from __future__ import annotations

from analyzer.data import Language, Quiet


def say_quiet(quiet: Quiet, language: Language = "en") -> str:
    """The silence's comment is quoted as its author wrote it; days are written alike in both."""
    note = f" ({quiet.note})" if quiet.note else ""
    last = {"en": f", the last time as {quiet.by}", "ko": f", 최근 {quiet.by}"} if quiet.by else {"en": "", "ko": ""}
    if quiet.reason == "feedback" and not quiet.by:
        own = {"en": "Not told: someone called it no anomaly.", "ko": "알리지 않음: 이상이 아니라고 평가되었습니다."}
        return own[language]
    return {
        "silence": {
            "en": f"Not told: the planned silence {quiet.by} covers it{note}.",
            "ko": f"알리지 않음: 예정된 알림 중지 {quiet.by}에 해당합니다{note}.",
        },
        "feedback": {
            "en": f"Not told: it is like {quiet.by}, which someone called no anomaly.",
            "ko": f"알리지 않음: 이상이 아니라고 평가된 {quiet.by}와 비슷합니다.",
        },
        "recurring": {
            "en": f"Not told: the like came at this hour on earlier days ({quiet.note}{last['en']}).",
            "ko": f"알리지 않음: 이전 날들의 같은 시간대에도 비슷한 일이 있었습니다({quiet.note}{last['ko']}).",
        },
        "reboot": {
            "en": "Not told: the host has just started.",
            "ko": "알리지 않음: 호스트가 방금 시작되었습니다.",
        },
        "small": {
            "en": "Not told: nothing moved by as much as matters.",
            "ko": "알리지 않음: 의미 있을 만큼 변한 값이 없습니다.",
        },
    }[quiet.reason][language]
