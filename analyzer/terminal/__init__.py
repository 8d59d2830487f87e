"""A report for a person at a terminal, in English or Korean: tables, bars and sparklines. Prints nothing itself."""

from __future__ import annotations

from analyzer.terminal.progress import progress
from analyzer.terminal.screen import Shown, render

__all__ = ["Shown", "progress", "render"]
