"""Every error over HTTP in one shape: {"error": {"code", "message", "problems"}}. Bad input is 4xx, never 500."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from analyzer.errors import AnalyzerError
from analyzer.web.schema import ErrorDetail, ErrorTold, Problem

log = logging.getLogger(__name__)

CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.EXPECTATION_FAILED: "expectation_failed",
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


@web.middleware
async def errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as error:
        return told(error.status, str(error), error.problems)
    except web.HTTPException as error:
        return _server_said(request, error)
    except AnalyzerError as error:
        log.warning("%s %s can't be answered: %s", request.method, request.path, error)
        return told(HTTPStatus.SERVICE_UNAVAILABLE, str(error))


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
