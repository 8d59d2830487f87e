"""Which of its usual states a host is in, what they are, and whom it is like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from analyzer.data import Feature, Language, Peers, State, UsualState
from analyzer.terminal.forecasts import sparkline
from analyzer.terminal.words import say
from analyzer.wording import amount, meaning, number

UNUSUAL = 0.9
HOUR_SECONDS = 3600.0


def state_lines(
    now: State | None, usual: Sequence[UsualState], at: datetime | None, language: Language, timezone: str
) -> Iterator[RenderableType]:
    """A table of the states, the one it is in marked; a single line where there is but one."""
    if now is not None and now.count == 1:
        yield Text(say("one state", language, label=now.label), style="dim")
        return
    if usual:
        yield _table(now, usual, at, language, timezone)
    if now is not None and now.unusual > UNUSUAL:
        share = amount(round(now.unusual, 2), "ratio", language)
        yield Text(say("unusual", language, share=share), style="yellow")


def _table(
    now: State | None, usual: Sequence[UsualState], at: datetime | None, language: Language, timezone: str
) -> Table:
    zone = ZoneInfo(timezone)
    local = (at or datetime.now(UTC)).astimezone(zone)
    offset = local.utcoffset()
    moved = round(offset.total_seconds() / HOUR_SECONDS) if offset else 0
    names = {state.label: state.name[language] for state in usual}
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column(say("state", language))
    table.add_column(say("share of time", language), justify="right")
    table.add_column(say("busiest hours", language, zone=local.tzname() or timezone), no_wrap=True)
    table.add_column(say("then", language))
    for state in usual:
        here = now is not None and state.label == now.label
        table.add_row(
            say("now", language) if here else "",
            f"{state.label} {state.name[language]}",
            amount(round(state.share, 3), "ratio", language),
            sparkline(np.roll(np.array(state.hours), moved), (0.0, 1.0)),
            _next(state, names),
            style="bold" if here else "",
        )
    return table


def _next(state: UsualState, names: Mapping[str, str]) -> str:
    """The state that it is most often left for."""
    others = {label: share for label, share in state.followed_by.items() if label != state.label and share > 0}
    return names.get(label, label) if (label := max(others, key=lambda each: others[each], default="")) else ""


def peer_lines(peers: Peers | None, features: Mapping[str, Feature], language: Language) -> Iterator[Text]:
    if peers is None:
        return
    line = say("group", language, group=peers.group, count=peers.others, distance=number(peers.distance))
    farthest = next(iter(peers.departures), None)
    if farthest is not None:
        line += "; " + say("farthest", language, what=meaning(farthest, features, language))
    yield Text(line)
