"""A finding, a host, a failure, learning: one clear sentence each, in English and Korean, from values alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from analyzer.data import Cause, Failure, Feature, Finding, HostReport, Language, Learning, Severity
from analyzer.wording.causes import CAUSES_TOLD, say_causes
from analyzer.wording.companions import say_moved, say_worst, told_once
from analyzer.wording.meanings import Features, meaning
from analyzer.wording.particles import particle
from analyzer.wording.quantities import amount, moment, number, span

SEVERITIES: Mapping[Severity, Mapping[Language, str]] = {
    Severity.INFO: {"en": "info", "ko": "참고"},
    Severity.WARNING: {"en": "warning", "ko": "주의"},
    Severity.CRITICAL: {"en": "critical", "ko": "심각"},
}
# What a quiet host is described by, where it has them.
VITALS = (
    "cpu_busy_ratio",
    "memory_available_ratio",
    "filesystem_fullest_used_ratio",
    "disk_busiest_utilisation_ratio",
)


# Kinds that are put down to features by share: what is usual for each, and its worst, stand beside it.
SHARED = frozenset({"anomaly", "departure"})


class Told(NamedTuple):
    """The parts of a finding that every sentence about one needs, already in words."""

    host: str
    since: str
    until: str
    lasted: str
    causes: str


def say_finding(finding: Finding, features: Features, language: Language = "en", timezone: str = "UTC") -> str:
    """What is wrong where since when, the features it rests on with what is usual, and what moved with it."""
    shared = finding.kind in SHARED
    what = _say_what(finding, features, language, _told(finding, features, language, timezone, beside=shared))
    worst = "" if shared else say_worst(finding, language)
    moved = (said.text for said in say_moved(finding, features, language, timezone))
    return " ".join((what, *filter(None, [worst]), *moved))


def say_findings(
    findings: Iterable[Finding], features: Features, language: Language = "en", timezone: str = "UTC"
) -> tuple[str, ...]:
    """Each of several; what moved with more than one of a host is told once."""
    return tuple(say_finding(finding, features, language, timezone) for finding in told_once(findings))


def say_what(finding: Finding, features: Features, language: Language = "en", timezone: str = "UTC") -> str:
    """The same without what moved with it."""
    return _say_what(finding, features, language, _told(finding, features, language, timezone, beside=False))


def say_host(
    host: HostReport, findings: Iterable[Finding], features: Features, language: Language = "en", timezone: str = "UTC"
) -> str:
    """How a host is: its worst firing finding, else that it is learning or not scored, else that all is as usual."""
    firing = sorted((f for f in findings if f.firing and f.host == host.host.name), key=lambda f: -f.severity)
    if firing:
        return _troubled(firing, features, language, timezone)
    if host.learning is not None:
        return say_learning(host.host.name, host.learning, features, language)
    scores = {model: score for model, score in host.scores.items() if math.isfinite(score)}
    if not scores:
        name = host.host.name
        return {
            "en": f"{name} can't be judged: no model could score its newest metrics.",
            "ko": f"{name} 호스트는 판단할 수 없습니다. 최신 메트릭의 점수를 매긴 모델이 없습니다.",
        }[language]
    return _usual_host(host, scores, features, language)


def say_failure(failure: Failure, language: Language = "en") -> str:
    """Which stage could not look, and why. The reason stays as it was given."""
    reason = failure.reason.rstrip(".")
    if language == "ko":
        where = f"{failure.host} 호스트의 " if failure.host else ""
        return f"{where}{failure.stage} 단계가 실패해 확인하지 못했습니다: {reason}."
    where = f" for {failure.host}" if failure.host else ""
    return f"The stage {failure.stage} failed{where}, so it could not look: {reason}."


def say_learning(host: str, learning: Learning, features: Features, language: Language = "en") -> str:
    """How far a host's learning is, and what is missing for it."""
    seen, needed = number(learning.steps_seen), number(learning.steps_needed)
    share = amount(learning.ratio, "ratio")
    missing = ", ".join(meaning(name, features, language) for name in learning.missing_features[:CAUSES_TOLD])
    more = len(learning.missing_features) - CAUSES_TOLD
    if language == "ko":
        lack = f" 없는 데이터: {missing}{f' 외 {more}가지' if more > 0 else ''}." if missing else ""
        return f"{host} 호스트는 아직 학습 중입니다: 필요한 {needed}스텝 중 {seen}스텝을 보았습니다({share}).{lack}"
    lack = f"; missing: {missing}{f' and {more} more' if more > 0 else ''}" if missing else ""
    return f"{host} is still learning what is usual: {seen} of {needed} steps seen ({share}){lack}."


