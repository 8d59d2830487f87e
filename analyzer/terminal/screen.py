"""The whole screen: one host in full, or all of them in a table; then what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from analyzer.data import Feature, Finding, HostReport, Language, Report, Severity, UsualState
from analyzer.terminal.forecasts import forecast_table, soonest
from analyzer.terminal.health import colour, health_lines
from analyzer.terminal.states import peer_lines, state_lines
from analyzer.terminal.words import say
from analyzer.wording import meaning, moment, say_failure, say_findings, say_host, span

COLOURS = {Severity.INFO: "cyan", Severity.WARNING: "yellow", Severity.CRITICAL: "red"}
CAUSES_SHOWN = 5
BAR = 20

Features = Mapping[str, Feature]


@dataclass(frozen=True)
class Shown:
    """How it is told: hours of day and moments are those of `timezone`."""

    features: Features
    states: Callable[[str], Sequence[UsualState]] = lambda _host: ()
    language: Language = "en"
    timezone: str = "UTC"


def render(report: Report, shown: Shown, only: str = "") -> RenderableType:
    """The host called `only` in full, or the only one there is; several in a table with what was found."""
    hosts = [named] if only and (named := report.host(only)) else list(report.hosts)
    parts: list[RenderableType] = [*_hosts(hosts, report, shown)]
    parts += [Text(say_failure(failure, shown.language), style="red") for failure in report.failures]
    source = report.source or say("nobody", shown.language)
    at = moment(report.at, shown.timezone, shown.language)
    why = f" ({report.fallback_reason})" if report.fallback_reason else ""
    return Group(*parts, Text(f"{at}, {say('served', shown.language, source=source)}{why}", style="dim"))


def _hosts(hosts: Sequence[HostReport], report: Report, shown: Shown) -> Iterator[RenderableType]:
    if len(hosts) == 1:
        yield _panel(hosts[0], report.findings, shown)
        return
    yield _overview(hosts, report.findings, shown)
    yield from _found(report.findings, shown)


def _panel(host: HostReport, findings: Sequence[Finding], shown: Shown) -> Panel:
    own = [finding for finding in findings if finding.host == host.host.name]
    title = f"{host.host.name}" + (f" ({host.host.nodename})" if host.host.nodename else "")
    return Panel(Group(*_lines(host, own, shown)), title=Text(title, style="bold"), title_align="left")


def _lines(host: HostReport, findings: Sequence[Finding], shown: Shown) -> Iterator[RenderableType]:
    """Each part begins after a blank line."""
    yield from health_lines(host.health, shown.features, shown.language)
    yield Text()
    if findings:
        yield from _found(findings, shown)
        if host.shares:
            yield _shares(host, shown)
    else:
        yield Text(say_host(host, (), shown.features, shown.language, shown.timezone))
    at = host.last_seen
    told = [
        *state_lines(host.state, shown.states(host.host.name), at, shown.language, shown.timezone),
        *peer_lines(host.peers, shown.features, shown.language),
    ]
    if told:
        yield Text()
        yield from told
    if host.forecasts:
        yield Text()
        yield forecast_table(host.forecasts, shown.features, shown.language)


def _found(findings: Sequence[Finding], shown: Shown) -> Iterator[Text]:
    told = say_findings(findings, shown.features, shown.language, shown.timezone)
    for text, finding in zip(told, findings, strict=True):
        yield Text(text, style=COLOURS[finding.severity])


def _shares(host: HostReport, shown: Shown) -> Table:
    table = Table(
        say("share of score", shown.language),
        say("feature", shown.language),
        box=None,
        header_style="dim",
        padding=(0, 2),
    )
    for name, share in sorted(host.shares.items(), key=lambda item: -item[1])[:CAUSES_SHOWN]:
        table.add_row(f"{share:4.0%} {'█' * round(BAR * share)}", meaning(name, shown.features, shown.language))
    return table


def _overview(hosts: Sequence[HostReport], findings: Sequence[Finding], shown: Shown) -> Table:
    """One line a host, the least healthy first."""
    language = shown.language
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("host", "health of 100", "headroom of 100", "state", "findings", "soonest"):
        table.add_column(say(heading, language))
    for host in sorted(hosts, key=_worst_first):
        firing = sum(finding.firing for finding in findings if finding.host == host.host.name)
        table.add_row(
            host.host.name,
            _score(host.health.score if host.health else None),
            _score(host.health.performance if host.health else None),
            _state_name(host, shown),
            Text(str(firing), style="red") if firing else say("learning" if host.learning else "usual", language),
            _soonest(host, shown),
        )
    return table


def _worst_first(host: HostReport) -> tuple[float, str]:
    score = host.health.score if host.health else None
    return (-1.0 if score is None else score, host.host.name)


def _score(score: float | None) -> Text:
    return Text("?") if score is None else Text(f"{score:.0f}", style=colour(score))


def _state_name(host: HostReport, shown: Shown) -> str:
    if host.state is None:
        return ""
    label = host.state.label
    return next((each.name[shown.language] for each in shown.states(host.host.name) if each.label == label), label)


def _soonest(host: HostReport, shown: Shown) -> str:
    first = soonest(host.forecasts)
    if first is None or first.exhausted_in is None:
        return ""
    return f"{meaning(first.feature, shown.features, shown.language)}, {span(first.exhausted_in[0], shown.language)}"
