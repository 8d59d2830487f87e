"""A report for a person at a terminal: tables, bars and sparklines. Prints nothing itself; rich does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from analyzer.data import Feature, Finding, Forecast, HostReport, Report, Severity
from analyzer.wording import amount, meaning, say_failure, say_findings, say_learning, span

BARS = "▁▂▃▄▅▆▇█"
COLOURS = {Severity.INFO: "cyan", Severity.WARNING: "yellow", Severity.CRITICAL: "red"}
FORECASTS_SHOWN = 8
WELL, POOR = 80, 50

Features = Mapping[str, Feature]


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """On a terminal, shows what is being done, how much of how many (0: nobody knows); elsewhere nothing."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=None)

        def told(what: str, done: int, of: int) -> None:
            bars.update(task, description=what, completed=done, total=of or None)

        yield told


def render(report: Report, features: Features, only: str = "") -> RenderableType:
    """Every host of the report, or the one called `only`; then what could not be looked at."""
    named = report.host(only) if only else None
    hosts = [named] if named else list(report.hosts)
    parts: list[RenderableType] = [_host(host, report.findings, features) for host in hosts]
    parts += [Text(say_failure(failure), style="red") for failure in report.failures]
    served = f"{report.at:%Y-%m-%d %H:%M:%S %Z}, served by {report.source or 'nobody'}"
    why = f" ({report.fallback_reason})" if report.fallback_reason else ""
    return Group(*parts, Text(served + why, style="dim"))


def _host(host: HostReport, findings: Sequence[Finding], features: Features) -> Panel:
    own = [finding for finding in findings if finding.host == host.host.name]
    title = f"{host.host.name}" + (f" ({host.host.nodename})" if host.host.nodename else "")
    return Panel(Group(*_lines(host, own, features)), title=title, title_align="left")


def _lines(host: HostReport, findings: Sequence[Finding], features: Features) -> Iterator[RenderableType]:
    yield from _health(host, features)
    if host.learning is not None:
        yield Text(say_learning(host.host.name, host.learning, features), style="cyan")
    if host.state is not None:
        yield Text(f"state: {host.state.label}, one of {host.state.count}")
    for text, finding in zip(say_findings(findings, features), findings, strict=True):
        yield Text(text, style=COLOURS[finding.severity])
    if host.shares:
        yield _shares(host, features)
    if host.forecasts:
        yield _forecasts(host.forecasts, features)


def _health(host: HostReport, features: Features) -> Iterator[RenderableType]:
    if host.health is None or host.health.score is None:
        return
    score = host.health.score
    colour = "green" if score >= WELL else "yellow" if score >= POOR else "red"
    headroom = "" if host.health.performance is None else f", performance {host.health.performance:.0f}"
    yield Text(f"health {score:.0f} of 100{headroom}, from {host.health.confidence:.0%} of what it needs", style=colour)
    for taken in host.health.deductions:
        yield Text(f"  −{taken.points:.1f}  {taken.reason}: {meaning(taken.subject, features)}")


def _shares(host: HostReport, features: Features) -> Table:
    table = Table("share of the anomaly score", "feature", box=None, header_style="dim")
    for name, share in sorted(host.shares.items(), key=lambda item: -item[1])[:5]:
        table.add_row(f"{share:4.0%} {'█' * round(20 * share)}", meaning(name, features))
    return table


def _forecasts(forecasts: Sequence[Forecast], features: Features) -> Table:
    """What runs out first, then the rest that has a limit."""
    table = Table("feature", "next", "in a day", "runs out in", box=None, header_style="dim")
    limited = [forecast for forecast in forecasts if forecast.limit is not None]
    for forecast in sorted(limited, key=_urgency)[:FORECASTS_SHOWN]:
        unit = features[forecast.feature].unit if forecast.feature in features else ""
        day = int(np.searchsorted(forecast.times, forecast.times[0] + 86400))
        ahead = amount(float(forecast.point[min(day, len(forecast.point) - 1)]), unit)
        table.add_row(meaning(forecast.feature, features), sparkline(forecast.point), ahead, _until(forecast))
    return table


def _urgency(forecast: Forecast) -> float:
    return forecast.exhausted_in[0] if forecast.exhausted_in else float("inf")


def _until(forecast: Forecast) -> str:
    if forecast.exhausted_in is None:
        return "not within the horizon"
    expected, soonest, latest = forecast.exhausted_in
    return f"{span(expected)} ({span(soonest)} to {span(latest) if np.isfinite(latest) else 'never'})"


def sparkline(values: Sequence[float] | np.ndarray, width: int = 24) -> str:
    """One block for each of at most `width` values; gaps stay empty, a flat line stays low."""
    picked = np.asarray(values, float)[np.linspace(0, len(values) - 1, min(width, len(values))).astype(int)]
    known = picked[np.isfinite(picked)]
    if not len(known):
        return ""
    low, high = known.min(), known.max()
    steps = np.nan_to_num((picked - low) / ((high - low) or 1.0)) * (len(BARS) - 1)
    return "".join(BARS[round(step)] if np.isfinite(v) else " " for step, v in zip(steps, picked, strict=True))
