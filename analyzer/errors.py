"""Every error that a caller decides on. One class for each decision.

AnalyzerError
├── SettingsError          the user must change a setting; lists every wrong key at once
├── SourceError            a source of metrics did not give what was asked
│   ├── SourceUnreachable  nobody answered: try the next link of the chain
│   ├── SourceEmpty        it answered, but knows no such host: try the next link
│   ├── SourceStarting     it has only just begun: try the next link, and wait rather than complain
│   ├── QueryRefused       it answered that this query is wrong: trying elsewhere won't help
│   └── QueryUnsupported   this link can't compute it, a better one could
├── NotEnoughHistory       learning is not finished; says what is missing
├── WorkerLost             a process that learns or forecasts ended before it was done: do it again later
├── DeliveryError          a sink could not deliver
│   ├── DeliveryDelayed    try again later (unreachable, 429, 5xx)
│   └── DeliveryRefused    trying again won't help (400, 401, 403, 404)
└── StoreError             what must not be lost could not be written
"""

from __future__ import annotations


class AnalyzerError(Exception):
    """Anything that the analyzer raises on purpose."""


class SettingsError(AnalyzerError):
    """The settings are wrong; `problems` has one line for each wrong key."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class SourceError(AnalyzerError):
    """A source of metrics did not give what was asked."""


class SourceUnreachable(SourceError):
    """Nobody who would serve us answered at the source's address."""


class SourceEmpty(SourceError):
    """The source answered, but knows no host that was asked for."""


class SourceStarting(SourceError):
    """The source at `url` has nothing to give yet, and will soon: nothing is wrong.

    `loading`: it reads its own log back; else its first scrape comes within `first_scrape_seconds`, if that is known.
    """

    def __init__(
        self, message: str, url: str, *, loading: bool = False, first_scrape_seconds: float | None = None
    ) -> None:
        self.url = url
        self.loading = loading
        self.first_scrape_seconds = first_scrape_seconds
        super().__init__(message)


class QueryRefused(SourceError):
    """The source answered that the query itself is wrong."""


class QueryUnsupported(SourceError):
    """This source can't compute the query; another could."""


class NotEnoughHistory(AnalyzerError):
    """A model can't be fitted yet; the message says what is missing."""


class WorkerLost(AnalyzerError):
    """A process of ours ended before its work was done; the message says how."""


class DeliveryError(AnalyzerError):
    """A sink could not deliver."""


class DeliveryDelayed(DeliveryError):
    """The receiver may take it later. `retry_after_seconds` is its own wish, when it stated one."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class DeliveryRefused(DeliveryError):
    """The receiver will never take this one."""


class StoreError(AnalyzerError):
    """What must not be lost could not be written."""
