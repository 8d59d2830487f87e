"""Numbers in a text with their unit and rounding, so that they can be compared. What they are said of: binding.py."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2}):(\d{2})(?::\d{2})?\s*(am|pm)?(?![\d:])|(?:오전|오후)?\s*(\d{1,2})시(?!간)(?:\s*(\d{1,2})분)?",
    re.IGNORECASE,
)
DATE_EN = re.compile(rf"\b({'|'.join(MONTHS)})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b", re.IGNORECASE)
DATE_TURNED = re.compile(rf"(?<![\w-])(\d{{1,2}})(?:st|nd|rd|th)?\s+({'|'.join(MONTHS).title()})[a-z]*\b")
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
KOREAN_NUMBERS = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
KOREAN_DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "열흘": 10, "보름": 15}
# Korean numbers that say nothing exact, or nothing that the facts could say: never served.
KOREAN_WORDS = re.compile(
    r"(?<![가-힣])(?:스무|절반|반|수십|수백|몇)\s*(?:배|대|개|건|번|회|시간|분|초|일|명|가지|토막)|절반"
    r"|(?<![가-힣])(?:두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s*(?:배|토막)"
    r"|(?<![가-힣])(?:십|백|천|만)\s*(?:퍼센트|프로|배|대|개|회|번|기가|메가)"
)
KOREAN_COUNTED = re.compile(
    rf"(?<![가-힣])(?:(?P<number>{'|'.join(KOREAN_NUMBERS)})\s*(?P<unit>시간|주(?:일)?|대|개|건|번|회|명|가지|곳|(?=호스트|서버|장비))"
    rf"|(?P<days>{'|'.join(KOREAN_DAYS)}|일주일))"
)
UNITS: tuple[tuple[str, str, float], ...] = (
    (r"%p?|percent\b|per cent\b|퍼센트|프로(?![가-힣])", "ratio", 0.01),
    (r"TiB|테비바이트", "bytes", 1024.0**4), (r"GiB|기비바이트", "bytes", 1024.0**3),
    (r"MiB|메비바이트", "bytes", 1024.0**2), (r"KiB|키비바이트", "bytes", 1024.0),
    (r"(?:TB|terabytes?|테라(?:바이트)?)", "bytes", 1e12),
    (r"(?:GB|gigabytes?|기가(?:바이트)?)", "bytes", 1e9),
    (r"(?:MB|megabytes?|메가(?:바이트)?)", "bytes", 1e6),
    (r"(?:[kK]B|kilobytes?)", "bytes", 1e3),
    (r"(?:B|bytes?|바이트)(?![A-Za-z])", "bytes", 1.0),
    (r"(?:ms|milliseconds?|밀리초)(?![A-Za-z])", "seconds", 1e-3),
    (r"(?:[µμ]s|microseconds?)(?![A-Za-z])", "seconds", 1e-6),
    (r"(?:weeks?|주(?:일)?(?=[ 간,.]|$))(?![A-Za-z])", "seconds", 604800.0),
    (r"(?:days?|d|일)(?![A-Za-z가-힣])|일(?= ?(?:간|동안|뒤|후|전|째|이|에|을|은|로|과|까|내|안|입|정도|~|\d))",
     "seconds", 86400.0),
    (r"(?:hours?|hrs?|h)(?![A-Za-z])|시간", "seconds", 3600.0),
    (r"(?:minutes?|mins?|min)(?![A-Za-z])|분", "seconds", 60.0),
    (r"(?:seconds?|secs?|s)(?![A-Za-z])|초", "seconds", 1.0),
    (r"(?:times|entries|lines|occurrences)\b|회(?!의|선)|번(?!째|호)|건(?!강)", "times", 1.0),
    (r"°\s?C|℃|degrees?(?: celsius)?|도(?![가-힣])|도(?=[입로를의에까])", "celsius", 1.0),
)  # fmt: skip
UNIT = "|".join(f"(?P<u{number}>{unit})" for number, (unit, _, _) in enumerate(UNITS))
NUMBER = re.compile(
    r"(?P<number>(?<![A-Za-z0-9_.,])[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![A-Za-z0-9_.,])[-−]?\d+(?:\.\d+)?)"
    rf"[\s-]*(?:{UNIT})?\s*(?P<rate>/s(?![A-Za-z])|per second|a second|초당)?"
)
QUOTED = re.compile(r"“[^”]*”")
WORD = re.compile(
    rf"\b(?P<number>one(?=[\s-]+(?:(?:to|and|or)\s+(?:two|three)|weeks?|days?|hours?|minutes?)\b)|{'|'.join(WORDS)})\b(?:[\s-]+(?:{UNIT}))?",
    re.IGNORECASE,
)
RANGE = re.compile(r"^\s*(?:to|~|-|–|에서|and|or)\s*$")
# "load average over 1 min" is the name of a metric: its number measures nothing.
NAMING = re.compile(
    r"\b(?:1|5|15)[ -]?(?:min(?:ute)?s?|분)[ -]?(?:의 )?(?:평균 ?부하|부하 ?평균|부하|load(?: average)?)"
    r"|load(?: average)? (?:over|of the (?:last|past)) (?:1|5|15) min(?:ute)?s?\b"
    r"|100% (?:is|=) one core|100%는 코어 1개",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in its kind's own unit: `half` is half of its last digit's place, `place` where it stands."""

    text: str
    kind: str
    value: float
    half: float
    place: int

    @property
    def end(self) -> int:
        return self.place + len(self.text)


