"""Holds every response against /openapi.json, more strictly than a client would: nothing undocumented may be in it."""

from __future__ import annotations

import copy
from typing import Any

import requests
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types
from jsonschema.exceptions import best_match  # type: ignore[import-untyped] # likewise


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """The same with no room for properties that are not described."""
    closed = copy.deepcopy(document)
    for shape in closed["components"]["schemas"].values():
        if shape.get("type") == "object":
            shape.setdefault("additionalProperties", False)
    return closed


def check(document: dict[str, Any], path: str, response: requests.Response) -> None:
    """Fails when the operation does not document this status, type or body."""
    assert response.request.method is not None
    operation = document["paths"][path][response.request.method.lower()]
    documented = operation["responses"][str(response.status_code)]["content"]
    content_type = response.headers["Content-Type"].partition(";")[0]
    assert content_type in documented
    if content_type == "application/json":
        schema = documented[content_type]["schema"] | {"components": strict(document)["components"]}
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        wrong = best_match(validator.iter_errors(response.json()))
        assert wrong is None, f"{wrong.json_path}: {wrong.message}"


def is_error(document: dict[str, Any], response: requests.Response) -> bool:
    """Whether it is an error of the one documented shape."""
    components = strict(document)["components"]
    validator = Draft202012Validator(components["schemas"]["ErrorTold"] | {"components": components})
    return response.headers["Content-Type"].startswith("application/json") and bool(validator.is_valid(response.json()))
