"""The endpoints of incidents: those there are, and one in full."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from analyzer.data import Incident, IncidentFilter, Severity
from analyzer.web import schema
from analyzer.web.endpoints import Door, IncidentReader
from analyzer.web.errors import Refused
from analyzer.web.openapi import Endpoint
from analyzer.web.reading import json_of, query_of


async def incidents(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.IncidentsAsked)
    severity = None if asked.severity is None else Severity[asked.severity.upper()]
    wanted = IncidentFilter(asked.host, severity, asked.open, asked.since, asked.limit)
    found = await _kept(door).find(wanted)
    return json_of(schema.IncidentsTold(incidents=[door.views_in(asked.timezone).incident(one) for one in found]))


async def incident(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.SpokenAsked)
    return json_of(door.views_in(asked.timezone).incident(await _known(door, request.match_info["id"])))


async def _known(door: Door, name: str) -> Incident:
    """By its id, or the fingerprint of one of its findings."""
    found = await _kept(door).get(name)
    if found is None and door.finding is not None:
        finding = await door.finding(name)
        found = await _kept(door).get(finding.incident) if finding is not None else None
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"there is no incident {name!r}, or it is forgotten")
    return found


def _kept(door: Door) -> IncidentReader:
    if door.incidents is None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "this analyzer keeps no incidents")
    return door.incidents


INCIDENTS = "/api/v1/incidents"
REFUSALS = dict.fromkeys((400, 503), schema.ErrorTold)

INCIDENT_ENDPOINTS = (
    Endpoint(
        "GET",
        INCIDENTS,
        incidents,
        "Incidents, open or over, newest first: findings of one story as one, on one host or several",
        schema.IncidentsTold,
        query=schema.IncidentsAsked,
        also=REFUSALS,
    ),
    Endpoint(
        "GET",
        INCIDENTS + "/{id}",
        incident,
        "One incident, by its id or the fingerprint of one of its findings",
        schema.IncidentTold,
        query=schema.SpokenAsked,
        also=REFUSALS | {404: schema.ErrorTold},
    ),
)
