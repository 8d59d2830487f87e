"""Numbers, spans and times as people read them, in English and Korean. Decides nothing."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from analyzer.data import Language

BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
SPANS = (("일", "d", 86400), ("시간", "h", 3600), ("분", "min", 60), ("초", "s", 1))
PER_SECOND = ("/s", "_per_second", " per second", "ps")


def amount(value: float, unit: str, language: Language) -> str:
    """A value with its unit: ratios in percent, bytes in binary units, seconds as a span, rates with "/s"."""
    if not math.isfinite(value):
        return {"en": "unknown", "ko": "알 수 없음"}[language]
    quantity, rate = _rate(unit)
    if quantity == "ratio":
        return f"{plain(value * 100)}%"
    if quantity in {"bytes", "byte", "B"}:
        return _bytes(value) + rate
    if quantity in {"seconds", "second", "s"}:
        return span(value, language) + rate
    if quantity in {"celsius", "°C"}:
        return f"{plain(value)} °C"
    return f"{plain(value)}{rate}"


def plain(value: float) -> str:
    """Three significant digits, whole from 100 on, thousands grouped."""
    if value == 0:
        return "0"
    if abs(value) >= 100:  # noqa: PLR2004 from three whole digits on, fractions say nothing
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(digits, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(seconds: float, language: Language) -> str:
    """A length of time in its two greatest units: "2 d 4 h", "2일 4시간"; below a second in ms."""
    if abs(seconds) < 1:
        return f"{plain(seconds * 1000)} ms"
    if abs(seconds) < 60:  # noqa: PLR2004 seconds in a minute
        return f"{plain(seconds)}초" if language == "ko" else f"{plain(seconds)} s"
    left = round(abs(seconds))
    parts: list[str] = []
    for korean, english, size in SPANS:
        count, left = divmod(left, size)
        if count and len(parts) < 2:  # noqa: PLR2004 two greatest units
            parts.append(f"{count}{korean}" if language == "ko" else f"{count} {english}")
        elif parts:
            break
    return ("-" if seconds < 0 else "") + " ".join(parts)


def moment(at: datetime, now: datetime, timezone: str, language: Language) -> str:
    """A time as the asker's clock shows it: "14:05", "yesterday 14:05", "Nov 18 14:05"."""
    zone = ZoneInfo(timezone)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    clock = f"{local:%H:%M}"
    days = (today - local.date()).days
    if days == 0:
        return clock
    if days in {1, -1}:
        word = {("en", 1): "yesterday", ("en", -1): "tomorrow", ("ko", 1): "어제", ("ko", -1): "내일"}[language, days]
        return f"{word} {clock}"
    return f"{local.month}월 {local.day}일 {clock}" if language == "ko" else f"{local:%b} {local.day} {clock}"


def _rate(unit: str) -> tuple[str, str]:
    for ending in PER_SECOND:
        if unit.endswith(ending) and unit != ending:
            return unit.removesuffix(ending), "/s"
    return unit, ""


def _bytes(value: float) -> str:
    power = 0 if abs(value) < 1 else min(int(math.log(abs(value), 1024)), len(BINARY) - 1)
    return f"{plain(value / 1024**power)} {BINARY[power]}"
