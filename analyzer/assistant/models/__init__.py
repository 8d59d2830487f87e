"""Language models word what was computed. They choose nothing, compute nothing, and every word of theirs is checked."""

from __future__ import annotations

from analyzer.assistant.models.budget import Budget
from analyzer.assistant.models.providers import PRESETS, Provider, make_provider
from analyzer.assistant.models.worder import Worded, Worder

__all__ = ["PRESETS", "Budget", "Provider", "Worded", "Worder", "make_provider"]
