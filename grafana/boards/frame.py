"""What every dashboard has: its variables, links to the others, and findings as annotations."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import Dataquery

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "openmanager"


class FindingAnnotation(model.AnnotationQuery):
    """A Prometheus annotation query. How its events are worded is the plugin's own and not in the SDK's schema."""

    def to_json(self) -> dict[str, object]:
        wording = {
            "step": "15s",
            "titleFormat": "{{kind}} on {{host}}",
            "textFormat": "{{severity}}: {{cause}}",
            "tagKeys": "severity,kind",
        }
        return super().to_json() | wording


class _FindingAnnotation(build.AnnotationQuery):
    """The builder of the same."""

    def __init__(self, expr: str) -> None:
        super().__init__()
        self._internal = FindingAnnotation(
            name="Findings", datasource=SOURCE, enable=True, hide=False, icon_color="orange", expr=expr
        )


def board(uid: str, title: str, description: str) -> build.Dashboard:
    """An empty dashboard with its links; read-only, for what is changed in Grafana would be lost at an update."""
    page = build.DashboardLink("Page").type(model.DashboardLinkType.LINK).url("${analyzer}/").target_blank(True)
    others = build.DashboardLink("OpenManager").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return (
        build.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .timezone("browser")
        .readonly()
        .refresh("30s")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(others.as_dropdown(False).include_vars(True).keep_time(True).icon("external link"))
        .link(page.icon("external link").tooltip("The analyzer's own page"))
        .with_variable(build.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(analyzer_address())
        .annotation(written_annotation())
    )


def analyzer_address() -> build.TextBoxVariable:
    address = "http://127.0.0.1:9095"
    return (
        build.TextBoxVariable("analyzer")
        .label("Analyzer's page")
        .description("Where your browser reaches the analyzer; the links to its page begin with it.")
        .default_value(address)
        .current(model.VariableOption(text=address, value=address))
    )


def job_variable() -> build.QueryVariable:
    """The host's own job is exported_job: Prometheus puts the analyzer's job in its place."""
    return all_of(_label_values("job", "Job", "label_values(openmanager_host_info, exported_job)"))


def host_variable() -> build.QueryVariable:
    return _label_values("host", "Host", 'label_values(openmanager_host_info{exported_job=~"$job"}, host)')


def horizon_variable() -> build.CustomVariable:
    options = [model.VariableOption(text=one, value=one, selected=one == "1h") for one in ("1h", "6h", "24h")]
    return (
        build.CustomVariable("horizon")
        .label("Forecast")
        .description("How far ahead the drawn forecasts look.")
        .values(",".join(str(option.value) for option in options))
        .options(options)
        .current(options[0])
    )


def finished(page: build.Dashboard, *, reaches_ahead: bool = False) -> model.Dashboard:
    """The dashboard, its panels numbered in the order they stand: annotations and links name panels by number.

    Grafana asks for a single value at the end of the time range. Where that `reaches_ahead` of now, panels of single
    values look at the last minutes instead.
    """
    made = page.build()
    for number, panel in enumerate(made.panels or [], 1):
        panel.id_val = number
        if reaches_ahead and isinstance(panel, model.Panel) and _of_one_moment(panel):
            panel.time_from, panel.hide_time_override = "5m", True
    return made


def _of_one_moment(panel: model.Panel) -> bool:
    return all(isinstance(target, Dataquery) and target.instant for target in panel.targets or [])


def written_annotation() -> build.AnnotationQuery:
    """What the analyzer wrote through Grafana's own API."""
    target = build.AnnotationTarget().type("tags").tags([TAG]).match_any(True).limit(100)
    return (
        build.AnnotationQuery()
        .name("Written by the analyzer")
        .datasource(model.DataSourceRef(type_val="grafana", uid="-- Grafana --"))
        .enable(True)
        .icon_color("purple")
        .built_in(1)
        .type("dashboard")
        .target(target)
    )


def all_of(variable: build.QueryVariable) -> build.QueryVariable:
    """Several may be picked, and at first all are."""
    picked = model.VariableOption(text=["All"], value=["$__all"], selected=True)
    return variable.include_all(True).multi(True).current(picked)


def findings_annotation(selector: str) -> build.AnnotationQuery:
    """A span for each finding, from the metrics alone: no token is needed."""
    return _FindingAnnotation(f"openmanager_finding_start_timestamp_seconds{{{selector}}}")


def _label_values(name: str, label: str, query: str) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": query, "refId": name})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.NATURAL_ASC)
    )
