"""The dashboards as code. `python -m grafana.boards` writes their JSON; `--check` only compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards.analyzer import analyzer
from grafana.boards.fleet import fleet
from grafana.boards.host import host

BOARDS: Mapping[str, Callable[[], Dashboard]] = {"fleet": fleet, "host": host, "analyzer": analyzer}
