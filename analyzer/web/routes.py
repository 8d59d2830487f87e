"""The analyzer's HTTP door: one table of endpoints, from which both the server and /openapi.json are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from analyzer.web import endpoints, schema
from analyzer.web.endpoints import Door
from analyzer.web.errors import errors_as_json
from analyzer.web.incidents import INCIDENT_ENDPOINTS
from analyzer.web.openapi import Endpoint, document
from analyzer.web.page import page_routes
from analyzer.web.page_routes import PAGE_ENDPOINTS
from analyzer.web.policy import NOTHING
from analyzer.web.silences import SILENCE_ENDPOINTS

LARGEST_BODY = 64 * 1024

# Nothing this server answers is a page with scripts of others, and nothing may frame it or guess its types.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": NOTHING,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "openmanager",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

METRICS = ("text/plain", "application/openmetrics-text")
ABOUT_A_HOST = dict.fromkeys((400, 404, 503), schema.ErrorTold)

ENDPOINTS = (
    Endpoint("GET", "/-/healthy", endpoints.healthy, "Whether the process lives", schema.AliveTold),
    Endpoint(
        "GET",
        "/-/ready",
        endpoints.ready,
        "Whether the last cycle can be relied on, who served it, and if not, why",
        schema.ReadinessTold,
        also={503: schema.ReadinessTold},
    ),
    Endpoint("GET", "/metrics", endpoints.metrics, "Derived metrics for Prometheus", None, texts=METRICS),
    Endpoint(
        "GET",
        "/api/v1/hosts",
        endpoints.hosts,
        "Every host in one entry",
        schema.HostsTold,
        query=schema.SpokenAsked,
        also={400: schema.ErrorTold, 503: schema.ErrorTold},
    ),
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}",
        endpoints.host,
        "All that the last cycle learned about one host, by instance or an unambiguous nodename",
        schema.HostDetailTold,
        query=schema.SpokenAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}/forecast",
        endpoints.forecast,
        "Where a host's features are heading, with intervals, and when a limit is reached",
        schema.ForecastsTold,
        query=schema.NothingAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}/health",
        endpoints.health,
        "A host's health and what took points away, and how much headroom is left",
        schema.HostHealthTold,
        query=schema.NothingAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}/states",
        endpoints.states,
        "A host's usual states, when it is in them and what follows them",
        schema.StatesTold,
        query=schema.NothingAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/findings",
        endpoints.findings,
        "Findings, firing or ended, newest first",
        schema.FindingsTold,
        query=schema.FindingsAsked,
        also={400: schema.ErrorTold, 503: schema.ErrorTold},
    ),
    Endpoint(
        "GET",
        "/api/v1/report",
        endpoints.written,
        "A report on a stretch of time, to read or to keep",
        None,
        query=schema.WrittenAsked,
        also=dict.fromkeys((400, 503, 504), schema.ErrorTold),
        texts=("text/markdown", "text/html", "application/json"),
    ),
    Endpoint(
        "POST",
        "/api/v1/query",
        endpoints.query,
        "A question in English or Korean, answered with its evidence; streamed to who accepts server-sent events",
        schema.AnswerTold,
        texts=("text/event-stream",),
        body=schema.QuestionAsked,
        also=dict.fromkeys((400, 408, 413, 415, 503, 504), schema.ErrorTold),
    ),
    *INCIDENT_ENDPOINTS,
    *SILENCE_ENDPOINTS,
    *PAGE_ENDPOINTS,
)


def build_app(door: Door) -> web.Application:
    """The whole server side; app runs it. Reads the page's files once."""
    app = web.Application(middlewares=[errors_as_json(door.mishaps)], client_max_size=LARGEST_BODY)
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            app.router.add_get(endpoint.path, _bound(door, endpoint))
        else:
            app.router.add_route(endpoint.method, endpoint.path, _bound(door, endpoint))
    app.add_routes(page_routes())
    app.router.add_get("/openapi.json", _described(document(ENDPOINTS, door.version)))
    app.on_response_prepare.append(_add_headers)
    app.on_shutdown.append(_ending(door))
    return app


def _ending(door: Door) -> Callable[[web.Application], Awaitable[None]]:
    """Streams that would never end by themselves end with the server."""

    async def close(_app: web.Application) -> None:
        door.summaries.closed.set()

    return close


def _bound(door: Door, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await endpoint.answer(door, request)

    return answer


def _described(body: bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return answer


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]
