"""A chain of sources, best first: the first that answers serves, and the answer says why better ones did not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar, runtime_checkable

from analyzer.data import Failure, Fetched, Sample, Series, Window
from analyzer.errors import QueryRefused, SourceEmpty, SourceError, SourceStarting, SourceUnreachable
from analyzer.interfaces import Queries, Source

T = TypeVar("T")
_NAMED = 5  # hosts that a message lists


class Link(Source, Queries, Protocol):
    """What a chain is made of."""


@dataclass(frozen=True, slots=True)
class FallbackSource:
    """Asks its links in order, at each fetch from the first: a better one is used again as soon as it answers.

    When none answers, the last known fleet is given again, marked as `stale` and with its own old times.
    """

    links: tuple[Link, ...]
    name: str = "fallback"
    _last: list[Fetched] = field(default_factory=list, init=False, repr=False)
    _steps: list[timedelta] = field(default_factory=list, init=False, repr=False)  # the finest asked for so far
    _known: list[str] = field(default_factory=list, init=False, repr=False)  # by the best link, when it last served

    async def fetch(self, window: Window, host: str | None = None, features: tuple[str, ...] | None = None) -> Fetched:
        """The first link's answer. SourceUnreachable, with every link's reason, when there is nothing to give.

        SourceStarting when the best link is still to begin, and no other serves.

        The history of one host is never made up of the last known: it is asked for to learn from.
        """
        reasons: list[str] = []
        try:
            fetched = await _first(self.links, lambda link: link.fetch(window, host, features), reasons)
        except (SourceUnreachable, SourceEmpty, SourceStarting):
            if host is not None or not self._last:
                raise
            return _old(self._last[0], "; ".join(reasons))
        if host is not None:
            return replace(fetched, fallback_reason="; ".join(reasons))
        if reasons:
            fetched = replace(_confessed(fetched, self._known, window), fallback_reason="; ".join(reasons))
        if features is None and (not self._steps or window.step <= self._steps[0]):
            self._keep(window, fetched, best=not reasons)
        return fetched

    def _keep(self, window: Window, fetched: Fetched, *, best: bool) -> None:
        """The last known is of now: a long history at coarser steps also has hosts that left weeks ago."""
        self._steps[:], self._last[:] = [window.step], [fetched]
        if best:
            self._known[:] = [known.name for known in fetched.fleet.hosts]

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        """The first link's answer. QueryRefused at once: another link would not take the query either."""
        return await _first(self.links, lambda link: link.instant(promql, at), [])

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        """The first link's answer. QueryRefused at once, as for `instant`."""
        return await _first(self.links, lambda link: link.range(promql, window), [])

    async def poll(self) -> None:
        """Keep warm what a link must have at hand before it is needed."""
        for link in self.links:
            if isinstance(link, Polled):
                await link.poll()

    async def close(self) -> None:
        for link in self.links:
            await link.close()


@runtime_checkable
class Polled(Protocol):
    """A link that gathers its data itself and wants to be asked to, again and again."""

    async def poll(self) -> None: ...


async def _first(links: Sequence[Link], ask: Callable[[Link], Awaitable[T]], reasons: list[str]) -> T:
    """The first answer. `reasons` collects why earlier links gave none; it is also what the final error says."""
    errors: list[SourceError] = []
    for link in links:
        try:
            return await ask(link)
        except QueryRefused:
            raise
        except SourceError as error:
            errors.append(error)
            reasons.append(f"{link.name}: {error}")
    if errors and isinstance(errors[0], SourceStarting):  # the best link serves soon: that is what there is to say
        raise errors[0]
    if all(isinstance(error, SourceEmpty) for error in errors):
        raise SourceEmpty("; ".join(reasons))
    raise SourceUnreachable("; ".join(reasons))


def _confessed(fetched: Fetched, known: Sequence[str], window: Window) -> Fetched:
    """Say which hosts are known but were not looked at: having no target for a host does not make it silent."""
    asked = {host.name for host in fetched.fleet.hosts} | {failure.host for failure in fetched.failures}
    left = tuple(name for name in known if name not in asked)
    if not left:
        return fetched
    named = ", ".join(left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
    failure = Failure("fetch", f"{len(left)} hosts are no targets of the {fetched.source}: {named}", window.end)
    return replace(fetched, failures=(*fetched.failures, failure), not_asked=left)


def _old(last: Fetched, reason: str) -> Fetched:
    newest = datetime.fromtimestamp(last.fleet.times[-1], tz=UTC)
    said = f"{reason}; the last known data are of {newest:%Y-%m-%d %H:%M:%S} UTC"
    return replace(last, source="last known", failures=(), fallback_reason=said, stale=True)
