"""What moved with a finding, in sentences, each with the evidence it rests on. What hosts wrote is quoted and cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from analyzer.data import Companion, Departure, Evidence, Finding, Language
from analyzer.wording.causes import first_departed, say_beside
from analyzer.wording.meanings import Features, meaning
from analyzer.wording.particles import particle
from analyzer.wording.quantities import amount, moment, number, span

LONGEST = 120  # characters that are told of what a host wrote
TOLD = 3
UNWRITTEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\s]+")
PLAIN_NAME = re.compile(r"[\w.@:/+%~=()\[\]-]+")
OTHER = "other"
OTHERS: Mapping[Language, str] = {"en": "all other processes together", "ko": "그 밖의 프로세스들"}
# What a process group does with a resource, and what there is more of.
DOES: Mapping[str, Mapping[Language, tuple[str, str]]] = {
    "process_cpu": {"en": ("used", "processor time"), "ko": ("사용했습니다", "CPU 시간")},
    "process_memory": {"en": ("took", "memory"), "ko": ("차지했습니다", "메모리")},
    "process_writes": {"en": ("wrote", "data"), "ko": ("썼습니다", "디스크 쓰기")},
    "process_reads": {"en": ("read", "data"), "ko": ("읽었습니다", "디스크 읽기")},
    "process_files": {"en": ("holds", "open files"), "ko": ("열었습니다", "열린 파일")},
    "process_switches": {"en": ("made", "context switches"), "ko": ("일으켰습니다", "컨텍스트 스위치")},
    "process_faults": {"en": ("caused", "page faults"), "ko": ("일으켰습니다", "페이지 폴트")},
    "process_count": {"en": ("accounts for", "processes"), "ko": ("차지했습니다", "프로세스")},
    "process_threads": {"en": ("accounts for", "threads"), "ko": ("차지했습니다", "스레드")},
    "process_zombies": {"en": ("left", "zombie processes"), "ko": ("남겼습니다", "좀비 프로세스")},
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and what it rests on."""

    text: str
    evidence: tuple[Evidence, ...]


def say_companions(
    finding: Finding, features: Features, language: Language = "en", timezone: str = "UTC"
) -> tuple[Said, ...]:
    """How far the finding's first cause is from usual, which feature led, and what went along; () when unknown."""
    if finding.companions is None:
        return ()
    excess = _Speaker(features, language, timezone).excess(finding)
    return (*excess, *say_moved(finding, features, language, timezone))


def say_worst(finding: Finding, language: Language = "en") -> str:
    """How far the first cause came beside its usual, for who has named it and told since when; empty when unknown."""
    first = _first(finding)
    came = _came(first, language) if first else ""
    return f"It {came}" if came and language == "en" else came


def say_moved(
    finding: Finding, features: Features, language: Language = "en", timezone: str = "UTC"
) -> tuple[Said, ...]:
    """The same without how far the first cause is from usual."""
    if finding.companions is None:
        return ()
    speak = _Speaker(features, language, timezone)
    moved = (said for companion in finding.companions.moved for said in speak.companion(companion))
    return (*speak.lead(finding.companions.departures), *moved)


def told_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same findings; what moved with several of one host stays with the first of them alone."""
    seen = set[tuple[str, ...]]()
    for finding in findings:
        known = finding.companions
        if known is None:
            yield finding
            continue
        keyed = [((finding.host, each.kind, each.name, each.change, each.resource), each) for each in known.moved]
        yield replace(finding, companions=replace(known, moved=tuple(each for key, each in keyed if key not in seen)))
        seen.update(key for key, _ in keyed)


def say_companion(companion: Companion, language: Language = "en", timezone: str = "UTC") -> str:
    """The sentence on one of those that moved."""
    (said,) = _Speaker({}, language, timezone).companion(companion)
    return said.text


def quoted(text: str, longest: int = LONGEST) -> str:
    """What a host wrote, on one line, without signs that can't be seen, and not too long."""
    plain = UNWRITTEN.sub(" ", text).replace("“", '"').replace("”", '"').strip()
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def named(text: str) -> str:
    """A name that a host gave: as it is when it looks like one, else in quotes, so that no sentence poses as ours."""
    plain = quoted(text)
    return plain if PLAIN_NAME.fullmatch(plain) else f"“{plain}”"


