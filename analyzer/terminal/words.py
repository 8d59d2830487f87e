"""The words around the figures on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analyzer.data import Language

Word = Mapping[Language, str]
WORDS: Mapping[str, Word] = MappingProxyType(
    {
        "all is known": {"en": "all of it known", "ko": "판단에 필요한 값이 모두 있음"},
        "busiest hours": {"en": "by hour of day, {zone} 0 to 23", "ko": "시간대별 ({zone} 0~23시)"},
        "exhaustion": {"en": "runs out in {value}: {what}", "ko": "{value} 뒤 소진 예상: {what}"},
        "farthest": {"en": "farthest in {what}", "ko": "가장 다른 항목: {what}"},
        "feature": {"en": "feature", "ko": "항목"},
        "findings": {"en": "findings", "ko": "발견"},
        "finding": {"en": "finding: {what}", "ko": "발견된 문제: {what}"},
        "group": {
            "en": "among peers: like {group} and others ({count} besides it), {distance} usual spreads away",
            "ko": "비슷한 호스트: {group} 그룹(다른 {count}대), 평소 차이의 {distance}배 떨어짐",
        },
        "headroom": {"en": "headroom {score} of 100", "ko": "성능 여유 {score}점(100점 만점)"},
        "headroom of 100": {"en": "headroom", "ko": "성능 여유"},
        "health of 100": {"en": "health", "ko": "건강"},
        "health": {"en": "health {score} of 100", "ko": "건강 점수 {score}점(100점 만점)"},
        "host": {"en": "host", "ko": "호스트"},
        "known": {"en": "{share} of what it needs known", "ko": "필요한 값의 {share}를 앎"},
        "never": {"en": "perhaps never", "ko": "소진되지 않을 수도 있음"},
        "no health": {"en": "health unknown", "ko": "건강 점수를 알 수 없음"},
        "not soon": {"en": "not within {span}", "ko": "{span} 안에는 아님"},
        "now": {"en": "now", "ko": "지금"},
        "one state": {
            "en": "state: always the same so far ({label})",
            "ko": "상태: 지금까지는 한 가지뿐({label})",
        },
        "runs out": {"en": "runs out in (90% sure)", "ko": "소진까지 (90% 구간)"},
        "served": {"en": "served by {source}", "ko": "데이터: {source}"},
        "nobody": {"en": "nobody", "ko": "없음"},
        "share of score": {"en": "share of the anomaly score", "ko": "이상 점수에서 차지하는 몫"},
        "share of time": {"en": "share of time", "ko": "시간 비율"},
        "soonest": {"en": "runs out first", "ko": "가장 먼저 소진"},
        "state": {"en": "state", "ko": "상태"},
        "strain": {"en": "{what} at {value}", "ko": "{what} {value}"},
        "then": {"en": "left for", "ko": "다음 상태"},
        "to": {"en": "{soonest} to {latest}", "ko": "{soonest} ~ {latest}"},
        "the next": {"en": "the next {span}", "ko": "앞으로 {span}"},
        "unusual": {
            "en": "unusual at this hour: {share} of it is usually spent in another state",
            "ko": "이 시간대에는 드문 상태: 평소에는 이 시간의 {share}를 다른 상태로 보냄",
        },
        "usual": {"en": "as usual", "ko": "평소와 같음"},
        "learning": {"en": "learning", "ko": "학습 중"},
    }
)
RESOURCES: Mapping[str, Word] = MappingProxyType(
    {
        "cpu": {"en": "CPU", "ko": "CPU"},
        "memory": {"en": "memory", "ko": "메모리"},
        "disk": {"en": "disk", "ko": "디스크"},
        "network": {"en": "network", "ko": "네트워크"},
    }
)


def say(word: str, language: Language, **filled: object) -> str:
    return WORDS[word][language].format(**filled)


KINDS: Mapping[str, Word] = MappingProxyType(
    {
        "anomaly": {"en": "unusual behaviour", "ko": "평소와 다른 동작"},
        "departure": {"en": "unlike its group", "ko": "그룹에서 벗어남"},
        "silent": {"en": "no values", "ko": "데이터 없음"},
    }
)
