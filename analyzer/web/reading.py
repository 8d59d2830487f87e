"""What a request holds, checked against its shape, and an answer's shape as JSON."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from analyzer.web.errors import Refused, refusal
from analyzer.web.schema import Asked as AnyAsked

SMALLEST_PACKED = 1024

Asked = TypeVar("Asked", bound=AnyAsked)


def json_of(told: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    body = told.model_dump_json().encode()
    response = web.Response(body=body, status=status, content_type="application/json")
    if len(body) > SMALLEST_PACKED:
        response.enable_compression()  # for who accepts it; much is said again and again for each host
    return response


def query_of(request: web.Request, shape: type[Asked]) -> Asked:
    given = request.query
    if twice := sorted({name for name in given if len(given.getall(name)) > 1}):
        raise Refused(HTTPStatus.BAD_REQUEST, f"given more than once: {', '.join(twice)}")
    try:
        return shape.model_validate(dict(given))
    except ValidationError as error:
        raise refusal(error, "wrong parameters") from None


async def body_of(request: web.Request, shape: type[Asked], slowest: timedelta) -> Asked:
    if request.content_type != "application/json":
        given = request.headers.get("Content-Type") or "nothing"
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send Content-Type: application/json, not {given}")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body without Content-Encoding")
    try:
        async with asyncio.timeout(slowest.total_seconds()):
            body = await request.read()
    except TimeoutError:
        raise Refused(
            HTTPStatus.REQUEST_TIMEOUT, f"the body did not come within {slowest.total_seconds():g} s"
        ) from None
    except (web.RequestPayloadError, ConnectionResetError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body could not be read: {error}") from None
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise refusal(error, "wrong body") from None
