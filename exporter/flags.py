"""Flags as data: what may be set, how it is written, and every mistake at once. Knows nothing of what flags mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

Setting = str | bool | int | float | timedelta | re.Pattern[str] | tuple[str, ...]

DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    timedelta: "a duration such as 5s",
    re.Pattern: "a regular expression",
}


class SettingsError(Exception):
    """The settings are wrong; `problems` has one line for each wrong one."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag: what it is called, its default (whose type says how it is written), and what it is for.

    A switch (bool) is `--flag` or `--no-flag`; a tuple's flag may be given several times; a duration is `1m30s`;
    a compiled pattern's text is a regular expression.
    """

    name: str
    default: Setting
    help: str
    choices: tuple[str, ...] = ()

    def value(self, text: str) -> Setting:
        """The setting that a text stands for; ValueError when it stands for none."""
        if self.choices and text not in self.choices:
            raise ValueError(f"is one of {', '.join(self.choices)}")
        try:
            return self._converted(text)
        except (KeyError, ValueError, re.error):
            raise ValueError(f"takes {KINDS[type(self.default)]}") from None

    def _converted(self, text: str) -> Setting:
        readers: dict[type, Callable[[str], Setting]] = {
            bool: lambda word: SWITCH[word.lower()],
            int: int,
            float: float,
            timedelta: duration,
            re.Pattern: re.compile,
            tuple: lambda word: (word,),
        }
        return readers.get(type(self.default), str)(text)


@dataclass(frozen=True, slots=True)
class Given:
    """What a list of arguments says: settings by flag name, and what is wrong with the rest."""

    settings: dict[str, Setting]
    problems: tuple[str, ...]
    unknown: tuple[str, ...]


def read(arguments: Sequence[str], flags: Iterable[Flag]) -> Given:
    """Read `--flag value`, `--flag=value`, `--switch` and `--no-switch`. The last one of a flag wins."""
    known = {flag.name: flag for flag in flags}
    settings: dict[str, Setting] = {}
    problems, unknown, rest = [], [], list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, text = word.partition("=")
        flag, off = _find(name, known)
        if flag is None:
            unknown.append(word)
            continue
        if isinstance(flag.default, bool) and not equals:
            text = "false" if off else "true"
        elif not equals and not rest:
            problems.append(f"{name} needs a value")
            continue
        elif not equals:
            text = rest.pop(0)
        try:
            value = flag.value(text)
        except ValueError as error:
            problems.append(f"{name} {error}, not {text!r}")
            continue
        earlier = settings.get(flag.name)
        both = isinstance(value, tuple) and isinstance(earlier, tuple)
        settings[flag.name] = earlier + value if both else value  # type: ignore[operator]
    return Given(settings, tuple(problems), tuple(unknown))


def nearest(word: str, flags: Iterable[Flag]) -> str:
    """What to say of a flag that isn't known."""
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes need it

    name = word.partition("=")[0]
    if not name.startswith("--"):
        return f"unexpected argument {word!r}"
    names = [name for flag in flags for name in _spellings(flag)]
    close = get_close_matches(name, names, n=1)
    return f"unknown flag {name}" + (f"; did you mean {close[0]}?" if close else "")


def duration(text: str) -> timedelta:
    """Go's way to write a duration: `5s`, `1m30s`, `250ms`."""
    if not DURATION.fullmatch(text):
        raise ValueError(text)
    parts = re.findall(r"([\d.]+)(ms|[smhd])", text)
    return timedelta(seconds=sum(float(count) * UNITS[unit] for count, unit in parts))


def help_text(program: str, flags: Iterable[Flag]) -> str:
    """All flags with their defaults, for people."""
    import textwrap  # noqa: PLC0415 - only people need it

    lines = [f"usage: {program} [FLAG ...]", ""]
    for flag in flags:
        switch = isinstance(flag.default, bool)
        lines.append(f"  {'--[no-]' + flag.name[2:] if switch else flag.name + '=' + _shown(flag)}")
        lines += textwrap.wrap(
            flag.help + (" (on by default)" if flag.default is True else ""),
            width=110,
            initial_indent="      ",
            subsequent_indent="      ",
        )
    return "\n".join(lines)


def _find(name: str, known: dict[str, Flag]) -> tuple[Flag | None, bool]:
    """The flag of that name, and whether `--no-` stands before it."""
    if name in known:
        return known[name], False
    flag = known.get("--" + name.removeprefix("--no-")) if name.startswith("--no-") else None
    return (flag, True) if flag is not None and isinstance(flag.default, bool) else (None, False)


def _spellings(flag: Flag) -> list[str]:
    return [flag.name, f"--no-{flag.name[2:]}"] if isinstance(flag.default, bool) else [flag.name]


def _shown(flag: Flag) -> str:
    match flag.default:
        case timedelta():
            return f"{flag.default.total_seconds():g}s"
        case re.Pattern():
            return flag.default.pattern or "..."
        case tuple():
            return ",".join(flag.default) or "..."
        case "":
            return "..."
        case _:
            return str(flag.default)
