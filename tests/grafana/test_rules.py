"""The rules for Prometheus: right, each with cases of firing and of not firing, told in both languages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT

RULES = ROOT / "rules"
CASES = ROOT / "tests/rules/alerts.yml"


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_promtool_finds_no_fault_in_the_rules(promtool: Path) -> None:
    checked = subprocess.run(
        [promtool, "check", "rules", "--lint-fatal", *sorted(RULES.glob("*.yml"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_fires_on_what_it_is_for_and_stays_quiet_on_the_like_of_it(promtool: Path) -> None:
    tested = subprocess.run([promtool, "test", "rules", CASES], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_both_cases() -> None:
    named = {case["name"] for case in yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]}
    wanted = {f"{rule['alert']} {what}" for rule in alerts() for what in ("fires", "stays quiet")}
    assert wanted - named == set()


def test_every_alert_is_told_in_both_languages_and_has_its_part_in_the_runbook() -> None:
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs/alerts.md").read_text(encoding="utf-8"), re.MULTILINE)
    for rule in alerts():
        told = rule["annotations"]
        assert {"summary", "description", "summary_ko", "description_ko"} <= set(told), rule["alert"]
        assert re.search("[가-힣]", told["summary_ko"]), rule["alert"]
        assert told["runbook_url"] == f"docs/alerts.md#{rule['alert'].lower()}"
    assert headings == [rule["alert"] for rule in alerts()]
