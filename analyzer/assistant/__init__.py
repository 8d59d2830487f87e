"""The assistant: understands a question, computes its answer from the report, and words it with evidence."""

from __future__ import annotations

from analyzer.assistant.conversation import HostAssistant

__all__ = ["HostAssistant"]
