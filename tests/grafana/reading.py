"""Reads the generated dashboards as Grafana would: variables filled in, each query with its time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.conftest import ROOT

FOLDER = ROOT / "grafana/dashboards"
NAMES = ("fleet", "host", "analyzer")


@dataclass(frozen=True)
class Asked:
    """One expression of a dashboard, and whether it is asked for at one moment or over the time range."""

    board: str
    place: str
    expr: str
    instant: bool


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All but rows, which may hold others."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def expressions(name: str) -> Iterator[Asked]:
    """Every expression of every panel, annotation and variable."""
    board = load(name)
    for panel in panels(board):
        for target in panel["targets"]:
            yield Asked(name, f"panel {panel['title']} {target['refId']}", target["expr"], bool(target.get("instant")))
    for one in board["annotations"]["list"]:
        if "expr" in one:
            yield Asked(name, f"annotation {one['name']}", one["expr"], instant=False)
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.+), \w+\)", variable["query"]["query"])
            assert found, variable
            yield Asked(name, f"variable {variable['name']}", found[1], instant=True)


def filled(expr: str, values: Mapping[str, str]) -> str:
    """With the dashboard's variables in place; one that nobody filled in is a mistake."""
    for name, value in values.items():
        expr = expr.replace(f"${name}", value)
    assert "$" not in expr.replace(')$"', ""), expr
    return expr
