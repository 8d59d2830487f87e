"""Whatever number a model puts into a true sentence, it is served only when the fact holds it, rounded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.assistant.models.binding import Names
from analyzer.assistant.models.grounding import Grounds, Sentence, refusal
from analyzer.assistant.models.prompt import Fact
from analyzer.wording import amount

NAMES = Names(frozenset({"web-1:9100", "web-1"}))


@given(st.integers(0, 100_000), st.integers(0, 100_000))
@settings(max_examples=300, deadline=None)
def test_a_percentage_is_served_only_when_it_is_the_facts(held: int, said: int) -> None:
    fact, text = amount(held / 100_000, "ratio"), amount(said / 100_000, "ratio")
    grounds = Grounds((Fact(f"web-1:9100: CPU in use {fact}.", ("E1",)),), NAMES, "en")
    served = refusal([Sentence(f"CPU in use on web-1 is {text}.", ("E1",))], grounds) == ""
    exact, shown = float(fact.rstrip("%")), float(text.rstrip("%"))
    decimals = len(text.rstrip("%").partition(".")[2])
    room = min(0.5 * 10**-decimals, 0.1 * exact)
    assert served == (abs(exact - shown) <= room + 1e-9 and decimals <= _decimals(fact))


@given(st.floats(1, 1e13), st.floats(1, 1e13))
@settings(max_examples=200, deadline=None)
def test_bytes_are_served_only_when_they_are_the_facts(held: float, said: float) -> None:
    fact, text = amount(held, "bytes"), amount(said, "bytes")
    grounds = Grounds((Fact(f"web-1:9100: memory in use {fact}.", ("E1",)),), NAMES, "en")
    served = refusal([Sentence(f"memory in use on web-1 is {text}.", ("E1",))], grounds) == ""
    if fact == text:
        assert served
    if abs(held - said) > 0.12 * held + 1:  # both are rounded to what people read; a byte has no parts
        assert not served


@given(st.integers(60, 10_000_000), st.integers(60, 10_000_000))
@settings(max_examples=200, deadline=None)
def test_spans_are_served_only_when_they_are_the_facts(held: int, said: int) -> None:
    fact, text = amount(held, "seconds"), amount(said, "seconds")
    grounds = Grounds((Fact(f"web-1:9100: the disk is full in about {fact}.", ("E1",)),), NAMES, "en")
    served = refusal([Sentence(f"The disk on web-1 is full in about {text}.", ("E1",))], grounds) == ""
    if fact == text:
        assert served
    elif abs(held - said) > 90_000:
        assert not served


def _decimals(text: str) -> int:
    return len(text.rstrip("%").partition(".")[2])
