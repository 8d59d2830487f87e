"""Server-sent events: an answer as it comes, one JSON document an event."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel

TYPE = "text/event-stream"


def wants_events(request: web.Request) -> bool:
    """Whether the client named server-sent events among what it accepts."""
    accepted = ",".join(request.headers.getall("Accept", [])).lower().split(",")
    return any(one.partition(";")[0].strip() == TYPE for one in accepted)


@dataclass(frozen=True)
class Events:
    """A response that is written event by event. ConnectionResetError when the client is gone."""

    response: web.StreamResponse

    @classmethod
    async def begin(cls, request: web.Request) -> Events:
        """A proxy in between is asked to hold nothing back."""
        response = web.StreamResponse(headers={"Content-Type": TYPE, "X-Accel-Buffering": "no"})
        await response.prepare(request)
        request[EVENTS] = cls(response)
        return request[EVENTS]

    async def send(self, event: str, told: BaseModel) -> None:
        """JSON has no line breaks of its own, so one data line holds it."""
        await self.response.write(f"event: {event}\ndata: {told.model_dump_json()}\n\n".encode())


EVENTS = web.RequestKey("events", Events)
