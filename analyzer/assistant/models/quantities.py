"""Numbers in a text with unit, rounding, and the metric and host they are said of, so that they can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analyzer.assistant.understanding.vocabulary import METRICS

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2}):(\d{2})(?::\d{2})?\s*(am|pm)?(?![\d:])|(?:오전|오후)?\s*(\d{1,2})시(?!간)(?:\s*(\d{1,2})분)?",
    re.IGNORECASE,
)
DATE_EN = re.compile(rf"\b({'|'.join(MONTHS)})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b", re.IGNORECASE)
DATE_ISO = re.compile(r"\b\d{4}-(\d{2})-(\d{2})\b")
DATE_KO = re.compile(r"(\d{1,2})월\s*(\d{1,2})일")
DAY_WORDS = re.compile(
    r"\b(?:yesterday|tomorrow|today|tonight|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|어제|내일|오늘|모레|그저께",
    re.IGNORECASE,
)
WORDS = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "million": 1e6, "dozen": 12,
    "half": 0.5, "quarter": 0.25, "third": 1 / 3, "twice": 2, "double": 2, "doubled": 2, "triple": 3, "tripled": 3,
}  # fmt: skip
KOREAN_WORDS = re.compile(
    r"(?<![가-힣])(두|세|네|다섯|여섯|일곱|여덟|아홉|열|스무|절반|반|수십|수백|몇)\s*(?:배|대|개|건|번|회|시간|분|초|일|명|가지|토막)"
    r"|절반|(?<![가-힣])(?:십|백|천|만)\s*(?:퍼센트|프로|배|대|개|회|번|기가|메가)"
)
UNITS: tuple[tuple[str, str, float], ...] = (
    (r"%p?|percent\b|per cent\b|퍼센트|프로(?![가-힣])", "ratio", 0.01),
    (r"TiB", "bytes", 1024.0**4), (r"GiB|기비바이트", "bytes", 1024.0**3),
    (r"MiB", "bytes", 1024.0**2), (r"KiB", "bytes", 1024.0),
    (r"(?:TB|terabytes?|테라(?:바이트)?)", "bytes", 1e12),
    (r"(?:GB|gigabytes?|기가(?:바이트)?)", "bytes", 1e9),
    (r"(?:MB|megabytes?|메가(?:바이트)?)", "bytes", 1e6),
    (r"(?:[kK]B|kilobytes?)", "bytes", 1e3),
    (r"(?:B|bytes?|바이트)(?![A-Za-z])", "bytes", 1.0),
    (r"(?:ms|milliseconds?|밀리초)(?![A-Za-z])", "seconds", 1e-3),
    (r"(?:[µμ]s|microseconds?)(?![A-Za-z])", "seconds", 1e-6),
    (r"(?:weeks?|주(?:일)?(?=[ 간,.]|$))(?![A-Za-z])", "seconds", 604800.0),
    (r"(?:days?|d|일)(?![A-Za-z가-힣])|일(?= ?(?:간|동안|뒤|후|전|째|이|에|을|~|\d))", "seconds", 86400.0),
    (r"(?:hours?|hrs?|h)(?![A-Za-z])|시간", "seconds", 3600.0),
    (r"(?:minutes?|mins?|min)(?![A-Za-z])|분", "seconds", 60.0),
    (r"(?:seconds?|secs?|s)(?![A-Za-z])|초", "seconds", 1.0),
    (r"°\s?C|℃|degrees?(?: celsius)?|도(?![가-힣])|도(?=[입로를의에까])", "celsius", 1.0),
)  # fmt: skip
NUMBER = re.compile(
    r"(?P<number>(?<![A-Za-z0-9_.,])[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![A-Za-z0-9_.,])[-−]?\d+(?:\.\d+)?)\s*(?:"
    + "|".join(f"(?P<u{number}>{unit})" for number, (unit, _, _) in enumerate(UNITS))
    + r")?\s*(?P<rate>/s(?![A-Za-z])|per second|a second|초당)?"
)
WORD = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in its kind's own unit: `half` is half of its last digit's place, `place` where it stands.

    `role` is "before", "now", "usual" or "share" where the words around it say so.
    """

    text: str
    kind: str
    value: float
    half: float
    place: int
    metrics: frozenset[str] = frozenset()
    host: str = ""
    role: str = ""


def quantities_in(text: str, names: Sequence[str]) -> list[Quantity]:
    """Every number of a text but those of names, times and dates; spans such as "1 h 20 min" are one."""
    bare = _blank(text, names)
    found = [_quantity(match) for match in NUMBER.finditer(bare)]
    found += [Quantity(m[0], "count", WORDS[m[0].lower()], 0.0, m.start()) for m in WORD.finditer(bare)]
    found += [Quantity(m[0], "korean word", -1.0, 0.0, m.start()) for m in KOREAN_WORDS.finditer(bare)]
    ordered = _joined(sorted(found, key=lambda q: q.place), bare)
    metrics, hosts = _places(text, names)
    told = zip(ordered, _roles(ordered, bare), strict=True)
    return [
        replace(q, metrics=_metrics_at(metrics, q.place), host=_host_at(hosts, q.place), role=role) for q, role in told
    ]


def clocks_in(text: str) -> set[str]:
    """Times of day, as 24 hours where am or pm is said."""
    found = set()
    for match in CLOCK.finditer(text):
        hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
        late = (match[3] or "").lower() == "pm" or "오후" in match[0]
        found.add(f"{hour + 12 if late and hour < 12 else hour:02d}:{minute:02d}")  # noqa: PLR2004 hours on the dial
    return found


