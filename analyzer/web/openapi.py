"""/openapi.json, made from the table of endpoints and the shapes they take and give."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from analyzer.web.endpoints import Door
from analyzer.web.schema import ErrorTold

REF = "#/components/schemas/"
ABOUT = 'Every error is {"error": {"code", "message", "problems"}}. Times are RFC 3339, numbers in base units.'


@dataclass(frozen=True)
class Endpoint:
    """`told` is what it gives with 200; `also` what it gives with other statuses; `texts` are types of plain text."""

    method: str
    path: str
    answer: Callable[[Door, web.Request], Awaitable[web.StreamResponse]]
    summary: str
    told: type[BaseModel] | None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    also: Mapping[int, type[BaseModel]] = field(default_factory=dict)
    texts: tuple[str, ...] = ()

    @property
    def shapes(self) -> Iterator[tuple[type[BaseModel], JsonSchemaMode]]:
        for told in (self.told, *_otherwise(self).values()):
            if told is not None:
                yield told, "serialization"
        if self.body is not None:
            yield self.body, "validation"


def document(endpoints: Sequence[Endpoint], version: str) -> bytes:
    """OpenAPI 3.1 as JSON."""
    shapes = list(dict.fromkeys(shape for endpoint in endpoints for shape in endpoint.shapes))
    _, definitions = models_json_schema(shapes, ref_template=REF + "{model}")
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "OpenManager analyzer", "version": version or "0", "description": ABOUT},
            "paths": paths,
            "components": {"schemas": definitions["$defs"]},
        },
        option=orjson.OPT_INDENT_2,
    )


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', endpoint.path).rstrip('_')}",
        "summary": endpoint.summary,
        "responses": {"200": _response(HTTPStatus.OK, endpoint.told, endpoint.texts)}
        | {str(status): _response(HTTPStatus(status), told) for status, told in _otherwise(endpoint).items()},
    }
    if parameters := [*_path_parameters(endpoint.path), *_query_parameters(endpoint.query)]:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": _json_content(endpoint.body)}
    return operation


def _otherwise(endpoint: Endpoint) -> dict[int, type[BaseModel]]:
    """Nobody promises that there is no bug."""
    return {**endpoint.also, HTTPStatus.INTERNAL_SERVER_ERROR.value: ErrorTold}


def _response(status: HTTPStatus, told: type[BaseModel] | None, texts: tuple[str, ...] = ()) -> dict[str, Any]:
    content = {text: {"schema": {"type": "object" if text == "application/json" else "string"}} for text in texts}
    return {"description": status.phrase, "content": content | (_json_content(told) if told else {})}


def _json_content(shape: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF + shape.__name__}}}


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(query: type[BaseModel] | None) -> Iterator[dict[str, Any]]:
    properties = query.model_json_schema()["properties"] if query and query.model_fields else {}
    for name, shape in properties.items():
        described = {key: value for key, value in shape.items() if key != "description"}
        yield {"name": name, "in": "query", "description": shape.get("description", ""), "schema": described}
