"""The catalogue of features: what ships is right, and what a user writes wrong is told at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.errors import SettingsError
from analyzer.features import load_features, manual, matcher, metric_names, query
from analyzer.sources.promql.evaluating import OTHER_FUNCTIONS, POINTWISE
from analyzer.sources.promql.grouping import AGGREGATIONS
from analyzer.sources.promql.matching import SETS
from analyzer.sources.promql.over_time import RANGE_FUNCTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
HANGUL = re.compile(r"[가-힣]")

OWN = """
definitions:
  mine: job="backup"
features:
  - name: backup_age_seconds
    unit: seconds
    group: backup
    promql: max by (instance) (time() - backup_last_success_timestamp_seconds{$mine,$selector})
    meaning: {ko: 백업 경과 시간}
"""


def test_the_catalogue_has_at_least_35_features_of_every_part_of_a_host() -> None:
    features = load_features()
    groups = {feature.group for feature in features}
    assert len(features) >= 35
    assert groups >= {"cpu", "memory", "disk", "filesystem", "network", "processes", "system"}


def test_every_feature_says_what_it_means_in_english_and_korean() -> None:
    for feature in load_features():
        assert feature.meaning["en"].isascii(), feature.name
        assert HANGUL.search(feature.meaning["ko"]), feature.name


def test_features_that_read_more_than_node_exporter_has_say_what_they_need() -> None:
    others = [one for one in load_features() if any(not name.startswith("node_") for name in metric_names([one]))]
    assert [one.name for one in others] == ["probes_failing", "certificate_left_seconds", "log_errors_per_second"]
    assert all("this exporter's" in one.needs for one in others)


def test_units_are_those_that_answers_can_word() -> None:
    units = {feature.unit for feature in load_features()}
    assert units == {"ratio", "bytes", "bytes/s", "seconds", "celsius", "count", "count/s"}


def test_a_limit_lies_on_the_bad_side_of_where_it_starts_to_hurt() -> None:
    for feature in load_features():
        if feature.limit is not None and feature.saturates_at is not None:
            assert (feature.limit > feature.saturates_at) == (feature.worse == "high"), feature.name


def test_a_query_takes_the_selector_and_the_window() -> None:
    context_switches = next(f for f in load_features() if f.name == "context_switches_per_second")
    assert query(context_switches, 'job="node"', 60.0) == (
        'max by (instance) (rate(node_context_switches_total{job="node"}[60s]))'
    )
    assert query(context_switches, "", 1.5) == "max by (instance) (rate(node_context_switches_total{}[1500ms]))"


def test_a_host_of_any_name_makes_a_valid_matcher() -> None:
    assert matcher("instance", 'we"ird\\host\n') == 'instance="we\\"ird\\\\host\\n"'


def test_a_file_of_the_users_adds_to_the_catalogue(tmp_path: Path) -> None:
    own = written(tmp_path, OWN)
    added = load_features(own)[-1]
    assert len(load_features(own)) == len(load_features()) + 1
    assert added.name == "backup_age_seconds"
    assert added.meaning == {"en": "백업 경과 시간", "ko": "백업 경과 시간"}
    assert added.promql == (
        'max by (instance) (time() - backup_last_success_timestamp_seconds{job="backup",$selector})'
    )


def test_a_feature_of_the_catalogue_can_be_left_out_or_replaced(tmp_path: Path) -> None:
    without = load_features(written(tmp_path, "without: [raid_disks_failed]"))
    assert "raid_disks_failed" not in {feature.name for feature in without}
    mine = OWN.replace("backup_age_seconds", "sockets_used") + "without: [sockets_used]\n"
    names = [feature.name for feature in load_features(written(tmp_path, mine))]
    assert names.count("sockets_used") == 1
    assert names[-1] == "sockets_used"


def test_an_empty_file_adds_nothing(tmp_path: Path) -> None:
    assert load_features(written(tmp_path, "# nothing yet\n")) == load_features()


def test_every_wrong_key_is_told_at_once(tmp_path: Path) -> None:
    wrong = """
