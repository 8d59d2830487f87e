"""The compose file and what it mounts: held against the specification and each program's own checker, never run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types

from analyzer.settings import SECRETS
from tests.conftest import ROOT, tool

Compose = dict[str, Any]
IMAGE = re.compile(r"[a-z0-9/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)*(@sha256:[0-9a-f]{64})?")


@pytest.fixture(scope="module")
def compose() -> Compose:
    loaded: Compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def faults(compose: Compose) -> list[str]:
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json")
    checker = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(compose)]


def test_the_compose_file_keeps_to_the_specification(compose: Compose) -> None:
    assert faults(compose) == []


def test_a_misspelt_key_would_be_found(compose: Compose) -> None:
    wrong = compose | {"services": compose["services"] | {"grafana": {"image": "x:1", "healthchek": {}}}}
    assert len(faults(wrong)) == 1
    assert "healthchek" in faults(wrong)[0]


def test_images_of_others_are_pinned_to_a_release(compose: Compose) -> None:
    images = [service["image"] for service in compose["services"].values() if "build" not in service]
    assert len(images) == 5
    assert [image for image in images if not IMAGE.fullmatch(image)] == []
    for file in ("exporter", "analyzer"):
        text = (ROOT / f"deploy/{file}.Dockerfile").read_text(encoding="utf-8")
        bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
        assert [base for base in bases if not IMAGE.fullmatch(base)] == []


def test_everything_has_a_health_check_no_rights_and_no_port_open_to_others(compose: Compose) -> None:
    for name, service in compose["services"].items():
        dockerfile = service.get("build", {}).get("dockerfile")
        checked = "HEALTHCHECK" in (ROOT / dockerfile).read_text(encoding="utf-8") if dockerfile else False
        assert checked or "healthcheck" in service, name
        assert service["cap_drop"] == ["ALL"], name
        assert [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")] == [], name


def test_volumes_and_secrets_that_are_named_exist(compose: Compose) -> None:
    named = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith((".", "/"))
    }
    assert named == set(compose["volumes"])
    secrets = set(compose["services"]["analyzer"]["environment"])
    assert secrets <= set(SECRETS)


def test_the_analyzers_settings_are_right() -> None:
    command = [sys.executable, "-m", "analyzer", "check-config", "--config.file=deploy/analyzer.yml"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_promtool_finds_no_fault_in_prometheus_settings(promtool: Path, tmp_path: Path) -> None:
    """With the paths of the container put where the files are here."""
    text = (ROOT / "deploy/prometheus.yml").read_text(encoding="utf-8")
    here = text.replace("/etc/prometheus/rules", f"{ROOT}/rules").replace(
        "/etc/prometheus/hosts.yml", f"{ROOT}/deploy/hosts.yml"
    )
    (tmp_path / "prometheus.yml").write_text(here, encoding="utf-8")
    command: list[str | Path] = [promtool, "check", "config", tmp_path / "prometheus.yml"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 rule files found" in checked.stdout


def test_amtool_finds_no_fault_in_alertmanagers_settings() -> None:
    command: list[str | Path] = [
        tool("amtool", "prometheus-alertmanager"),
        "check-config",
        ROOT / "deploy/alertmanager.yml",
    ]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "4 receivers" in checked.stdout
