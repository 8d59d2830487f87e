r"""Which group a process belongs to: rules in process-exporter's YAML format.

    process_names:
      - name: "{{.Comm}}"        # {{.ExeBase}} when there is none
        comm: [bash, sh]         # one of them
        exe: [/usr/bin/python3]  # argv[0]: whole when it has a slash, else its last part; one of them
        cmdline: ['-m (?P<what>\S+)']  # regular expressions, all of them

The first rule that matches wins. https://github.com/ncabatoff/process-exporter#using-a-config-file
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.flags import SettingsError

FIELD = re.compile(r"\{\{-?\s*(?P<field>.*?)\s*-?\}\}")
MATCHED = re.compile(r"\.Matches\.(?P<name>\w+)")
SELECTORS = ("comm", "exe", "cmdline")
DEFAULT_NAME = "{{.ExeBase}}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What rules look at. What is costly to know is a function."""

    comm: str
    arguments: tuple[str, ...]
    pid: str
    username: Callable[[], str]
    started: Callable[[], str]
    cgroups: Callable[[], Sequence[str]]

    @property
    def executable(self) -> str:
        return self.arguments[0] if self.arguments else self.comm

    def field(self, name: str) -> str:
        """What a template's field stands for."""
        return FIELDS[name](self)


FIELDS: Mapping[str, Callable[[Candidate], str]] = {
    ".Comm": lambda process: process.comm,
    ".ExeFull": lambda process: process.executable,
    ".ExeBase": lambda process: _last_part(process.executable),
    ".Username": lambda process: process.username(),
    ".PID": lambda process: process.pid,
    ".StartTime": lambda process: process.started(),
    ".Cgroups": lambda process: f"[{' '.join(process.cgroups())}]",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """All selectors that a rule has must match. None means that it has no such selector."""

    name: str
    comm: frozenset[str] | None = None
    exe: Mapping[str, str] | None = None
    cmdline: tuple[re.Pattern[str], ...] | None = None

    def group(self, process: Candidate) -> str | None:
        """The group's name; None when the rule doesn't match."""
        if self.comm is not None and process.comm not in self.comm:
            return None
        if self.exe is not None and not self._runs(process.arguments):
            return None
        captures: dict[str, str] = {}
        line = " ".join(process.arguments)
        for pattern in self.cmdline or ():
            found = pattern.search(line)
            if found is None:
                return None
            captures.update({name: text or "" for name, text in found.groupdict().items()})
        return FIELD.sub(lambda match: _filled(match["field"], process, captures), self.name)

    def _runs(self, arguments: tuple[str, ...]) -> bool:
        if not arguments or self.exe is None:
            return False
        whole = self.exe.get(_last_part(arguments[0]))
        return whole is not None and whole in {"", arguments[0]}


def load(path: str) -> tuple[Rule, ...]:
    """The rules of a file; SettingsError tells all that is wrong with it."""
    import yaml  # noqa: PLC0415 - costs memory that a host without rules keeps

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError([f"can't read the rules for processes in {path}: {error}"]) from error
    entries = content.get("process_names") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise SettingsError([f"{path} holds no rules for processes: it needs a list process_names"])
    problems = [f"{path}: rule {at}: {why}" for at, entry in enumerate(entries, 1) for why in _problems(entry)]
    if problems:
        raise SettingsError(problems)
    return tuple(_rule(entry) for entry in entries)


def _problems(entry: Any) -> list[str]:
    """What is wrong with one entry of the file."""
    if not isinstance(entry, dict):
        return ["is no mapping"]
    problems = [f"unknown key {key!r}" for key in entry if key not in {"name", *SELECTORS}]
    if not any(entry.get(key) for key in SELECTORS):
        problems.append("has none of comm, exe, cmdline")
    problems += [f"{key} is no list of texts" for key in SELECTORS if not _texts(entry.get(key, []))]
    problems += [f"cmdline {text!r}: {why}" for text in _listed(entry, "cmdline") if (why := _flaw(str(text)))]
    fields = FIELD.findall(str(entry.get("name", DEFAULT_NAME)))
    problems += [f"name: can't fill in {{{{{field}}}}}" for field in fields if not _known(field)]
    return problems


def _rule(entry: dict[str, Any]) -> Rule:
    exe = {_last_part(text): text if "/" in text else "" for text in _listed(entry, "exe")}
    return Rule(
        str(entry.get("name") or DEFAULT_NAME),
        frozenset(_listed(entry, "comm")) if entry.get("comm") else None,
        exe or None,
        tuple(re.compile(text) for text in _listed(entry, "cmdline")) if entry.get("cmdline") else None,
    )


def _listed(entry: dict[str, Any], key: str) -> list[str]:
    found = entry.get(key)
    return [str(text) for text in found] if isinstance(found, list) else []


def _texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(text, str | int | float) for text in found)


def _flaw(pattern: str) -> str:
    """Why this is no regular expression; empty when it is one."""
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""


def _known(field: str) -> bool:
    return field in FIELDS or MATCHED.fullmatch(field) is not None


def _filled(field: str, process: Candidate, captures: Mapping[str, str]) -> str:
    matched = MATCHED.fullmatch(field)
    # Go writes a key that is missing from a map so, and process-exporter with it.
    return captures.get(matched["name"], "<no value>") if matched else process.field(field)


def _last_part(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path
