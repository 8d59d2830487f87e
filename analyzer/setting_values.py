"""How single settings are written, and what is wrong with them: durations, addresses, hours, time zones."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


def parse_duration(text: object) -> timedelta:
    """Prometheus's own duration syntax ("15s", "1h30m", "7d"); ValueError names a right one."""
    if isinstance(text, timedelta):
        return text
    parts = re.findall(r"(\d+)(ms|s|m|h|d|w|y)", str(text))
    if not parts or "".join(number + unit for number, unit in parts) != str(text):
        raise ValueError(f"{text!r} is no duration: write it like 15s, 1h30m or 7d")
    return timedelta(seconds=sum(int(number) * UNITS[unit] for number, unit in parts))


def hours(text: str) -> tuple[time, time]:
    """(22:00, 07:00) of "22:00-07:00"."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", text)
    if not found:
        raise ValueError(f"{text!r} are no hours: write them like 22:00-07:00")
    begin, end = (time(int(found[place]), int(found[place + 1])) for place in (1, 3))
    return begin, end


def host_and_port(address: str) -> tuple[str, int]:
    """("127.0.0.1", 9095) of "127.0.0.1:9095"; an empty host means every address."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the largest TCP port
        raise ValueError(f"{address!r} is no HOST:PORT, such as 127.0.0.1:9095")
    return host.strip("[]"), int(port)


def web_address(url: str) -> str:
    """Without a slash at its end."""
    if not re.match(r"https?://[^/\s]+", url):
        raise ValueError(f"{url!r} is no address: write it like http://127.0.0.1:9090")
    return url.rstrip("/")


def timezone(name: str) -> str:
    """One that is known here."""
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}: write it like Asia/Seoul")
    return name


def _parted(urls: Any) -> Any:
    """The form of the flag: separated by commas."""
    return [url for url in urls.split(",") if url] if isinstance(urls, str) else urls


def _each(urls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(web_address(url) for url in urls)


def _if_any(read: Callable[[str], str]) -> Callable[[str], str]:
    """Empty where none is wanted."""
    return lambda text: read(text) if text else text


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
WebAddress = Annotated[str, AfterValidator(web_address)]
MaybeWebAddress = Annotated[str, AfterValidator(_if_any(web_address))]
WebAddresses = Annotated[tuple[str, ...], BeforeValidator(_parted), AfterValidator(_each)]
Timezone = Annotated[str, AfterValidator(timezone)]
MaybeTimezone = Annotated[str, AfterValidator(_if_any(timezone))]
