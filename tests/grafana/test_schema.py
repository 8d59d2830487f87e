"""The dashboards are what Grafana's own TypeScript types call a dashboard, panels' options included."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.grafana.reading import NAMES, load

MODULES = ROOT / ".tools/grafana-schema/node_modules"
# JSON holds an enum's value where TypeScript wants its member: `${T}` stands for the values. What the types don't
# know is named here: the SDK's defaults of interval variables, and what Prometheus and Grafana read of annotations.
OPTIONS = {
    "BarGauge": "bargauge/panelcfg/x/BarGauge",
    "Stat": "stat/panelcfg/x/Stat",
    "States": "statetimeline/panelcfg/x/StateTimeline",
    "Table": "table/panelcfg/x/Table",
    "Curves": "timeseries/panelcfg/x/TimeSeries",
}
COMPOSABLE = "./node_modules/@grafana/schema/dist/esm/raw/composable"
TYPES = """
import type { Dashboard, DataSourceRef, Panel, RowPanel, AnnotationQuery, VariableModel } from '@grafana/schema';
type Plain<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Of<Name, Options> = Omit<Plain<Panel>, 'type' | 'options' | 'targets'> & {
  type: Name; options: Plain<Options>; targets: Query[];
};
type Query = {
  expr: string; refId: string; legendFormat: string; instant: boolean; range: boolean;
  format?: 'table'; datasource: DataSourceRef;
};
type Shown = Of<'bargauge', BarGauge> | Of<'stat', Stat> | Of<'state-timeline', Partial<States>>
  | Of<'table', Table> | Of<'timeseries', Partial<Curves>> | Plain<RowPanel>;
type Variable = Plain<VariableModel> & { auto: boolean; auto_min: string; auto_count: number };
type Annotation = Omit<Plain<AnnotationQuery>, 'target'> & {
  expr?: string; step?: string; titleFormat?: string; textFormat?: string; tagKeys?: string;
  target?: { limit: number; matchAny: boolean; tags: string[]; type: string };
};
type Board = Omit<Plain<Dashboard>, 'panels' | 'templating' | 'annotations'> & {
  panels: Shown[]; templating: { list: Variable[] }; annotations: { list: Annotation[] };
};
"""


@pytest.fixture(scope="module")
def schema() -> Path:
    if not (MODULES / "@grafana/schema").exists():
        if os.environ.get("CI"):
            pytest.fail("@grafana/schema is missing: scripts/test-tools.sh should have fetched it")
        pytest.skip("@grafana/schema is not installed")
    return MODULES


def faults(schema: Path, folder: Path, boards: dict[str, object]) -> str:
    """What the TypeScript compiler says of the dashboards; empty when it has nothing to say."""
    (folder / "node_modules").symlink_to(schema)
    constants = [f"export const {name}: Board = {json.dumps(board, indent=1)};\n" for name, board in boards.items()]
    options_of = [
        f"import type {{ Options as {name} }} from '{COMPOSABLE}/{path}PanelCfg_types.gen';\n"
        for name, path in OPTIONS.items()
    ]
    (folder / "boards.ts").write_text("".join(options_of) + TYPES + "".join(constants), encoding="utf-8")
    options = "--noEmit --strict --skipLibCheck --preserveSymlinks --moduleResolution bundler --module esnext"
    command: list[str | Path] = [schema / ".bin/tsc", *options.split(), "--target", "es2022", "boards.ts"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_the_dashboards_are_what_grafana_s_types_call_a_dashboard(schema: Path, tmp_path: Path) -> None:
    assert faults(schema, tmp_path, {name: load(name) for name in NAMES}) == ""


def test_a_wrong_option_would_be_found(schema: Path, tmp_path: Path) -> None:
    board = load("fleet")
    next(panel for panel in board["panels"] if panel["type"] == "stat")["options"]["colorMode"] = "rainbow"
    assert "rainbow" in faults(schema, tmp_path, {"fleet": board})