def numbers_in(text: str, names: Sequence[str] = ()) -> list[Number]:
    """Every number of a text but those of names, times, dates and quotes; spans such as "1 h 20 min" are one."""
    bare = blank(text, names)
    found = [*_digits(bare), *_spelt(bare)]
    found += [_korean(match) for match in KOREAN_COUNTED.finditer(bare)]
    found += [Number(m[0], "korean word", -1.0, 0.0, m.start()) for m in KOREAN_WORDS.finditer(bare)]
    return _joined(sorted(found, key=lambda n: n.place), bare)


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
    found |= {f"{MONTHS.index(m[2].lower()) + 1}-{int(m[1])}" for m in DATE_TURNED.finditer(text)}
    found |= {f"{int(m[1])}-{int(m[2])}" for pattern in (DATE_ISO, DATE_KO) for m in pattern.finditer(text)}
    return found | {m[0].lower() for m in DAY_WORDS.finditer(text)}


def strange_digits(text: str) -> bool:
    """Digits of other scripts, fractions and numerals in one character."""
    return any(not c.isascii() and unicodedata.category(c) in {"Nd", "Nl", "No"} for c in text)


def blank(text: str, names: Sequence[str]) -> str:
    """The text with names, times and dates overwritten by spaces, so that places stay."""
    named = (name for name in names if any(c.isdigit() for c in name))
    patterns = [rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])" for name in named]
    known = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
    for pattern in (*known, DATE_KO, DATE_EN, DATE_TURNED, DATE_ISO, CLOCK, NAMING, QUOTED):
        text = pattern.sub(lambda m: " " * len(m[0]), text)
    return text


def _digits(bare: str) -> list[Number]:
    found = []
    for match, unit in _with_units(list(NUMBER.finditer(bare)), bare):
        digits = match["number"].replace(",", "").replace("−", "-")
        kind, scale = ("count", 1.0) if unit is None else UNITS[unit][1:]
        kind += "/s" if match["rate"] else ""
        half = 0.5 * 10.0 ** -len(digits.partition(".")[2]) * scale
        found.append(Number(match[0].rstrip(" -"), kind, float(digits) * scale, half, match.start()))
    return found


def _spelt(bare: str) -> list[Number]:
    found = []
    for match, unit in _with_units(list(WORD.finditer(bare)), bare):
        value = WORDS.get(match["number"].lower(), 1)
        kind, scale = ("count", 1.0) if unit is None else UNITS[unit][1:]
        found.append(Number(match[0], kind, value * scale, 0.0 if unit is None else 0.5 * scale, match.start()))
    return found


def _with_units(matches: Sequence[re.Match[str]], bare: str) -> Iterator[tuple[re.Match[str], int | None]]:
    """Each number with its unit; the first of a range such as "10–30%" or "one to two days" has that of the second."""
    for match, later in zip(matches, [*matches[1:], None], strict=False):
        unit = _unit(match)
        if unit is None and later is not None and RANGE.match(bare[match.end("number") : later.start()]):
            unit = _unit(later)
        yield match, unit


def _korean(match: re.Match[str]) -> Number:
    if match["days"]:
        days = KOREAN_DAYS.get(match["days"], 7)
        return Number(match[0], "seconds", days * 86400.0, 43200.0, match.start())
    value, scale = (
        KOREAN_NUMBERS[match["number"]],
        {"시간": 3600.0, "주": 604800.0, "주일": 604800.0}.get(match["unit"]),
    )
    if scale is None:
        return Number(match[0], "count", value, 0.0, match.start())
    return Number(match[0], "seconds", value * scale, 0.5 * scale, match.start())


def _unit(match: re.Match[str]) -> int | None:
    return next((number for number in range(len(UNITS)) if match[f"u{number}"]), None)


def _joined(found: Sequence[Number], text: str) -> list[Number]:
    """Neighbouring lengths of time as one: "1 h 20 min", "1 day and 6 hours"."""
    joined: list[Number] = []
    for number in found:
        last = joined[-1] if joined else None
        if last and number.place < last.end:
            continue  # "한 시간" and "시간": the longer reading stands first
        between = text[last.end : number.place] if last else ""
        lengths = last and last.kind == number.kind == "seconds" and number.half < last.half
        if last and lengths and between.strip() in {"", "and"}:
            whole = text[last.place : number.end]
            joined[-1] = Number(whole, "seconds", last.value + number.value, number.half, last.place)
        else:
            joined.append(number)
    return joined
