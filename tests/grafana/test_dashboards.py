"""The dashboards: not stale, whole, and every expression of theirs has data on the running product."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.conftest import ROOT
from tests.grafana.live import Live, product
from tests.grafana.reading import NAMES, Asked, expressions, filled, load, panels
from tests.processes import instant, until

HOUR = 3600.0
ANNOTATION_WORDING = {"step", "titleFormat", "textFormat", "tagKeys"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, prometheus_program: Path, promtool: Path) -> Iterator[Live]:
    with product(tmp_path_factory.mktemp("live"), prometheus_program, promtool) as running:
        yield running


def test_the_dashboards_are_not_stale() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "grafana.boards", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.timeout(400)
def test_every_expression_has_data_on_the_running_product(live: Live) -> None:
    asked = [one for name in NAMES for one in expressions(name)]
    empty = [f"{one.board}: {one.place}: {one.expr}" for one in asked if not has_data(live, one)]
    assert empty == []
    assert len(asked) > 100


@pytest.mark.timeout(400)
def test_every_metric_that_a_rule_asks_for_is_there(live: Live) -> None:
    """Alerts should have no result while nothing is wrong; what they compare must exist all the same."""
    recorded, missing = set(), []
    for file in ("recording.yml", "alerts.yml"):
        rules = yaml.safe_load((ROOT / "rules" / file).read_text(encoding="utf-8"))
        for rule in (rule for group in rules["groups"] for rule in group["rules"]):
            recorded.add(rule.get("record"))
            if "record" in rule and not instant(live.prometheus, rule["expr"]):
                missing.append(rule["expr"])
            names = set(re.findall(r"\b(?:openmanager|node|instance:)\w+(?::\w+)?", rule["expr"])) - recorded
            missing += [name for name in sorted(names) if not instant(live.prometheus, name)]
    assert missing == []


@pytest.mark.timeout(400)
def test_what_fires_is_in_alertmanager_and_kept_alive(live: Live) -> None:
    def alerts() -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = live.alertmanager.json("/api/v2/alerts?filter=kind=silent")
        return [alert for alert in listed if alert["labels"]["host"] == live.silent]

    (first,) = until(alerts, "an alert for the silent host", live.analyzer)
    assert first["labels"]["alertname"] == "OpenManagerFinding"
    until(lambda: any(alert["updatedAt"] > first["updatedAt"] for alert in alerts()), "it again", live.analyzer)


def has_data(live: Live, asked: Asked) -> bool:
    """For the fleet both hosts at once; else for one of them."""
    hosts = [f"{live.host}|{live.silent}"] if asked.board == "fleet" else [live.host, live.silent]
    return any(answer(live, asked, host) for host in hosts)


def answer(live: Live, asked: Asked, host: str) -> list[Any]:
    values = {"host": host, "job": "node|second", "horizon": "1h", "__rate_interval": "1m"}
    now, ahead = time.time(), HOUR if asked.board == "host" else 0
    query: dict[str, Any] = {"query": filled(asked.expr, values)}
    path = "/api/v1/query"
    if not asked.instant:
        path, query = "/api/v1/query_range", query | {"start": now - 6 * HOUR, "end": now + ahead, "step": 60}
    answered = live.prometheus.json(f"{path}?{urllib.parse.urlencode(query)}")
    assert answered["status"] == "success", (asked, answered)
    result: list[Any] = answered["data"]["result"]
    return result


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_comes_through_the_sdk_unchanged(name: str) -> None:
    board = load(name)
    for one in board["annotations"]["list"]:
        for key in ANNOTATION_WORDING & one.keys():
            del one[key]  # the plugin's own; the SDK's schema has no place for them
    again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    assert again == board


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_keeps_the_linters_rules(name: str) -> None:
    """What dashboard-linter asks for, and what we ask for besides: descriptions, phone width, links."""
    board = load(name)
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert board["uid"] == f"openmanager-{name}"
    assert board["editable"] is False
    assert {"datasource", "analyzer"} <= variables
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels(board):
        place = f"{name}: {panel['title']}"
        assert panel["title"], place
        assert panel["description"], place
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, place
        assert panel["fieldConfig"]["defaults"]["unit"], place
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"], place
        position = panel["gridPos"]
        assert position["x"] + position["w"] <= 24, place
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}", place
            assert ranges(target["expr"]) <= {"$__rate_interval", "1h", "5m", "1d:5m"}, place
            assert set(re.findall(r"\$([a-z]\w*)", target["expr"])) <= variables, place


def ranges(expr: str) -> set[str]:
    return set(re.findall(r"\[(\d+[smhd](?::\d+[smhd])?|\$\w+)\]", expr))


@pytest.mark.parametrize("name", NAMES)
def test_panels_don_t_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in load(name)["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_links_lead_to_dashboards_that_exist() -> None:
    known = {load(name)["uid"] for name in NAMES}
    texts = [json.dumps(load(name)) for name in NAMES]
    linked = {uid for text in texts for uid in re.findall(r"/d/([\w-]+)/", text)}
    assert linked == {"openmanager-host"}
    assert linked <= known


def test_what_is_provisioned_is_where_the_containers_look_for_it() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    mounted = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]
    assert [path for path in mounted if not (ROOT / path).exists()] == []
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["user"].split(":")[0] != "0"
    provider = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/openmanager.yml").read_text(encoding="utf-8"))
    folder = provider["providers"][0]["options"]["path"]
    assert f"./grafana/dashboards:{folder}:ro" in compose["services"]["grafana"]["volumes"]
