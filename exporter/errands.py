"""Pages that collectors serve: their functions run off the server's loop; one that hangs costs its own page only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from exporter.patience import Batch, Lane
from exporter.request import Request, Response, refusal

log = logging.getLogger("exporter")

Route = Callable[[Request], Response]
PAGE_SECONDS = 10.0
MOST_UNDER_WAY = 32


class Errand:
    """One run of a page's function: a step that may hang."""

    def __init__(self, route: Route, request: Request) -> None:
        self.route = route
        self.request = request
        self.failed = False
        self.response = refusal(HTTPStatus.GATEWAY_TIMEOUT, f"{request.path} took more than {PAGE_SECONDS:g} s")

    def deadline(self, began: float) -> float:
        return began + PAGE_SECONDS

    def give_up(self) -> bool:
        return False

    def work(self) -> None:
        try:
            self.response = self.route(self.request)
        except Exception:
            log.exception("page failed", extra={"path": self.request.path})
            self.failed = True
            self.response = refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"{self.request.path} failed; the log says why")


class Errands:
    """All errands under way. All methods belong to the server's loop. `failed` hears of each that failed by a bug."""

    def __init__(self, name: str, later: Callable[[Callable[[], None]], None], failed: Callable[[], None]) -> None:
        self.lane = Lane(name)
        self._later = later
        self._failed = failed
        self._under_way: set[Batch] = set()

    def run(self, route: Route, request: Request, reply: Callable[[Response], None]) -> None:
        """Have `reply` called with what the page's function gives."""
        if len(self._under_way) >= MOST_UNDER_WAY:
            reply(refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"{MOST_UNDER_WAY} requests are under way already"))
            return
        errand = Errand(route, request)

        def done() -> None:
            self._under_way.discard(batch)
            if errand.failed:
                self._failed()
            reply(errand.response)

        batch = Batch([errand], lambda: self._later(done))
        self._under_way.add(batch)
        self.lane.start(batch)

    def advance(self) -> float | None:
        """Give up what hangs. Gives the seconds until to look again."""
        return min((self.lane.watch(batch) for batch in self._under_way), default=None)
