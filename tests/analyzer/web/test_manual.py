"""docs/http-api.md says what there is, and nothing else."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from analyzer.web import schema
from analyzer.web.errors import CODES

PAGE = (Path(__file__).resolve().parents[3] / "docs/http-api.md").read_text("utf-8")


def rows(first: str) -> set[str]:
    """First cells of the table whose heading begins with `first`."""
    table = PAGE.split(f"| {first} |", 1)[1].split("\n\n", 1)[0]
    return set(re.findall(r"^\| `?([^|`]+?)`? \|", table, re.MULTILINE)) - {"---"}


def test_every_endpoint_is_in_the_manual_and_no_other(document: dict[str, Any]) -> None:
    there = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert rows("endpoint") == there | {"GET /openapi.json"}


def test_every_parameter_and_key_is_in_the_manual_and_no_other() -> None:
    assert rows("parameter") == set(schema.FindingsAsked.model_fields)
    assert rows("of a report") == set(schema.WrittenAsked.model_fields)
    assert rows("of incidents") == set(schema.IncidentsAsked.model_fields)
    assert rows("of a silence") == set(schema.SilenceAsked.model_fields)
    assert rows("key") == set(schema.QuestionAsked.model_fields)


def test_every_error_code_that_an_endpoint_documents_is_in_the_manual(document: dict[str, Any]) -> None:
    documented = {
        int(status)
        for item in document["paths"].values()
        for operation in item.values()
        for status, response in operation["responses"].items()
        if response["content"].get("application/json", {}).get("schema", {}).get("$ref", "").endswith("/ErrorTold")
    }
    assert {int(status) for status in rows("status")} == documented | {405}
    for status in documented:
        assert re.search(rf"^\| {status} \| `{CODES[HTTPStatus(status)]}` \|", PAGE, re.MULTILINE)


def test_what_the_manual_says_an_answer_holds_it_holds() -> None:
    said = re.findall(r"`(\w+)` \(", PAGE.split("The answer has", 1)[1].split("`success` is false", 1)[0])
    assert set(said) | {"success", "sources", "metadata"} == set(schema.AnswerTold.model_fields)
