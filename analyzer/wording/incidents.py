"""An incident as a whole: which hosts, since when, what it is about, and in which order the hosts joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from analyzer.data import Incident, Language
from analyzer.wording.meanings import Features, meaning
from analyzer.wording.quantities import moment, span

CAUSES_TOLD = 3
HOSTS_TOLD = 5
SILENT, ANOMALY = "silent", "anomaly"
# What just happened, and is no trouble: it has no length. In Korean, in the middle of a sentence and at its end.
HAPPENED: Mapping[str, tuple[str, str, str]] = {
    "reboot": ("started", "시작되었고", "시작되었습니다"),
    "resized": ("changed size", "크기가 바뀌었고", "크기가 바뀌었습니다"),
    "renamed": ("got a new name", "이름이 바뀌었고", "이름이 바뀌었습니다"),
}
ENGLISH: Mapping[tuple[str, ...], str] = {(SILENT,): "sent no metrics", (ANOMALY,): "behaved unusually"}
# What follows the hosts, then the verb while it lasts and once it is over.
KOREAN: Mapping[tuple[str, ...], tuple[str, str, str]] = {
    (SILENT,): ("가", "메트릭을 보내지 않고 있습니다", "메트릭을 보내지 않았습니다"),
    (ANOMALY,): ("가", "평소와 다르게 동작하고 있습니다", "평소와 다르게 동작했습니다"),
}
NO_METRICS: Mapping[Language, str] = {"en": "no metrics", "ko": "메트릭 없음"}


def say_hosts(incident: Incident, language: Language = "en") -> str:
    """Like "web-1", "web-1 and web-2", "web-1 and 4 more hosts": the one it began on first."""
    first, *others = incident.hosts
    if not others:
        return first
    if language == "ko":
        return f"{first}, {others[0]}" if len(others) == 1 else f"{first} 외 호스트 {len(others)}대"
    return f"{first} and {others[0]}" if len(others) == 1 else f"{first} and {len(others)} more hosts"


def say_incident(incident: Incident, features: Features, language: Language = "en", timezone: str = "UTC") -> str:
    """What is wrong where and since when; for several hosts also in which order it reached them."""
    if HAPPENED.keys() >= set(incident.kinds):
        return _happened(incident, language, timezone)
    silent = incident.kinds == (SILENT,)
    about = "" if silent else ", ".join(_about(incident, features, language))
    told = _korean(incident, timezone) if language == "ko" else _english(incident, timezone)
    return " ".join([f"{told}{f': {about}' if about else ''}.", *_order(incident, language)])


def _happened(incident: Incident, language: Language, timezone: str) -> str:
    """Hosts that started, changed their size or their name, or several of these."""
    at, hosts = moment(incident.starts_at, timezone, language), say_hosts(incident, language)
    said = [words for kind, words in HAPPENED.items() if kind in incident.kinds]
    if language == "ko":
        return f"{hosts}: {at}에 {' '.join([*(middle for _, middle, _ in said[:-1]), said[-1][2]])}."
    return f"{hosts} {' and '.join(english for english, _, _ in said)} at {at}."


def _english(incident: Incident, timezone: str) -> str:
    many = len(incident.hosts) > 1
    until = incident.ends_at
    verb = ENGLISH.get(incident.kinds, "had trouble")
    hosts, since = say_hosts(incident), moment(incident.starts_at, timezone)
    if until is None:
        return f"{hosts} {'have' if many else 'has'} {verb} since {since}"
    return f"{hosts} {verb} from {since} to {moment(until, timezone)} ({_lasted(incident, 'en')})"


def _korean(incident: Incident, timezone: str) -> str:
    particle, now, past = KOREAN.get(incident.kinds, ("에", "문제가 있습니다", "문제가 있었습니다"))
    count, first = len(incident.hosts), incident.hosts[0]
    hosts = f"{first} 호스트" if count == 1 else f"{first} 등 호스트 {count}대"
    since = moment(incident.starts_at, timezone, "ko")
    if incident.ends_at is None:
        return f"{hosts}{particle} {since}부터 {now}"
    until = moment(incident.ends_at, timezone, "ko")
    return f"{hosts}{particle} {since}부터 {until}까지({_lasted(incident, 'ko')}) {past}"


def _lasted(incident: Incident, language: Language) -> str:
    seconds = ((incident.ends_at or incident.starts_at) - incident.starts_at).total_seconds()
    return span(max(seconds, 0.0), language)


def _about(incident: Incident, features: Features, language: Language) -> Iterable[str]:
    """What it is put down to, most first; silence stands among it where other things are wrong too."""
    if SILENT in incident.kinds:
        yield NO_METRICS[language]
    known = [cause.feature for cause in incident.causes if cause.feature in features]
    yield from (meaning(name, features, language) for name in known[:CAUSES_TOLD])


def _order(incident: Incident, language: Language) -> list[str]:
    joined = incident.joined
    times = list(joined.values())
    if times[-1] - times[0] <= _step(incident):
        return []
    first, *others = list(joined)[:HOSTS_TOLD]
    more = len(joined) - HOSTS_TOLD
    if language == "ko":
        then = ", ".join(others) + (f" 외 {more}대" if more > 0 else "")
        return [f"{first}에서 시작해 {then} 순으로 나타났습니다."]
    then = ", then ".join(others) + (f" and {more} more" if more > 0 else "")
    return [f"It began on {first}, then {then}."]


def _step(incident: Incident) -> timedelta:
    """Of the grid that it was seen on: hosts are scraped at different moments of one, which is no order."""
    steps = (cause.evidence.window.step for finding in incident.findings for cause in finding.causes)
    return max(steps, default=timedelta(0))