features:
  - name: Backup Age
    unit: seconds
    group: backup
    promql: up{$selector}
    meaning: {en: age}
    saturate_at: 3
  - unit: ratio
    group: mine
    promql: up{$selector}
    meaning: {fr: oui}
    worse: higher
more: 1
"""
    assert problems(tmp_path, wrong) == [
        "feature Backup Age: name: String should match pattern '^[a-z][a-z0-9_]*$'",
        "feature Backup Age: saturate_at: unknown key, did you mean 'saturates_at'?",
        "feature number 2: name: Field required",
        "feature number 2: meaning: fr: unknown key",
        "feature number 2: worse: Input should be 'high', 'low' or 'both'",
        "more: unknown key",
    ]


def test_every_query_that_can_not_work_is_told_at_once(tmp_path: Path) -> None:
    entry = "  - {{name: {}, unit: count, group: mine, meaning: {{en: x}}, promql: '{}'}}\n"
    wrong = "without: [raid_disk_failed]\nfeatures:\n" + "".join(
        entry.format(name, promql)
        for name, promql in {
            "does_not_parse": "max by (instance (up{$selector})",
            "no_such_function": "rated(up{$selector}[$window])",
            "selector_forgotten": "up{$selector} - down{}",
            "unknown_variable": "up{$discs,$selector}",
            "sockets_used": "up{$selector}",
        }.items()
    )
    assert problems(tmp_path, wrong) == [
        "without: the catalogue has no 'raid_disk_failed', did you mean 'raid_disks_failed'?",
        "feature does_not_parse: promql: unclosed left parenthesis (in max by (instance (up{$selector}))",
        "feature no_such_function: promql: unknown function with name 'rated' (in rated(up{$selector}[$window]))",
        "feature selector_forgotten: promql: $selector is missing in the braces of down",
        "feature unknown_variable: promql: unknown $discs",
        "feature sockets_used: the name is taken; put it under 'without' to replace the catalogue's",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("features: [", "is no valid YAML"),
        ("- name: x", "the file: Input should be a valid dictionary"),
        ("features: {name: x}", "features: Input should be a valid tuple"),
    ],
)
def test_a_file_of_another_shape_is_told(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        load_features(written(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"can't read the features file .*/none.yml: No such file or directory"):
        load_features(tmp_path / "none.yml")


def test_the_manual_shows_every_feature_as_the_catalogue_has_it() -> None:
    page = (ROOT / "docs/features.md").read_text(encoding="utf-8")
    assert page == manual(load_features()), "print it anew: python -m analyzer.features > docs/features.md"


def test_the_manuals_example_is_a_valid_file(tmp_path: Path) -> None:
    page = (ROOT / "docs/features.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    names = [feature.name for feature in load_features(written(tmp_path, example))]
    assert names[-1] == "backup_age_seconds"


def test_the_manual_names_exactly_what_can_be_computed_on_direct_scrapes() -> None:
    section = manual(()).split("## While Prometheus is away")[1]
    named = {word for code in re.findall(r"`([^`]+)`", section) for word in code.split() if re.match(r"^[a-z]", word)}
    words = {
        "bool",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "by",
        "without",
        "offset",
        "instance",
        "scrape.targets",
    }
    known = {*RANGE_FUNCTIONS, *AGGREGATIONS, *POINTWISE, *OTHER_FUNCTIONS, *SETS, "atan2"}
    assert named - words == known


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(SettingsError) as caught:
        load_features(path)
    return [problem.removeprefix(f"{path}: ") for problem in caught.value.problems]


def test_a_countdown_says_what_it_counts_down_to(tmp_path: Path) -> None:
    left = "{name: left, unit: seconds, group: x, promql: 'up{$selector}', meaning: {en: x}, countdown: true}"
    wrong = f"features:\n  - {left}"
    with pytest.raises(SettingsError, match="a countdown is in seconds, worse when low, and has a limit"):
        load_features(written(tmp_path, wrong))
