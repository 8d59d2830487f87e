"""Words that no fact holds: a few that claim nothing are let through, more would be a story of the model's own."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

from analyzer.assistant.models.binding import Names, mentions
from analyzer.assistant.models.quantities import numbers_in
from analyzer.assistant.understanding.vocabulary import METRICS

STOCK = Path(__file__).with_name("stock.yml")
UNHEARD = 0.25  # the share of a sentence's words that may come from nowhere


def unheard_of(text: str, said: str, names: Names) -> str:
    """A sentence must say something of its facts, in their words or in such as claim nothing by themselves."""
    heard_latin, heard_korean = (frozenset(found) for found in _stems(said))
    stock_latin, stock_korean = _stock()
    latin, korean = _stems(_without_metrics(text, said))
    says = set(latin) & heard_latin or set(korean) & heard_korean or numbers_in(text, names.longest_first)
    if not (says or any(mentions(text, name) and mentions(said, name) for name in names.subjects)):
        return "it says nothing of the facts"
    unheard = [stem for stem in latin if stem not in heard_latin | stock_latin]
    unheard += [stem for stem in korean if stem not in heard_korean | stock_korean and stem not in said]
    if len(unheard) > UNHEARD * (len(latin) + len(korean)):
        return f"it says “{unheard[0]}…”, which no cited fact does"
    return ""


def _without_metrics(text: str, said: str) -> str:
    """A metric that the facts speak of may go by any of its names: disk for filesystem."""
    for pattern in METRICS.values():
        if pattern.search(said):
            text = pattern.sub(" ", text)
    return text


def _stems(text: str) -> tuple[list[str], list[str]]:
    """The beginnings of English words of four letters and more, and of Korean words of two syllables and more."""
    latin = [_stem(word.lower()) for word in re.findall(r"[A-Za-z]{4,}", text)]
    return latin, [word[:2] for word in re.findall(r"[가-힣]{2,}", text)]


def _stem(word: str) -> str:
    """Five letters of a word without its ending: "peaks" and "peaked" are "peak"."""
    for ending in ("ing", "ed", "es", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:  # noqa: PLR2004 "used" and "uses" are "us"
            word = word.removesuffix(ending)
            break
    return word.rstrip("e")[:5]


@cache
def _stock() -> tuple[frozenset[str], frozenset[str]]:
    tree = yaml.safe_load(STOCK.read_text(encoding="utf-8"))
    return frozenset(_stem(word) for word in tree["en"]), frozenset(tree["ko"])
