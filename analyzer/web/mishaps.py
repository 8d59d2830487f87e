"""What endpoints raised by mistake: logged with its traceback and counted, so that a bug never hides in an answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)


@dataclass(eq=False)  # a registry knows its collectors by identity
class Mishaps(Collector):
    """Register it where the analyzer's own metrics are collected."""

    counted: int = 0

    def note(self, request: web.Request, error: Exception) -> None:
        self.counted += 1
        log.error("%s %s failed by a mistake of ours", request.method, request.path, exc_info=error)

    def collect(self) -> Iterator[Metric]:
        meaning = "Requests that failed by a mistake of the analyzer; the log has each with its traceback."
        yield CounterMetricFamily("openmanager_http_failures", meaning, self.counted)
