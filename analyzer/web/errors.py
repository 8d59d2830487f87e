"""Every error over HTTP in one shape: {"error": {"code", "message", "problems"}}. Bad input is 4xx, never 500.

500 is a mistake of ours, told like the others and no closer: what was raised is in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Middleware
from pydantic import ValidationError

from analyzer.errors import AnalyzerError
from analyzer.web.events import EVENTS
from analyzer.web.mishaps import Mishaps
from analyzer.web.schema import ErrorDetail, ErrorTold, Problem

log = logging.getLogger(__name__)

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.EXPECTATION_FAILED: "expectation_failed",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout",
}
LONGEST_MESSAGE = 300


class Refused(Exception):
    """An endpoint's way to say no: a status and why."""

    def __init__(self, status: HTTPStatus, message: str, problems: Sequence[Problem] = ()) -> None:
        self.status = status
        self.problems = tuple(problems)
        super().__init__(message)


def refusal(error: ValidationError, what: str) -> Refused:
    """All that is wrong with what a client sent, named at once."""
    problems = [
        Problem(where=".".join(map(str, e["loc"])), message=e["msg"].removeprefix("Value error, ")[:LONGEST_MESSAGE])
        for e in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    said = "; ".join(f"{p.where}: {p.message}" if p.where else p.message for p in problems[:5])
    return Refused(HTTPStatus.BAD_REQUEST, f"{what}: {said}", problems)


def errors_as_json(mishaps: Mishaps) -> Middleware:
    @web.middleware
    async def tell(request: web.Request, handler: Answering) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as error:
            return told(error.status, str(error), error.problems)
        except web.HTTPException as error:
            return _server_said(request, error)
        except AnalyzerError as error:
            log.warning("%s %s can't be answered: %s", request.method, request.path, error)
            return told(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except Exception as error:  # noqa: BLE001 - the one place: one request's bug costs only its own answer
            mishaps.note(request, error)
            return await _owned_up(request)

    return tell


async def _owned_up(request: web.Request) -> web.StreamResponse:
    """A stream that began with 200 can only end with an event that says so."""
    message = f"{request.path} could not be answered: a mistake of the analyzer's; its log says more"
    if EVENTS not in request:
        return told(HTTPStatus.INTERNAL_SERVER_ERROR, message)
    events = request[EVENTS]
    with suppress(ConnectionResetError):  # who hung up wants no more of it
        await events.send("error", error_told(HTTPStatus.INTERNAL_SERVER_ERROR, message))
    return events.response


def _server_said(request: web.Request, error: web.HTTPException) -> web.Response:
    """What aiohttp refuses by itself, before or while an endpoint runs."""
    match error:
        case web.HTTPRequestEntityTooLarge():
            return told(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is too large: {error.text}")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            message = f"{request.path} knows no {error.method}, only {allowed}"
            return told(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": allowed})
        case web.HTTPNotFound():
            return told(HTTPStatus.NOT_FOUND, f"there is nothing at {request.path}; /openapi.json tells what there is")
        case _:
            return told(HTTPStatus(error.status), error.text or error.reason)


def told(
    status: HTTPStatus, message: str, problems: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
) -> web.Response:
    body = error_told(status, message, problems).model_dump_json().encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def error_told(status: HTTPStatus, message: str, problems: Sequence[Problem] = ()) -> ErrorTold:
    code = CODES.get(status, status.name.lower())
    return ErrorTold(error=ErrorDetail(code=code, message=message, problems=list(problems)))
