"""GET /api/v1/logs: recent lines and templates as JSON, for the analyzer and for people.

Asked with `start`, `end` (epoch seconds or RFC 3339), `severity` (that or worse), `source`, `limit`; all optional.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from exporter.collectors.logs_book import Book, Entry, Wish
from exporter.collectors.logs_severity import SEVERITIES
from exporter.collectors.logs_templates import Template
from exporter.request import Request, Response

MOST = 1_000
PARAMETERS = {"start", "end", "severity", "source", "limit"}
JSON_TYPE = "application/json; charset=utf-8"


def answer(book: Book, request: Request, *, lines: bool) -> Response:
    """The page; 400 with what is wrong when the question can't be understood."""
    try:
        wish = wish_of(request)
    except ValueError as error:
        return _response({"status": "error", "error": str(error)}, HTTPStatus.BAD_REQUEST)
    data = {
        "lines": [_line(entry) for entry in book.lines(wish)] if lines else [],
        "templates": [_template(template, text, example=lines) for template, text in book.templates(wish)],
    }
    return _response({"status": "success", "data": data}, HTTPStatus.OK)


def wish_of(request: Request) -> Wish:
    """What is asked for; ValueError says what can't be understood."""
    given = dict(request.query)
    unknown = sorted(given.keys() - PARAMETERS)
    if unknown:
        raise ValueError(f"unknown parameter {unknown[0]!r}; there are {', '.join(sorted(PARAMETERS))}")
    severity = given.get("severity", "unknown")
    if severity not in SEVERITIES:
        raise ValueError(f"severity is one of {', '.join(SEVERITIES)}, not {severity!r}")
    limit = given.get("limit", "100")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MOST:
        raise ValueError(f"limit is a number from 1 to {MOST}, not {limit!r}")
    start, end = _seconds("start", given.get("start"), 0.0), _seconds("end", given.get("end"), math.inf)
    return Wish(start, end, severity, given.get("source", ""), int(limit))


def _seconds(name: str, text: str | None, otherwise: float) -> float:
    """Seconds since the epoch."""
    if not text:
        return otherwise
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if math.isfinite(seconds):
            return seconds
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is a time in epoch seconds or RFC 3339, not {text!r}") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "time": _time(entry.seconds),
        "source": entry.source,
        "severity": entry.severity,
        "template": entry.template,
        "text": entry.text,
    }


def _template(template: Template, text: str, *, example: bool) -> dict[str, Any]:
    return {
        "id": template.identity,
        "source": template.source,
        "severity": template.severity,
        "template": text,
        "count": template.count,
        "first": _time(template.first_seconds),
        "last": _time(template.last_seconds),
    } | ({"example": template.example} if example else {})


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _response(content: dict[str, Any], status: HTTPStatus) -> Response:
    return Response(json.dumps(content, ensure_ascii=False).encode(), JSON_TYPE, status)