def dates_in(text: str) -> set[str]:
    found = {f"{MONTHS.index(m[1].lower()) + 1}-{int(m[2])}" for m in DATE_EN.finditer(text)}
    found |= {f"{int(m[1])}-{int(m[2])}" for pattern in (DATE_ISO, DATE_KO) for m in pattern.finditer(text)}
    return found | {m[0].lower() for m in DAY_WORDS.finditer(text)}


def strange_digits(text: str) -> bool:
    """Digits of other scripts, fractions and numerals in one character."""
    return any(not c.isascii() and unicodedata.category(c) in {"Nd", "Nl", "No"} for c in text)


def _blank(text: str, names: Sequence[str]) -> str:
    """The text with names, times and dates overwritten by spaces, so that places stay."""
    patterns = [
        rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])" for name in names if any(c.isdigit() for c in name)
    ]
    for pattern in (*patterns, *(p.pattern for p in (DATE_KO, DATE_EN, DATE_ISO, CLOCK)), r"“[^”]*”"):
        text = re.sub(pattern, lambda m: " " * len(m[0]), text, flags=re.IGNORECASE)
    return text


def _quantity(match: re.Match[str]) -> Quantity:
    digits = match["number"].replace(",", "").replace("−", "-")
    unit = next((number for number in range(len(UNITS)) if match[f"u{number}"]), None)
    kind, scale = ("count", 1.0) if unit is None else UNITS[unit][1:]
    decimals = len(digits.partition(".")[2])
    kind += "/s" if match["rate"] else ""
    return Quantity(match[0].strip(), kind, float(digits) * scale, 0.5 * 10**-decimals * scale, match.start())


def _joined(found: Sequence[Quantity], text: str) -> list[Quantity]:
    """Neighbouring lengths of time as one: "1 h 20 min"."""
    joined: list[Quantity] = []
    for quantity in found:
        last = joined[-1] if joined else None
        between = text[last.place + len(last.text) : quantity.place] if last else ""
        if (
            last
            and last.kind == quantity.kind == "seconds"
            and between.strip() in {"", "and"}
            and quantity.half < last.half
        ):
            text_ = text[last.place : quantity.place + len(quantity.text)]
            joined[-1] = Quantity(text_, "seconds", last.value + quantity.value, quantity.half, last.place)
        else:
            joined.append(quantity)
    return joined


BEFORE = re.compile(
    r"(?:\bbefore|\bfrom|\bpreviously|\bearlier|\bwas(?: at)?|\bhad been(?: at)?|이전|기존|직전)\W*$", re.IGNORECASE
)
BEFORE_AFTER = re.compile(r"^ ?(?:에서|→|였|이었|(?:before|earlier|previously)(?!\W*\d))", re.IGNORECASE)
NOW = re.compile(r"(?:\bnow|\bcurrently|\bto|→|현재|지금)(?: at| is)?\W*$", re.IGNORECASE)
NOW_AFTER = re.compile(r"^\W{0,2}(?:로 |으로 |now|currently|at present)", re.IGNORECASE)
USUAL = re.compile(r"(?:\busual(?:ly)?|\bnormal(?:ly)?|\btypical(?:ly)?|평소)[^\d.]{0,14}$", re.IGNORECASE)
USUAL_AFTER = re.compile(r"^[^\d.]{0,6}\b(?:is|are|as) (?:usual|normal)", re.IGNORECASE)
SHARE = re.compile(r"(?:accounts? for|contribut\w*|responsible for|기여도[는가]?)\W*$", re.IGNORECASE)
SHARE_AFTER = re.compile(r"^ ?(?:of it\b|of the (?:finding|anomaly|deviation)|(?:를|을)? ?기여)", re.IGNORECASE)
RANGE = re.compile(r"^\s*(?:to|~|-|–|and)\s*$")


def _roles(found: Sequence[Quantity], text: str) -> list[str]:
    """What each number is said of: now, before, as usual, or as a share of a finding; "" where nothing says."""
    roles: list[str] = []
    end = 0
    for quantity in found:
        ahead, after = text[end : quantity.place], text[quantity.place + len(quantity.text) :]
        if roles and roles[-1] == "usual" and RANGE.match(ahead):
            roles.append("usual")
        else:
            roles.append(_role(ahead, after))
        if USUAL_AFTER.match(after) and len(roles) > 1 and RANGE.match(ahead):
            roles[-2:] = ["usual", "usual"]
        end = quantity.place + len(quantity.text)
    return roles


def _role(ahead: str, after: str) -> str:
    checks = (
        ("share", SHARE, SHARE_AFTER),
        ("usual", USUAL, USUAL_AFTER),
        ("before", BEFORE, BEFORE_AFTER),
        ("now", NOW, NOW_AFTER),
    )
    return next((role for role, left, right in checks if left.search(ahead) or right.match(after)), "")


def _places(text: str, names: Sequence[str]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    metrics = [(m.start(), name) for name, pattern in METRICS.items() for m in pattern.finditer(text)]
    hosts = [
        (m.start(), re.sub(r":\d+$", "", name).lower())
        for name in names
        for m in re.finditer(rf"(?<![A-Za-z0-9_.-]){re.escape(name)}(?![A-Za-z0-9_])", text, re.IGNORECASE)
    ]
    return sorted(metrics), sorted(hosts)


def _metrics_at(places: Sequence[tuple[int, str]], at: int) -> frozenset[str]:
    """The metrics named last before a place, else first after it."""
    before = [place for place, _ in places if place <= at]
    nearest = max(before) if before else min((place for place, _ in places), default=-1)
    return frozenset(name for place, name in places if abs(place - nearest) <= 12)  # noqa: PLR2004 "CPU load": both


def _host_at(places: Sequence[tuple[int, str]], at: int) -> str:
    before = [(place, name) for place, name in places if place <= at]
    return max(before)[1] if before else ""
