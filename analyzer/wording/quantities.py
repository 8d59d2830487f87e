"""Numbers, spans and times as people read them, in English and Korean. Decides nothing."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from analyzer.data import Language

BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
SPANS = ((86400, "d", "일"), (3600, "h", "시간"), (60, "min", "분"), (1, "s", "초"))
RATE = "/s"
WHOLE_FROM = 100
MINUTE = 60


def amount(value: float, unit: str, language: Language = "en") -> str:
    """A value in a unit of the catalogue: ratio (as %), bytes, seconds, celsius, count, another; "/s" for rates."""
    if not math.isfinite(value):
        return {"en": "unknown", "ko": "알 수 없음"}[language]
    quantity, rate = (unit.removesuffix(RATE), RATE) if unit.endswith(RATE) else (unit, "")
    return _said(value, quantity, language) + rate


def number(value: float) -> str:
    """Three significant digits, whole from 100 on, thousands grouped; what is too small to show is 0."""
    if abs(value) >= WHOLE_FROM - 0.5:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    text = f"{value:.{min(max(digits, 0), 4)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def span(seconds: float, language: Language = "en") -> str:
    """A length of time in its two greatest units ("2 d 4 h", "2일 4시간"); below a second in ms, below a ms in µs."""
    size = abs(seconds)
    if 0 < size < 1:
        return f"{number(seconds * 1e6)} µs" if size < 1e-3 else f"{number(seconds * 1e3)} ms"  # noqa: PLR2004 - 1 ms
    if size < MINUTE:
        return _piece(number(seconds), 3, language)
    left, parts = round(size), list[str]()
    for place, (unit, _, _) in enumerate(SPANS):
        count, left = divmod(left, unit)
        if parts:
            parts += [_piece(str(count), place, language)] if count else []
            break
        parts += [_piece(str(count), place, language)] if count else []
    return ("-" if seconds < 0 else "") + " ".join(parts)


def moment(at: datetime, timezone: str = "UTC", language: Language = "en") -> str:
    """Like "Nov 22 14:02 UTC", "11월 22일 14:02 KST": day, minute and zone, never to be mistaken for another."""
    local = at.astimezone(ZoneInfo(timezone))
    day = f"{local.month}월 {local.day}일" if language == "ko" else f"{local:%b} {local.day}"
    return f"{day} {local:%H:%M %Z}"


def usual(low: float | None, high: float | None, unit: str, language: Language = "en") -> str:
    """Like "2 MiB/s to 9 MiB/s"; one number where both ends read the same; empty when either is unknown."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    ends = amount(low, unit, language), amount(high, unit, language)
    if ends[0] == ends[1]:
        return ends[0]
    return "~".join(ends) if language == "ko" else " to ".join(ends)


def _said(value: float, quantity: str, language: Language) -> str:
    match quantity:
        case "ratio":
            return f"{number(value * 100)}%"
        case "bytes":
            return _bytes(value)
        case "seconds":
            return span(value, language)
        case "celsius":
            return f"{number(value)} °C"
        case _:
            return f"{number(value)} {quantity}".removesuffix(" ").removesuffix(" count")


def _piece(count: str, place: int, language: Language) -> str:
    _, english, korean = SPANS[place]
    return f"{count}{korean}" if language == "ko" else f"{count} {english}"


def _bytes(value: float) -> str:
    power = min(int(math.log(abs(value), 1024)), len(BINARY) - 1) if abs(value) >= 1 else 0
    if power + 1 < len(BINARY) and round(abs(value) / 1024**power) >= 1024:  # noqa: PLR2004 - the binary step
        power += 1
    return f"{number(value / 1024**power)} {BINARY[power]}"
