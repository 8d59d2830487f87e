"""The assistant: understands a question, computes its answer with evidence, and may have models word it, checked."""

from __future__ import annotations

from analyzer.assistant.conversation import Event, HostAssistant
from analyzer.assistant.keeping import Keeping
from analyzer.assistant.models import PRESETS, Budget, Provider, Worder, make_provider

__all__ = ["PRESETS", "Budget", "Event", "HostAssistant", "Keeping", "Provider", "Worder", "make_provider"]
