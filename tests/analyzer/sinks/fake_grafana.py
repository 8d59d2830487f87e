"""A Grafana of paper over real HTTP: its annotation API as documented, and every way in which it can fail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

TOKEN = "glsa_for_tests"
LONGEST_TAGS = 500

Mood = Literal["well", "slow", "cut after", "cut before", "html", "no id"]


@dataclass
class FakeGrafana:
    """`annotations` by id. `status` other than 200 is answered to everything; `mood` says how it fails otherwise."""

    annotations: dict[int, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    mood: Mood = "well"
    token: str = TOKEN
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application(middlewares=[self._moods])
        app.router.add_post("/api/annotations", self._add)
        app.router.add_get("/api/annotations", self._find)
        app.router.add_patch("/api/annotations/{id}", self._patch)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def _moods(self) -> Any:
        @web.middleware
        async def moods(request: web.Request, handler: Any) -> web.StreamResponse:
            self.calls.append(f"{request.method} {request.path}")
            if self.mood == "cut before":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            if self.status != 200:
                body = {"message": f"told to answer {self.status}"}
                return web.json_response(body, status=self.status, headers=self.headers)
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                return web.json_response({"message": "Invalid API key"}, status=401)
            return await self._answered(request, await handler(request))

        return moods

    async def _answered(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        """The deed is done; whether its answer arrives is another matter."""
        writes = request.method != "GET"
        if self.mood == "slow" and writes:
            await asyncio.sleep(60)
        if self.mood == "cut after" and writes:
            assert request.transport is not None
            request.transport.abort()
        if self.mood == "html":
            return web.Response(text="<html>Please log in</html>", content_type="text/html")
        return web.json_response({"message": "Annotation added"}) if self.mood == "no id" and writes else answer

    async def _add(self, request: web.Request) -> web.Response:
        sent = await request.json()
        problem = _wrong(sent)
        if problem:
            return web.json_response({"message": problem}, status=400)
        number = max(self.annotations, default=0) + 1
        kept = {"id": number, "timeEnd": sent["time"], **sent, "tags": [_as_grafana_keeps(t) for t in sent["tags"]]}
        self.annotations[number] = kept
        return web.json_response({"message": "Annotation added", "id": number})

    async def _find(self, request: web.Request) -> web.Response:
        tags = set(request.query.getall("tags", []))
        found = [kept for kept in self.annotations.values() if tags <= set(kept["tags"])]
        return web.json_response(sorted(found, key=lambda kept: -kept["time"])[: int(request.query.get("limit", 100))])

    async def _patch(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        if number not in self.annotations:
            return web.json_response({"message": "Annotation not found"}, status=404)
        change = await request.json()
        if not set(change) <= {"text", "tags", "time", "timeEnd"}:
            return web.json_response({"message": "bad request data"}, status=400)
        self.annotations[number] |= change
        return web.json_response({"message": "Annotation patched"})


def _wrong(sent: dict[str, Any]) -> str:
    if not sent.get("text"):
        return "Failed to save annotation"
    types = {"time": int, "timeEnd": int, "tags": list, "text": str, "dashboardUID": str, "panelId": int}
    if any(not isinstance(value, types.get(key, ())) for key, value in sent.items()):
        return "bad request data"
    if sum(len(tag.encode()) + 3 for tag in sent["tags"]) > LONGEST_TAGS:
        return "Tags length exceeds the maximum allowed."
    return ""


def _as_grafana_keeps(tag: str) -> str:
    """It splits a tag at its colons and keeps the first two parts (pkg/services/tag)."""
    return ":".join(part.strip(" ") for part in tag.split(":")[:2])
