"""Which cause is named first: the one that contributed most, unless it merely follows from one nearly as great."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import SettingsError
from analyzer.features import load_features
from analyzer.judge.findings import ranked

CATALOGUE = {feature.name: feature for feature in load_features()}


def test_the_greatest_part_comes_first() -> None:
    assert ranked({"threads": 1.0, "forks_per_second": 3.0, "sockets_used": 2.0}, CATALOGUE) == [
        "forks_per_second",
        "sockets_used",
        "threads",
    ]


def test_page_faults_come_after_the_memory_that_causes_them_where_it_moved_nearly_as_much() -> None:
    parts = {"page_faults_per_second": 5.0, "memory_available_ratio": 4.0, "cpu_busy_ratio": 3.0}
    assert ranked(parts, CATALOGUE) == ["memory_available_ratio", "page_faults_per_second", "cpu_busy_ratio"]


def test_what_is_said_to_follow_still_comes_first_where_nothing_else_moved_nearly_as_much() -> None:
    parts = {"page_faults_per_second": 5.0, "memory_available_ratio": 2.5}
    assert ranked(parts, CATALOGUE) == ["page_faults_per_second", "memory_available_ratio"]


def test_page_faults_come_after_memory_that_tells_of_it_in_several_features() -> None:
    parts = {
        "page_faults_per_second": 7.5,
        "memory_available_ratio": 4.3,
        "memory_shared_ratio": 4.1,
        "memory_committed_ratio": 3.9,
    }
    assert ranked(parts, CATALOGUE) == [
        "memory_available_ratio",
        "page_faults_per_second",
        "memory_shared_ratio",
        "memory_committed_ratio",
    ]


def test_several_small_parts_do_not_make_an_origin() -> None:
    parts = {
        "page_faults_per_second": 7.5,
        "memory_available_ratio": 2.4,
        "memory_anonymous_ratio": 2.4,
        "memory_committed_ratio": 2.4,
        "forks_per_second": 2.4,
    }
    assert ranked(parts, CATALOGUE)[0] == "page_faults_per_second"


def test_of_a_chain_the_origin_comes_first() -> None:
    parts = {"process_ids_used_ratio": 5.0, "threads": 4.5, "zombie_processes": 4.0}
    assert ranked(parts, CATALOGUE) == ["zombie_processes", "process_ids_used_ratio", "threads"]


def test_features_that_no_catalogue_knows_are_ranked_by_their_parts() -> None:
    assert ranked({"feature_1": 1.0, "feature_2": 2.0}, CATALOGUE) == ["feature_2", "feature_1"]


@given(st.dictionaries(st.sampled_from(sorted(CATALOGUE)), st.floats(0.01, 50.0), min_size=1))
def test_the_first_cause_has_a_third_of_the_greatest_part_at_least_and_none_is_lost(
    parts: dict[str, float],
) -> None:
    told = ranked(parts, CATALOGUE)
    assert sorted(told) == sorted(parts)
    assert parts[told[0]] >= max(parts.values()) / 3


def test_what_a_feature_follows_is_in_the_catalogue_and_does_not_follow_it() -> None:
    unknown = [one for feature in CATALOGUE.values() for one in feature.follows if one not in CATALOGUE]
    assert unknown == []
    circles = [name for name in CATALOGUE if name in origins(name)]
    assert circles == []


def test_a_feature_that_is_said_to_follow_itself_is_told(tmp_path: Path) -> None:
    own = tmp_path / "features.yml"
    own.write_text(
        "features:\n- {name: a, unit: count, group: mine, promql: 'max by (instance) (up{$selector})',"
        " meaning: {en: a}, follows: [a]}\n"
    )
    with pytest.raises(SettingsError, match="feature a: follows: it can't follow itself"):
        load_features(own)


def origins(name: str) -> set[str]:
    """All that it follows, near or far."""
    found: set[str] = set()
    waiting = list(CATALOGUE[name].follows)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += CATALOGUE[one].follows
    return found