@dataclass(frozen=True, slots=True)
class _Speaker:
    features: Features
    language: Language
    timezone: str

    def say(self, english: str, korean: str) -> str:
        return korean if self.language == "ko" else english

    def excess(self, finding: Finding) -> tuple[Said, ...]:
        first = _first(finding)
        came = _came(first, self.language) if first else ""
        if first is None or not came:
            return ()
        since, name = self.moment(first.at), self.name(first)
        text = self.say(f"Since {since}, {name} {came}", f"{since}부터 {particle(name, '이', '가')} {came}")
        return (Said(text, (first.evidence,)),)

    def lead(self, departures: Sequence[Departure]) -> tuple[Said, ...]:
        groups = _moments(departures[: TOLD + 1])
        if len(groups) < 2:  # noqa: PLR2004 - nobody follows
            return ()
        first, begun = ", ".join(self.name(d) for d in groups[0]), groups[0][0].at
        followers = [(d, span((d.at - begun).total_seconds(), self.language)) for group in groups[1:] for d in group]
        after = ", ".join(
            self.say(f"{self.name(d)} after {lag}", f"{particle(self.name(d), '은', '는')} {lag} 뒤")
            for d, lag in followers
        )
        text = self.say(
            f"First to move: {first} at {self.moment(begun)}; then {after}.",
            f"가장 먼저 변한 것: {first}({self.moment(begun)}), 이어서 {after}.",
        )
        return (Said(text, tuple(d.evidence for d in departures[: TOLD + 1])),)

    def companion(self, companion: Companion) -> tuple[Said, ...]:
        speak = {
            "process group": self._process,
            "service": self._service,
            "probe": self._probe,
            "log template": self._log,
        }[companion.kind]
        return (Said(speak(companion), (companion.evidence,)),)

    def _process(self, companion: Companion) -> str:
        name = self._group(companion)
        if companion.change == "gone":
            had = number(companion.before)
            return self.say(
                f"The process group {name} is gone (it had {had} process{'es' * (companion.before != 1)}).",
                f"프로세스 그룹 {particle(name, '이', '가')} 사라졌습니다(이전 프로세스 {had}개).",
            )
        if companion.change == "started":
            when, again = self._when(companion.at), companion.before > 0
            return self.say(
                f"The process group {name} {'started again' if again else 'started'}{when}.",
                f"프로세스 그룹 {particle(name, '이', '가')} {when}{'다시 ' if again else ''}시작되었습니다.",
            )
        does, what = DOES[companion.resource][self.language]
        unit = companion.evidence.unit
        now, before = (amount(value, unit, self.language) for value in (companion.now, companion.before))
        share = amount(round(companion.share or 0.0, 2), "ratio")
        core = self.say("; 100% is one core", ", 100%는 코어 1개") if companion.resource == "process_cpu" else ""
        return self.say(
            f"{name} {does} {share} of the added {what} ({now}, before {before}{core}).",
            f"{particle(name, '이', '가')} 늘어난 {what}의 {share}를 {does}({now}, 이전 {before}{core}).",
        )

    def _service(self, companion: Companion) -> str:
        name, when = quoted(companion.name), self._when(companion.at)
        failed = companion.change == "failed"
        return self.say(
            f"The service {name} {'failed' if failed else 'stopped'}{when}.",
            f"{name} 서비스가 {when}{'실패했습니다' if failed else '중지되었습니다'}.",
        )

    def _probe(self, companion: Companion) -> str:
        name, when = quoted(companion.name), self._when(companion.at)
        return self.say(f"The probe of {name} failed{when}.", f"{name} 점검이 {when}실패했습니다.")

    def _log(self, companion: Companion) -> str:
        text, now, before = quoted(companion.name), number(companion.now), number(companion.before)
        return self.say(
            f"Logged {now} times, before {before} times in as long: “{text}”.",
            f"{now}회 기록된 로그(이전에는 같은 시간 동안 {before}회): “{text}”.",
        )

    def _group(self, companion: Companion) -> str:
        return OTHERS[self.language] if companion.name == OTHER else quoted(companion.name)

    def _when(self, at: datetime | None) -> str:
        if at is None:
            return ""
        return self.say(f" at {self.moment(at)}", f"{self.moment(at)}에 ")

    def name(self, departure: Departure) -> str:
        return meaning(departure.feature, self.features, self.language)

    def moment(self, at: datetime) -> str:
        return moment(at, self.timezone, self.language)


def _first(finding: Finding) -> Departure | None:
    return first_departed(finding.causes, finding.companions.departures if finding.companions else ())


def _came(departure: Departure, language: Language) -> str:
    """How far it came, beside its usual; empty where that is not known."""
    beside, rose = say_beside(departure, language), departure.value > (departure.usual or 0.0)
    value = amount(departure.value, departure.evidence.unit, language)
    if not beside:
        return ""
    if language == "ko":
        return f"{value}까지 {'올랐습니다' if rose else '떨어졌습니다'}({beside})."
    return f"{'reached' if rose else 'fell to'} {value}, {beside}."


def _moments(departures: Sequence[Departure]) -> list[list[Departure]]:
    """Those that came together: a step apart is no order, for scrapes and rates blur as much."""
    groups: list[list[Departure]] = []
    for each in departures:
        if groups and each.at - groups[-1][0].at <= each.evidence.window.step:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups
