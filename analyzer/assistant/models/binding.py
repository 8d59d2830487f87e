"""What each number of a text is said of: metric, host and program, and which part of the metric it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.assistant.models.quantities import Number, blank, numbers_in
from analyzer.assistant.models.roles import HEDGE, roles_of
from analyzer.assistant.understanding.vocabulary import METRICS

ROUNDING = 0.1  # the part of a figure that rounding it may cost: 1 GiB is no word for 1.5 GiB
NEAR = 12  # letters: in "CPU load" a number is said of both
FREE = re.compile(
    r"\b(?:available|free|left|remain\w*|unused|headroom)\b|사용 ?가능|여유|남[았은는지]|가용", re.IGNORECASE
)
USED = re.compile(
    r"\b(?:us(?:e|es|ed|ing|age)|full|consum\w*|occup\w*|tak(?:es|ing)|took)\b|사용(?! ?가능)|쓰[고는]|점유|차지",
    re.IGNORECASE,
)
BESIDE = 30  # letters behind a number that may still tell what it is
# "load average for each CPU core" is a load, of no processor.
PER_CORE = re.compile(r"(?:for each|per) (?:CPU )?core|코어 ?당|코어별", re.IGNORECASE)

# What ties a number to the name behind it: "25% on db-2", "20 GiB를 쓰는 db-2", "92% was used by java".
TIED = re.compile(
    r"^[^\d,;:]{0,40}?(?:\b(?:on|for|in|of|by|at|from)\s+(?:the\s+|host\s+)?"
    r"|(?:쓰는|사용하는|사용 ?중인|차지하는|차지한|사용한)\s*(?:것은\s*)?"
    r"|(?:는|은|를|을)\s+)$",
    re.IGNORECASE,
)
OF_METRIC = re.compile(r"^\s*(?:of (?:its |the |all |total )?(?:total )?|의\s?)?$", re.IGNORECASE)
AGAINST = re.compile(r"(?:\bvs\.?|\bversus|\bagainst|\bthan|compared (?:with|to))" + HEDGE, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Names:
    """Every name that is known: hosts, and what runs on them (processes, services, what is probed)."""

    hosts: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.hosts | self.subjects

    @property
    def longest_first(self) -> list[str]:
        return sorted(self.all, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with all that it may be said of; `role` is one of roles.py where words say so."""

    number: Number
    metrics: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    role: str = ""
    aspects: frozenset[str] = frozenset()

    def says(self, fact: Quantity) -> bool:
        """Whether this is the fact's quantity of the same metric, thing and time, rounded no finer than it."""
        said, held = self.number, fact.number
        room = min(said.half, ROUNDING * abs(held.value))
        if said.kind != held.kind or abs(said.value - held.value) > room + 1e-9 * abs(held.value):
            return False
        if (
            said.half < held.half * 0.99
            or not self._role_of(fact)
            or not self.aspects <= (fact.aspects or self.aspects)
        ):
            return False
        pairs = ((self.metrics, fact.metrics), (self.hosts, fact.hosts), (self.subjects, fact.subjects))
        return all(not ours or not theirs or ours & theirs for ours, theirs in pairs)

    def _role_of(self, fact: Quantity) -> bool:
        """The same role; what is told of no time is of now, and an average where the whole fact is of averages."""
        ours, theirs = self.role or "now", fact.role or "now"
        return ours == theirs or (ours == "average" and not fact.role)


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    end: int
    name: str


def quantities_in(text: str, names: Names) -> list[Quantity]:
    """Every number of a text with what it is said of."""
    numbers = numbers_in(text, names.longest_first)
    bare = blank(text, names.longest_first)
    metrics, hosts, subjects = _metrics(text), _named(text, names.hosts), _named(text, names.subjects)
    found = list[Quantity]()
    for number, ends, role in zip(numbers, _ends(numbers, bare), roles_of(numbers, bare), strict=True):
        own = _said_of(subjects, number, ends, text)
        at = _said_of(hosts, number, ends, text)
        if AGAINST.search(text[: number.place]) and not _tied(hosts, number, ends, text):
            at = frozenset()  # "web-1 is busier, 93% against 25%": the other side
        elif own and at and _spoken_for(hosts, numbers, number, text):
            at |= _behind(hosts, number)
        found.append(
            Quantity(number, _measured(metrics, number, text), at, own, role, _aspects(number, found, ends, text))
        )
    return found


