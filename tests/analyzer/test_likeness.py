"""When one finding is like another, though only the first few of its causes are told."""

from __future__ import annotations

import pytest

from analyzer.judge.likeness import cosine


def even(names: str, share: float) -> dict[str, float]:
    return dict.fromkeys(names, share)


@pytest.mark.parametrize(
    ("some", "others", "alike"),
    [
        (even("abcde", 0.06), even("abcde", 0.06), 1.0),
        (even("abcde", 0.06), even("abcfg", 0.06), 0.78),
        (even("abcde", 0.06), even("afghi", 0.06), 0.58),
        (even("abcde", 0.06), even("fghij", 0.06), 0.47),
        (even("ab", 0.5), even("bc", 0.5), 0.5),
        (even("ab", 0.5), even("cd", 0.5), 0.0),
        (even("a", 0.9), even("b", 0.9), 0.05),
        ({}, {}, 1.0),
        ({}, even("a", 1.0), 0.0),
    ],
    ids=[
        "the same",
        "three of five",
        "one of five",
        "none",
        "all is told",
        "nothing in common",
        "one each",
        "",
        "empty",
    ],
)
def test_of_a_fault_that_shows_in_many_features_the_same_few_need_not_be_told(
    some: dict[str, float], others: dict[str, float], alike: float
) -> None:
    assert cosine(some, others) == pytest.approx(alike, abs=0.01)
    assert cosine(others, some) == cosine(some, others)
