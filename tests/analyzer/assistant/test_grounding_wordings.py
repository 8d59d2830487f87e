"""Right sentences as good models word the facts, which pass, and those facts turned false, which don't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from analyzer.assistant.models.binding import Names
from analyzer.assistant.models.grounding import Grounds, Sentence, refusal
from analyzer.assistant.models.prompt import Fact

NAMES = Names(
    frozenset({"web-1:9100", "web-1", "db-2:9100", "db-2"}),
    frozenset({"java", "nginx", "postgres", "backup.service", "https://shop.example.org/health"}),
)
SETS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("wordings.yml").read_text(encoding="utf-8"))
RIGHT = [(each, cites, text) for each in SETS for cites, text in each["right"]]
WRONG = [(each, cites, text, why) for each in SETS for cites, text, why in each.get("wrong", ())]


def grounds(told: dict[str, Any]) -> Grounds:
    about = frozenset({told["about"]} if "about" in told else ())
    facts = tuple(Fact(text, tuple(ids.split()), about) for ids, text in told["facts"])
    return Grounds(facts, NAMES, told["language"])


@pytest.mark.parametrize(("told", "cites", "text"), RIGHT, ids=[text for _, _, text in RIGHT])
def test_a_right_sentence_passes(told: dict[str, Any], cites: str, text: str) -> None:
    assert refusal([Sentence(text, tuple(cites.split()))], grounds(told)) == ""


@pytest.mark.parametrize(("told", "cites", "text", "why"), WRONG, ids=[text for _, _, text, _ in WRONG])
def test_a_fact_turned_false_is_refused(told: dict[str, Any], cites: str, text: str, why: str) -> None:
    assert why in refusal([Sentence(text, tuple(cites.split()))], grounds(told))


@pytest.mark.parametrize("told", SETS, ids=[each["name"] for each in SETS])
def test_every_computed_sentence_passes_as_it_is(told: dict[str, Any]) -> None:
    for fact in grounds(told).facts:
        assert refusal([Sentence(fact.text, fact.ids)], grounds(told)) == "", fact.text
