"""The endpoints of planned silences: plan one, see them, end one."""

from __future__ import annotations

import uuid
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from analyzer.data import Silence
from analyzer.silencing import matcher_of, written
from analyzer.store import Silences
from analyzer.web import schema
from analyzer.web.endpoints import Door
from analyzer.web.errors import Refused
from analyzer.web.openapi import Endpoint
from analyzer.web.reading import body_of, json_of, query_of

# Each is held against each finding of each cycle.
MOST_AHEAD = 500


async def silences(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.SilencesAsked)
    now = door.clock()
    told = [_told(silence, now) for silence in await _kept(door).newest()]
    return json_of(schema.SilencesTold(silences=[one for one in told if asked.state in {None, one.state}]))


async def silence(door: Door, request: web.Request) -> web.Response:
    query_of(request, schema.NothingAsked)
    return json_of(_told(_known(request, await _kept(door).get(request.match_info["id"])), door.clock()))


async def add_silence(door: Door, request: web.Request) -> web.Response:
    asked = await body_of(request, schema.SilenceAsked, door.slowest_body)
    now = door.clock()
    planned = _planned(asked, now)
    if len(await _kept(door).newest(now)) >= MOST_AHEAD:
        raise Refused(HTTPStatus.BAD_REQUEST, f"there are {MOST_AHEAD} silences already: end some first")
    await _kept(door).add(planned)
    return json_of(_told(planned, now))


async def end_silence(door: Door, request: web.Request) -> web.Response:
    query_of(request, schema.NothingAsked)
    now = door.clock()
    return json_of(_told(_known(request, await _kept(door).end(request.match_info["id"], now)), now))


def _planned(asked: schema.SilenceAsked, now: datetime) -> Silence:
    starts_at = asked.starts_at or now
    if (asked.ends_at is None) == (asked.duration is None):
        raise Refused(HTTPStatus.BAD_REQUEST, "wrong body: say either ends_at or duration")
    ends_at = asked.ends_at or starts_at + schema.span_of(asked.duration or "0m")
    if ends_at <= max(starts_at, now):
        raise Refused(HTTPStatus.BAD_REQUEST, "wrong body: ends_at: must be later than starts_at, and than now")
    matchers = tuple(matcher_of(text) for text in asked.matchers)
    return Silence(uuid.uuid4().hex[:16], matchers, starts_at, ends_at, asked.comment, asked.created_by, now)


def _told(silence: Silence, now: datetime) -> schema.SilenceTold:
    state: schema.SilenceState = (
        "active" if silence.active(now) else "pending" if now < silence.starts_at else "expired"
    )
    return schema.SilenceTold(
        id=silence.id,
        state=state if silence.ends_at > now else "expired",
        matchers=[written(matcher) for matcher in silence.matchers],
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        comment=silence.comment,
        created_by=silence.created_by,
        created_at=silence.created_at,
    )


def _kept(door: Door) -> Silences:
    if door.silences is None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "this analyzer keeps no silences")
    return door.silences


def _known(request: web.Request, found: Silence | None) -> Silence:
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"there is no silence {request.match_info['id']!r}, or it is forgotten")
    return found


SILENCES = "/api/v1/silences"
REFUSALS = dict.fromkeys((400, 503), schema.ErrorTold)

SILENCE_ENDPOINTS = (
    Endpoint(
        "GET",
        SILENCES,
        silences,
        "Planned silences: those to come, those that hold, those that are over",
        schema.SilencesTold,
        query=schema.SilencesAsked,
        also=REFUSALS,
    ),
    Endpoint(
        "POST",
        SILENCES,
        add_silence,
        "Plan a silence: findings that all its matchers fit are recorded and not told",
        schema.SilenceTold,
        body=schema.SilenceAsked,
        also=dict.fromkeys((400, 408, 413, 415, 503), schema.ErrorTold),
    ),
    Endpoint(
        "GET",
        SILENCES + "/{id}",
        silence,
        "One planned silence",
        schema.SilenceTold,
        query=schema.NothingAsked,
        also=REFUSALS | {404: schema.ErrorTold},
    ),
    Endpoint(
        "DELETE",
        SILENCES + "/{id}",
        end_silence,
        "End a silence now; it stays on record",
        schema.SilenceTold,
        query=schema.NothingAsked,
        also=REFUSALS | {404: schema.ErrorTold},
    ),
)
