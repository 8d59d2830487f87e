"""The web page: files of static/, read once, served with a policy under which no other script or host has a part."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).with_name("static")
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    "": "text/plain",  # LICENSE
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"  # a browser that knows it refuses text as markup
)
# Asked again each time, answered with 304 while nothing changed: a new version is there at once.
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}


def page_routes() -> Iterator[web.RouteDef]:
    """`/` and everything it loads."""
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            name = path.relative_to(STATIC).as_posix()
            yield web.get("/" if name == "index.html" else f"/static/{name}", _served(path))


def _served(path: Path) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = path.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**HEADERS, "ETag": tag}

    async def answer(request: web.Request) -> web.Response:
        if tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        response = web.Response(body=body, headers=headers, content_type=TYPES[path.suffix], charset="utf-8")
        response.enable_compression()
        return response

    return answer
