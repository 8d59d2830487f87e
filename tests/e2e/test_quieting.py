"""What people ask to hear less of, on the running product: recorded, shown with its reason, and told to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.processes import Program, a_free_port, start_analyzer, start_exporter, until

# Both are past where they hurt on any machine: time passes, and some program runs.
FEATURES = """\
features:
  - name: clock
    unit: seconds
    group: own
    promql: node_time_seconds{$selector}
    meaning: {en: clock}
    saturates_at: 1
  - name: alive
    unit: count
    group: own
    promql: node_procs_running{$selector} + 1
    meaning: {en: alive}
    saturates_at: 1
"""
QUICK = ("--cycle.interval=1s", "--cycle.step=1s", "--cycle.recent=1m", "--scrape.interval=1s")
CLOCK, ALIVE = "saturation:clock", "saturation:alive"


@pytest.fixture
def flags(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """A real exporter, scraped by the analyzer itself, for no Prometheus is there."""
    (tmp_path / "features.yml").write_text(FEATURES, encoding="utf-8")
    with start_exporter(tmp_path, a_free_port()) as exporter:
        yield (
            f"--scrape.targets={exporter.url}/metrics",
            f"--features.file={tmp_path / 'features.yml'}",
            "--judge.saturated-after=2s",
            *QUICK,
        )


def quiet(analyzer: Program) -> dict[str, Any]:
    """By kind, what the findings that fire say of why they are quiet."""
    found = analyzer.json("/api/v1/findings?firing=true")["findings"]
    return {each["kind"]: each["quiet"] and (each["quiet"]["reason"], each["quiet"]["note"]) for each in found}


def told(analyzer: Program) -> set[str]:
    """Kinds in the metric that alerts go by."""
    lines = analyzer.get("/metrics")[1].splitlines()
    firing = [line for line in lines if line.startswith("openmanager_findings_firing{")]
    return {kind for kind in (CLOCK, ALIVE) if any(f'kind="{kind}"' in line for line in firing)}


def test_a_silence_and_feedback_count_from_the_next_cycle_on_outlive_a_restart_and_are_undone(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    with ExitStack() as first:
        analyzer = first.enter_context(start_analyzer(tmp_path, a_free_port(), "http://127.0.0.1:9", *flags))
        until(lambda: told(analyzer) == {CLOCK, ALIVE}, "both limits are told", analyzer)
        plan = {"matchers": ['cause="clock"'], "duration": "1h", "comment": "time flies"}
        status, silence = analyzer.post("/api/v1/silences", plan)
        assert (status, silence["state"]) == (200, "active")
        alive = next(f for f in analyzer.json("/api/v1/findings")["findings"] if f["kind"] == ALIVE)
        opinion = f"/api/v1/findings/{alive['fingerprint']}/feedback"
        requests.put(analyzer.url + opinion, json={"opinion": "not_an_anomaly"}, timeout=10).raise_for_status()
        until(lambda: told(analyzer) == set(), "nothing is told", analyzer)
    hushed = {CLOCK: ("silence", "time flies"), ALIVE: ("feedback", "")}
    with start_analyzer(tmp_path, a_free_port(), "http://127.0.0.1:9", *flags) as analyzer:
        until(lambda: analyzer.json("/api/v1/status")["at"], "it looks again", analyzer)
        until(lambda: {kind: quiet(analyzer).get(kind) for kind in hushed} == hushed, "both stay quiet", analyzer)
        assert told(analyzer) == set()
        requests.delete(f"{analyzer.url}/api/v1/silences/{silence['id']}", timeout=10).raise_for_status()
        requests.delete(analyzer.url + opinion, timeout=10).raise_for_status()
        until(lambda: told(analyzer) == {CLOCK, ALIVE}, "both are told again", analyzer)
        assert {kind: quiet(analyzer).get(kind) for kind in hushed} == {CLOCK: None, ALIVE: None}
