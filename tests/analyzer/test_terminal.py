"""What a person at a terminal sees: progress there, and nothing of it in a file."""

from __future__ import annotations

import io

from rich.console import Console

from analyzer.terminal import progress


def shown(*, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, color_system=None)
    with progress(console) as told:
        told("reading the newest history", 0, 0)
        for done in range(3):
            told("learning each host's history", done, 3)
            if terminal:
                console.print(".")  # has the bars drawn again above it, whatever the clock says
    return out.getvalue()


def test_progress_says_what_is_done_and_how_much_of_it() -> None:
    text = shown(terminal=True)
    assert "learning each host's history" in text
    assert "2/3" in text


def test_nothing_is_shown_where_nobody_watches() -> None:
    assert shown(terminal=False) == ""