def _say_what(finding: Finding, features: Features, language: Language, told: Told) -> str:
    family, _, _ = finding.kind.partition(":")
    speak = {
        "anomaly": _anomaly,
        "saturation": _saturation,
        "silent": _silent,
        "reboot": _reboot,
        "resized": _resized,
        "renamed": _renamed,
        "departure": _departure,
    }.get(family, _other)
    return speak(finding, told, features, language)


def _told(finding: Finding, features: Features, language: Language, timezone: str, *, beside: bool) -> Told:
    since = moment(finding.starts_at, timezone, language)
    told = say_causes(finding, features, language, beside=beside)
    causes = f": {told}" if told else ""
    if finding.ends_at is None:
        return Told(finding.host, since, "", "", causes)
    seconds = (finding.ends_at - finding.starts_at).total_seconds()
    return Told(finding.host, since, moment(finding.ends_at, timezone, language), span(seconds, language), causes)


def _anomaly(_finding: Finding, told: Told, _features: Features, language: Language) -> str:
    if language == "ko":
        verb = "평소와 다르게 동작했습니다" if told.until else "평소와 다르게 동작하고 있습니다"
        return f"{told.host} 호스트가 {_when(told, language)} {verb}{told.causes}."
    verb = "behaved unusually" if told.until else "has behaved unusually"
    return f"{told.host} {verb} {_when(told, language)}{told.causes}."


def _saturation(finding: Finding, told: Told, features: Features, language: Language) -> str:
    cause = finding.causes[0] if finding.causes else None
    feature = features.get(cause.feature) if cause else None
    if cause is None or feature is None or feature.saturates_at is None:
        return _other(finding, told, features, language)
    name, value = meaning(feature.name, features, language), _value(cause, language)
    edge, limit = _edge(feature, language), _limit(feature, language)
    if not told.until and not _past(feature, cause.evidence.value):
        return _easing(told, name, edge, value, limit, language)
    if language == "ko":
        verb = particle(edge, "이었습니다", "였습니다") if told.until else f"{edge}입니다"
        values = f"({'종료 시점' if told.until else '현재'} {value}{limit})"
        return f"{told.host} 호스트: {particle(name, '이', '가')} {_when(told, language)} {verb}{values}."
    if told.until:
        return f"{told.host}: {name} was {edge} {_when(told, language)}{limit}; {value} at the end."
    return f"{told.host}: {name} is {value}, {edge} {_when(told, language)}{limit}."


def _past(feature: Feature, value: float) -> bool:
    edge = feature.saturates_at or 0.0
    return value <= edge if feature.worse == "low" else value >= edge


def _easing(told: Told, name: str, edge: str, value: str, limit: str, language: Language) -> str:
    """It fires until it has been well for a while: the newest value may be past the worst already."""
    if language == "ko":
        since, now = (
            particle(edge, "이었다가", "였다가"),
            f"현재 {value}입니다" + (f"({limit.removeprefix(', ')})" if limit else ""),
        )
        return f"{told.host} 호스트: {particle(name, '이', '가')} {_when(told, language)} {since} {now}."
    return f"{told.host}: {name} was {edge} {_when(told, language)}{limit}; it is {value} now."


def _silent(_finding: Finding, told: Told, _features: Features, language: Language) -> str:
    if language == "ko":
        verb = "메트릭을 보내지 않았습니다" if told.until else "메트릭을 보내지 않고 있습니다"
        return f"{told.host} 호스트가 {_when(told, language)} {verb}."
    verb = "sent no metrics" if told.until else "has sent no metrics"
    return f"{told.host} {verb} {_when(told, language)}."


def _departure(_finding: Finding, told: Told, _features: Features, language: Language) -> str:
    if language == "ko":
        verb = "다르게 동작했습니다" if told.until else "다르게 동작하고 있습니다"
        return f"{told.host} 호스트가 {_when(told, language)} 비슷한 호스트들과 {verb}{told.causes}."
    verb = "differed" if told.until else "has differed"
    return f"{told.host} {verb} from the hosts that are like it {_when(told, language)}{told.causes}."