def mentions(text: str, name: str) -> bool:
    return bool(_mention(name).search(text))


def bare_name(name: str) -> str:
    """A host's name without its port."""
    return re.sub(r":\d+$", "", name).lower()


def _mention(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_.-]){re.escape(name)}(?![A-Za-z0-9_]|-[A-Za-z0-9])", re.IGNORECASE)


def _aspects(number: Number, earlier: Sequence[Quantity], end: int, text: str) -> frozenset[str]:
    """What of its metric a number is: the part that is free, the part in use, or what one core has of it."""
    start = earlier[-1].number.end if earlier else 0
    for part in (text[start : number.place], text[number.end : min(end, number.end + BESIDE)]):
        free, used = (list(pattern.finditer(part)) for pattern in (FREE, USED))
        core = frozenset({"core"}) if PER_CORE.search(text[start : number.place]) else frozenset[str]()
        if free and (not used or free[-1].end() > used[-1].start()):
            return core | {"free"}
        if used:
            return core | {"used"}
    return core


def _ends(numbers: Sequence[Number], text: str) -> list[int]:
    """Where the reach of each number ends: at the next one."""
    return [*(number.place for number in numbers[1:]), len(text)] if numbers else []


def _metrics(text: str) -> list[_Place]:
    bare = PER_CORE.sub(lambda match: " " * len(match[0]), text)
    return sorted(
        (_Place(m.start(), m.end(), name) for name, pattern in METRICS.items() for m in pattern.finditer(bare)),
        key=lambda place: place.start,
    )


def _named(text: str, names: frozenset[str]) -> list[_Place]:
    """Places of names, a host's without its port."""
    found = [_Place(m.start(), m.end(), bare_name(name)) for name in names for m in _mention(name).finditer(text)]
    return sorted(found, key=lambda place: place.start)


def _measured(places: Sequence[_Place], number: Number, text: str) -> frozenset[str]:
    """The metrics named right behind a number ("50% of its memory"), else last before it, else first after it."""
    right = frozenset(p.name for p in places if p.start >= number.end and OF_METRIC.match(text[number.end : p.start]))
    if right:
        return right
    before = [place.start for place in places if place.start <= number.place]
    nearest = max(before) if before else min((place.start for place in places), default=-1)
    return frozenset(place.name for place in places if abs(place.start - nearest) <= NEAR)


def _said_of(places: Sequence[_Place], number: Number, end: int, text: str) -> frozenset[str]:
    """The name that is tied to the number from behind, else the last one before it."""
    tied = _tied(places, number, end, text)
    if tied:
        return tied
    before = [place for place in places if place.start <= number.place]
    return frozenset(place.name for place in before if place.start == before[-1].start)


def _tied(places: Sequence[_Place], number: Number, end: int, text: str) -> frozenset[str]:
    behind = [place for place in places if number.end <= place.start < end]
    if not behind or not TIED.match(text[number.end : behind[0].start].lstrip(")")):
        return frozenset()
    return frozenset(place.name for place in behind if place.start == behind[0].start)


def _spoken_for(places: Sequence[_Place], numbers: Sequence[Number], number: Number, text: str) -> bool:
    """Whether the last name before a number is an earlier number's: "20 GiB on db-2, then java 3 GiB on web-1"."""
    earlier = [n for n in numbers if n.place < number.place]
    return bool(earlier) and bool(_tied(places, earlier[-1], number.place, text))


def _behind(places: Sequence[_Place], number: Number) -> frozenset[str]:
    return frozenset(place.name for place in places if place.start >= number.end)
