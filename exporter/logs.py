"""How the exporter writes its own log: one line an event on stderr, as logfmt or JSON."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
PLAIN = re.compile(r"[^\s\"=]+")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(level: str, form: str) -> None:
    """Send this program's log to stderr."""
    stream = logging.StreamHandler()
    stream.setFormatter(JsonFormatter() if form == "json" else LogfmtFormatter())
    log = logging.getLogger("exporter")
    log.handlers[:] = [stream]
    log.setLevel(LEVELS[level])
    log.propagate = False


class LogfmtFormatter(logging.Formatter):
    """`ts=... level=info msg="..." key=value`; a traceback is a field of the same line."""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{key}={_quoted(value)}" for key, value in event(self, record).items())


class JsonFormatter(logging.Formatter):
    """The same as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        import json  # noqa: PLC0415 - only where it is asked for

        return json.dumps(event(self, record), ensure_ascii=False)


def event(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, str]:
    """The fields of one line, in their order."""
    level = "warn" if record.levelno == logging.WARNING else record.levelname.lower()
    when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields = {"ts": when.replace("+00:00", "Z"), "level": level, "msg": record.getMessage()}
    fields |= {key: str(value) for key, value in vars(record).items() if key not in STANDARD}
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        fields["traceback"] = formatter.formatException(record.exc_info)
    return fields


def _quoted(text: str) -> str:
    if PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'
