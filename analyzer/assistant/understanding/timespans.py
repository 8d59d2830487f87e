"""The stretch of time a question names: "지난 1시간", "since 9am", "어제", "next week". Has no clock of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY, WEEK, MONTH = 60, 3600, 86400, 604800, 2592000
UNITS = (
    (r"(?:minutes?|mins?|m)(?![a-z])|분", MINUTE),
    (r"(?:hours?|hrs?|h)(?![a-z])|시간", HOUR),
    (r"(?:days?|d)(?![a-z])|일(?!주)", DAY),
    (r"(?:weeks?|w)(?![a-z])|주일?", WEEK),
    (r"(?:months?)(?![a-z])|개월|달", MONTH),
)
NUMBERS = {
    "an": 1, "a": 1, "one": 1, "two": 2, "couple of": 2, "three": 3, "few": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
    "ninety": 90, "twenty-four": 24, "forty-eight": 48,
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열두": 12, "열": 10,
    "십오": 15, "십": 10, "이십": 20, "삼십": 30, "이십사": 24,
}  # fmt: skip
NUMBER = "|".join(sorted(map(re.escape, NUMBERS), key=len, reverse=True))
COUNTED = re.compile(
    rf"(?P<number>(?<![\w.:-])\d+(?:\.\d+)?|(?<!half )(?<!quarter of )(?<![\w가-힣])(?:{NUMBER})(?=[\s가-힣]))"
    r"\s*(?P<unit>" + "|".join(unit for unit, _ in UNITS) + r")",
    re.IGNORECASE | re.ASCII,
)
BARE = re.compile(
    r"(?:last|past|previous|this|next|coming|following|the|per)\s+(?:whole\s+|full\s+)?(?P<unit>hour|day|week|month)\b",
    re.IGNORECASE | re.ASCII,
)
FUTURE = re.compile(
    r"\bnext\b|\bcoming\b|from now|tomorrow|\btonight|\bin (the )?(a |an )?(\d+|one|two|three|few)\b|within|\bwill\b"
    r"|future|앞으로|향후|다음|내일|모레|[뒤후](?![가-힣]*면)|이후|오늘 ?밤|까지",
    re.IGNORECASE | re.ASCII,
)
NOT_A_SPAN = re.compile(
    r"(?<!최근 )(?<!지난 )(?<!last )(?<!past )\b\d+[ -]?(min(ute)?s?|m|분) ?(load|average|로드|평균 ?부하)"
    r"|\b(1|5|15)[ -]?min\b",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Timespan:
    """A length of time and where it ends, counted from now; `ahead` when it lies in the future.

    `days_back` moves its end to the midnight that many days ago ("yesterday": 0 days back from today's midnight);
    `since` is an hour of the clock it begins at; `around` one that it lies around ("at 3am": half an hour before and
    after).
    """

    seconds: int
    text: str
    ahead: bool = False
    ends_at_midnight: int | None = None
    since: float | None = None
    around: float | None = None

    def bounds(self, now: datetime, timezone: str) -> tuple[datetime, datetime]:
        """Start and end of it for a person whose clock is in `timezone`."""
        if self.ahead:
            return now, now + timedelta(seconds=self.seconds)
        local = now.astimezone(ZoneInfo(timezone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.around is not None:
            middle = midnight + timedelta(hours=self.around)
            middle = (middle if middle < local else middle - timedelta(days=1)) - timedelta(
                days=0 if self.ends_at_midnight is None else 1 + self.ends_at_midnight
            )
            half = timedelta(seconds=self.seconds / 2)
            return middle - half, min(middle + half, now)
        if self.since is not None:
            start = midnight + timedelta(hours=self.since)
            return (start if start < local else start - timedelta(days=1)), now
        if self.ends_at_midnight is not None:
            end = midnight - timedelta(days=self.ends_at_midnight)
            return end - timedelta(seconds=self.seconds), end
        return now - timedelta(seconds=self.seconds), now


def duration_text(seconds: int) -> str:
    """As people who use Prometheus write it: "30m", "1h", "24h", "7d"."""
    if seconds < HOUR or seconds % HOUR:
        return f"{seconds // MINUTE}m"
    return f"{seconds // HOUR}h" if seconds <= DAY else f"{seconds // DAY}d"


NAMED: tuple[tuple[re.Pattern[str], int, int | None], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.ASCII), seconds, midnight)
    for pattern, seconds, midnight in (
        (r"day before yesterday|그저께|그제|엊그제", DAY, 1),
        (r"\bhalf[ -](?:an?[ -])?hour|반 ?시간|삼십 ?분", HOUR // 2, None),
        (r"\bquarter[ -](?:(?:of[ -])?an[ -])?hour", HOUR // 4, None),
        (r"반나절|half a day", DAY // 2, None),
        (r"overnight|last night|during the night|this morning|\btonight", DAY // 2, None),
        (r"\bwhile (?:i|we) (?:slept|(?:was|were) (?:asleep|sleeping|in bed))", DAY // 2, None),
        (r"(?:자는|잠든) ?(?:동안|사이)", DAY // 2, None),
        (r"밤새|밤 ?사이|간밤|지난 ?밤|오늘 ?(밤|아침|새벽)|아침부터", DAY // 2, None),
        (r"\byest\w*day|어제|전일|전날", DAY, 0),
        (r"\btomorrow|내일|하루|종일", DAY, None),
        (r"모레|이틀", 2 * DAY, None),
        (r"사흘", 3 * DAY, None),
        (r"fortnight|보름", 14 * DAY, None),
        (r"month[- ](over|on|to)[- ]month|end of (the|this) month|monthly", MONTH, None),
        (r"(지난|저번|이번|다음|이전) ?달|전월|월간|월말|한 ?달|이번 ?월", MONTH, None),
        (r"week[- ](over|on|to)[- ]week|weekly", WEEK, None),
        (r"(지난|저번|이번|다음|이전|차)[ ]?주(?!말)|전주(?! ?시)|일주일|주간|한 ?주(?!말)", WEEK, None),
        (r"\bhourly\b|시간당", HOUR, None),
    )
)
TODAY = re.compile(r"\btoday\b|오늘|금일", re.IGNORECASE | re.ASCII)
CLOCK = re.compile(
    r"since (?:about )?(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>am|pm)?"
    r"|(?P<khalf>오전|오후|아침|새벽|저녁|밤)?\s*(?P<khour>\d{1,2})시(?!간)\s*(?:(?P<kminute>\d{1,2})분)?\s*(?:부터|이후)",
    re.IGNORECASE | re.ASCII,
)


POINT = re.compile(
    r"\b(?:at|around|about|near|by) (?:about )?(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>am|pm|o'?clock)?"
    r"(?![\d%])"
    r"|(?P<khalf>오전|오후|아침|새벽|저녁|밤)?\s*(?P<khour>\d{1,2})시(?!간)\s*(?:(?P<kminute>\d{1,2})분)?\s*(?:에|쯤|경|께|무렵)",
    re.IGNORECASE | re.ASCII,
)


def timespan_named(text: str) -> Timespan | None:
    """The first stretch of time a text names, None where it names none."""
    text = NOT_A_SPAN.sub(" ", text)
    ahead = bool(FUTURE.search(text))
    readers: tuple[Callable[[str, bool], Timespan | None], ...] = (_clock, _point, _counted, _named, _bare, _today)
    return next((found for read in readers if (found := read(text, ahead))), None)


def without_timespans(text: str) -> str:
    """The text with every stretch of time taken out."""
    for pattern in (CLOCK, POINT, COUNTED, BARE, TODAY, *(pattern for pattern, _, _ in NAMED)):
        text = pattern.sub(" ", text)
    return text


def _clock(text: str, _ahead: bool) -> Timespan | None:  # noqa: FBT001 the readers share one shape
    match = CLOCK.search(text)
    hour = _hour(match) if match else None
    return None if hour is None else Timespan(DAY, f"since {_said(hour)}", since=hour)


def _point(text: str, ahead: bool) -> Timespan | None:  # noqa: FBT001 as above
    """A time of day that is over: the last one, yesterday's where yesterday is named."""
    match = None if ahead else POINT.search(text)
    hour = _hour(match) if match else None
    if match is None or hour is None or (not match["half"] and match["hour"] and not match["minute"]):
        return None  # "at 3" may be anything
    day = _named(POINT.sub(" ", text), False)
    return Timespan(HOUR, f"at {_said(hour)}", ends_at_midnight=day.ends_at_midnight if day else None, around=hour)


def _hour(match: re.Match[str]) -> float | None:
    """The hour of a day with its minutes as a part, None where no clock shows it."""
    hour = int(match["hour"] or match["khour"])
    half = (match["half"] or match["khalf"] or "").lower()
    late = half in {"pm", "오후", "저녁", "밤"} and hour < 12  # noqa: PLR2004 twelve hours on the dial
    midnight = half in {"am", "오전", "새벽"} and hour == 12  # noqa: PLR2004 as above
    hour = hour + 12 if late else 0 if midnight else hour
    return None if hour > 23 else hour + int(match["minute"] or match["kminute"] or 0) / 60  # noqa: PLR2004 hours in a day


def _said(hour: float) -> str:
    return f"{int(hour):02d}:{round(hour % 1 * 60):02d}"


def _counted(text: str, ahead: bool) -> Timespan | None:  # noqa: FBT001 as above
    match = COUNTED.search(text)
    if not match:
        return None
    number = float(NUMBERS.get(match["number"].lower(), 0) or match["number"])
    size = next(seconds for unit, seconds in UNITS if re.fullmatch(unit, match["unit"], re.IGNORECASE | re.ASCII))
    seconds = round(number * size)
    return Timespan(seconds, duration_text(seconds), ahead=ahead) if seconds >= MINUTE else None


def _named(text: str, ahead: bool) -> Timespan | None:  # noqa: FBT001 as above
    for pattern, seconds, midnight in NAMED:
        if pattern.search(text):
            past = midnight is not None
            return Timespan(seconds, duration_text(seconds), ahead=ahead and not past, ends_at_midnight=midnight)
    return None


def _bare(text: str, ahead: bool) -> Timespan | None:  # noqa: FBT001 as above
    match = BARE.search(text)
    if not match or match[0].lower().startswith("per"):
        return None
    seconds = {"hour": HOUR, "day": DAY, "week": WEEK, "month": MONTH}[match["unit"].lower()]
    return Timespan(seconds, duration_text(seconds), ahead=ahead)


def _today(text: str, ahead: bool) -> Timespan | None:  # noqa: FBT001 as above
    """Last of all: "is it higher today than last week" compares weeks."""
    return Timespan(DAY, duration_text(DAY), ahead=ahead) if TODAY.search(text) else None