def _reboot(_finding: Finding, told: Told, _features: Features, language: Language) -> str:
    if language == "ko":
        return f"{told.host} 호스트가 {told.since}에 시작되었습니다."
    return f"{told.host} started at {told.since}."


def _resized(finding: Finding, told: Told, _features: Features, language: Language) -> str:
    """What it had before is the usual of its evidence."""
    names = {"cores": {"en": "cores", "ko": "코어"}, "memory_bytes": {"en": "memory", "ko": "메모리"}}
    changes = [
        f"{names[name][language]} {amount(proof.usual_low, proof.unit, language)} → "
        f"{amount(proof.value, proof.unit, language)}"
        for name, proof in ((cause.feature, cause.evidence) for cause in finding.causes)
        if name in names and proof.usual_low is not None and proof.usual_low != proof.value
    ]
    what = f": {', '.join(changes)}" if changes else ""
    if language == "ko":
        return f"{told.host} 호스트의 크기가 {told.since}에 바뀌어 평소 상태를 곧 다시 학습합니다{what}."
    return f"{told.host} changed its size at {told.since}, and is learned anew soon{what}."


def _renamed(finding: Finding, told: Told, _features: Features, language: Language) -> str:
    """What it was called is the host of its earlier evidence."""
    before = next((cause.evidence.host for cause in finding.causes if cause.evidence.host != finding.host), "")
    if language == "ko":
        was = f"이전에 {particle(before, '이라고', '라고')} 불리던 장비이며," if before else ""
        return f"{told.host} 호스트는 {was} {told.since}에 새 이름으로 확인되었습니다. 학습한 내용은 그대로 이어집니다."
    was = f"the machine that was called {before}, found" if before else "a known machine, found"
    return f"{told.host} is {was} under its new name at {told.since}; what is known of it goes on."


def _other(finding: Finding, told: Told, _features: Features, language: Language) -> str:
    if language == "ko":
        verb = "있었습니다" if told.until else "있습니다"
        return f"{told.host} 호스트에 {_when(told, language)} '{finding.kind}' 문제가 {verb}{told.causes}."
    verb = "had" if told.until else "has had"
    return f"{told.host} {verb} a finding of kind {finding.kind} {_when(told, language)}{told.causes}."


def _when(told: Told, language: Language) -> str:
    if language == "ko":
        return f"{told.since}부터 {told.until}까지({told.lasted})" if told.until else f"{told.since}부터"
    return f"from {told.since} to {told.until} ({told.lasted})" if told.until else f"since {told.since}"


def _value(cause: Cause, language: Language) -> str:
    return amount(cause.evidence.value, cause.evidence.unit, language)


def _edge(feature: Feature, language: Language) -> str:
    """Where it begins to hurt, and on which side of it."""
    place = amount(feature.saturates_at or 0.0, feature.unit, language)
    if language == "ko":
        return f"{place} {'이하' if feature.worse == 'low' else '이상'}"
    return f"at or {'below' if feature.worse == 'low' else 'above'} {place}"


def _limit(feature: Feature, language: Language) -> str:
    if feature.limit is None:
        return ""
    limit = amount(feature.limit, feature.unit, language)
    return f", 한도 {limit}" if language == "ko" else f" (its limit is {limit})"


def _troubled(firing: Sequence[Finding], features: Features, language: Language, timezone: str) -> str:
    worst = say_what(firing[0], features, language, timezone)
    grade = SEVERITIES[firing[0].severity][language]
    more = len(firing) - 1
    if language == "ko":
        return f"[{grade}] {worst}" + (f" 그 밖에 발견된 문제가 {more}건 더 있습니다." if more else "")
    return f"[{grade}] {worst}" + (f" It has {more} more firing finding{'s' if more > 1 else ''}." if more else "")


def _usual_host(host: HostReport, scores: Mapping[str, float], features: Features, language: Language) -> str:
    model = max(scores, key=lambda name: scores[name])
    score = number(scores[model])
    vitals = ", ".join(
        f"{meaning(name, features, language)} {amount(host.latest[name], features[name].unit, language)}"
        for name in VITALS
        if name in features and math.isfinite(host.latest.get(name, math.nan))
    )
    name = host.host.name
    if language == "ko":
        return f"{name} 호스트는 평소와 같습니다: {f'{vitals}, ' if vitals else ''}최고 이상 점수 {score}({model})."
    return f"{name} looks as usual: {f'{vitals}, ' if vitals else ''}highest anomaly score {score} ({model})."
