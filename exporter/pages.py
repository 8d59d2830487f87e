"""What is answered at which path: the scrape, the landing page, health, and the pages of collectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from exporter.errands import Route
from exporter.host import Wish
from exporter.request import OPENMETRICS, TEXT, Request, Response, accepts_gzip, openmetrics_version, refusal

LANDING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>OpenManager exporter</title></head>
<body><h1>OpenManager exporter</h1><p>Metrics of this host, under node_exporter's names.</p>
<ul>{links}</ul></body></html>
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A scrape that a request asks for, and how its answer is to be labelled."""

    wish: Wish
    content_type: str

    def response(self, body: bytes) -> Response:
        headers = {"Content-Encoding": "gzip"} if self.wish.gzip else {}
        return Response(body, self.content_type, headers=headers)


@dataclass(frozen=True, slots=True)
class Pages:
    """The site of one exporter."""

    collectors: tuple[str, ...]
    telemetry_path: str = "/metrics"
    routes: Mapping[str, Route] = field(default_factory=dict)

    def answer(self, request: Request) -> Response | Asked | Route:
        """What this request gets: an answer, a scrape to be made, or a function to be run for it."""
        if request.method not in {"GET", "HEAD"}:
            reason = f"{request.method} is not known here; GET and HEAD are"
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED, reason, Allow="GET, HEAD")
        if request.path == self.telemetry_path:
            return self._scrape(request)
        if request.path in self.routes:
            return self.routes[request.path]
        if request.path == "/-/healthy":
            return Response(b"OpenManager exporter is healthy.\n")
        if request.path == "/":
            return self._landing()
        return refusal(HTTPStatus.NOT_FOUND, f"nothing at {request.path}; metrics are at {self.telemetry_path}")

    def _scrape(self, request: Request) -> Response | Asked:
        collect, exclude = request.all("collect[]"), request.all("exclude[]")
        if collect and exclude:
            return refusal(HTTPStatus.BAD_REQUEST, "collect[] and exclude[] can't be combined")
        if unknown := sorted({*collect, *exclude} - {*self.collectors}):
            return refusal(HTTPStatus.BAD_REQUEST, f"no such collector, or it is off: {', '.join(unknown)}")
        chosen = collect or self.collectors
        names = tuple(name for name in self.collectors if name in chosen and name not in exclude)
        version = openmetrics_version(request.headers.get("accept", ""))
        gzip = accepts_gzip(request.headers.get("accept-encoding", ""))
        content_type = OPENMETRICS.format(version) if version else TEXT
        return Asked(Wish(names, openmetrics=bool(version), gzip=gzip), content_type)

    def _landing(self) -> Response:
        paths = sorted({self.telemetry_path, "/-/healthy", *self.routes})
        links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in paths)
        return Response(LANDING.format(links=links).encode(), "text/html; charset=utf-8")
