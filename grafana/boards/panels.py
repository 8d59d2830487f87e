"""Panels of each kind, with what all of them need: data source, description, unit, thresholds, a legend that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.boards.frame import SOURCE

Kind = TypeVar("Kind", bargauge.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)

GOOD, CAREFUL, BAD, PLAIN = "green", "orange", "red", "blue"
WIDE, HALF, THIRD, SMALL = 24, 12, 8, 4
SHORT, USUAL, TALL = 4, 8, 10
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HOST_LINK = "/d/openmanager-host/?var-datasource=${datasource}&var-host=${__data.fields.Host}&${__url_time_range}"


@dataclass(frozen=True)
class Query:
    """`name` is the legend, or the column of a table."""

    expr: str
    name: str = ""


@dataclass(frozen=True)
class Steps:
    """Thresholds: the colour from the bottom on, then (value, colour) for each step."""

    first: str
    rest: tuple[tuple[float, str], ...] = ()

    def built(self) -> build.ThresholdsConfig:
        steps = [model.Threshold(value=None, color=self.first)]
        steps += [model.Threshold(value=value, color=colour) for value, colour in self.rest]
        return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


NEUTRAL = Steps(PLAIN)
HEALTH = Steps(BAD, ((60, CAREFUL), (85, GOOD)))
SCORE = Steps(GOOD, ((0.5, CAREFUL), (0.8, BAD)))
COUNT = Steps(GOOD, ((1, BAD),))
SOON = Steps(BAD, ((86_400, CAREFUL), (7 * 86_400, GOOD)))


@dataclass(frozen=True)
class Said:
    """What is written on a panel, and how big it is."""

    title: str
    description: str
    unit: str = "short"
    steps: Steps = NEUTRAL
    width: int = HALF
    height: int = USUAL


def one_number(said: Said, expr: str) -> stat.Panel:
    """The newest value, coloured by its thresholds."""
    return (
        _dressed(stat.Panel(), said)
        .with_target(_target(Query(expr), 0).instant())
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
        .color_mode(kinds.BigValueColorMode.VALUE if said.steps is NEUTRAL else kinds.BigValueColorMode.BACKGROUND)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .text_mode(kinds.BigValueTextMode.AUTO)
    )


def one_name(said: Said, query: Query) -> stat.Panel:
    """A label of the one series that there is."""
    named = Query(query.expr, query.name)
    return (
        _dressed(stat.Panel(), said)
        .with_target(_target(named, 0).instant())
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .text_mode(kinds.BigValueTextMode.NAME)
    )


def curves(said: Said, *queries: Query, stacked: bool = False, floor: float | None = 0) -> timeseries.Panel:
    panel = (
        _dressed(timeseries.Panel(), said)
        .targets([_target(query, number).range() for number, query in enumerate(queries)])
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(kinds.LegendDisplayMode.LIST)
            .placement(kinds.LegendPlacement.BOTTOM)
        )
        .tooltip(common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING))
        .show_points(kinds.VisibilityMode.NEVER)
        .line_width(1)
        .fill_opacity(40 if stacked else 5)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL))
    return panel if floor is None else panel.min(floor)


def banded(
    said: Said, course: Query, usual: tuple[Query, Query], ahead: tuple[Query, Query, Query]
) -> timeseries.Panel:
    """A course within its usual band (lower, upper), and what was foretold for each moment (point, lower, upper)."""
    panel = curves(said, course, *usual, *ahead, floor=None)
    return (
        panel.override_by_name(course.name, _drawn(PLAIN, width=2))
        .override_by_name(usual[0].name, _drawn("#8e8e8e", width=0))
        .override_by_name(usual[1].name, _drawn("#8e8e8e", width=0, fill_to=usual[0].name))
        .override_by_name(ahead[0].name, _drawn("purple", width=1, dashed=True))
        .override_by_name(ahead[1].name, _drawn("purple", width=0))
        .override_by_name(ahead[2].name, _drawn("purple", width=0, fill_to=ahead[1].name))
    )


def bars(said: Said, query: Query) -> bargauge.Panel:
    return (
        _dressed(bargauge.Panel(), said)
        .with_target(_target(query, 0).instant())
        .orientation(kinds.VizOrientation.HORIZONTAL)
        .display_mode(kinds.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
    )


def states(said: Said, query: Query) -> statetimeline.Panel:
    return (
        _dressed(statetimeline.Panel(), said)
        .with_target(_target(query, 0).range())
        .show_value(kinds.VisibilityMode.NEVER)
        .legend(common.VizLegendOptions().show_legend(False))
    )


def rows(
    said: Said,
    queries: Sequence[Query],
    keys: Sequence[str],
    units: dict[str, tuple[str, Steps]],
    first: str,
    *,
    descending: bool,
) -> table.Panel:
    """One row for each value of the labels `keys`; one column for each query, sorted by the column `first`."""
    shown = {key: key.capitalize() for key in keys}
    columns = {
        f"Value #{LETTERS[number]}" if len(queries) > 1 else "Value": query.name for number, query in enumerate(queries)
    }
    panel = (
        _dressed(table.Panel(), said)
        .targets([_target(query, n).instant().format(PromQueryFormat.TABLE) for n, query in enumerate(queries)])
        .with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            model.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "includeByName": {},
                    "indexByName": {name: place for place, name in enumerate([*keys, *columns])},
                    "renameByName": shown | columns,
                },
            )
        )
        .sort_by([common.TableSortByFieldState().display_name(first).desc(descending)])
        .override_by_name("Host", [model.DynamicConfigValue(id_val="links", value=[_host_link()])])
    )
    for column, (unit, steps) in units.items():
        panel = panel.override_by_name(column, _cell(unit, steps))
    return panel


def _dressed(panel: Kind, said: Said) -> Kind:
    return (
        panel.title(said.title)
        .description(said.description)
        .datasource(SOURCE)
        .unit(said.unit)
        .span(said.width)
        .height(said.height)
        .thresholds(said.steps.built())
        .color_scheme(_colours(said))
    )


def _colours(said: Said) -> build.FieldColor:
    by_value = said.steps is not NEUTRAL
    kind = model.FieldColorModeId.THRESHOLDS if by_value else model.FieldColorModeId.PALETTE_CLASSIC
    return build.FieldColor().mode(kind)


def _target(query: Query, number: int) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query.expr).legend_format(query.name).ref_id(LETTERS[number]).datasource(SOURCE)


def _drawn(colour: str, *, width: int, fill_to: str = "", dashed: bool = False) -> list[model.DynamicConfigValue]:
    how: dict[str, object] = {
        "color": {"mode": "fixed", "fixedColor": colour},
        "custom.lineWidth": width,
        "custom.fillOpacity": 15 if fill_to else 0,
    }
    if fill_to:
        how["custom.fillBelowTo"] = fill_to
    if dashed:
        how["custom.lineStyle"] = {"fill": "dash", "dash": [8, 6]}
    return [model.DynamicConfigValue(id_val=name, value=value) for name, value in how.items()]


def _cell(unit: str, steps: Steps) -> list[model.DynamicConfigValue]:
    return [
        model.DynamicConfigValue(id_val="unit", value=unit),
        model.DynamicConfigValue(id_val="thresholds", value=steps.built().build()),
        model.DynamicConfigValue(id_val="color", value={"mode": "thresholds"}),
        model.DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
    ]


def _host_link() -> dict[str, object]:
    return {"title": "Open ${__data.fields.Host}", "url": HOST_LINK, "targetBlank": False}
