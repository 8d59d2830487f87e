"""What was computed, in words: English and Korean, numbers as people read them. Computes and decides nothing."""

from __future__ import annotations

from analyzer.wording.particles import particle
from analyzer.wording.quantities import amount, moment, number, span, usual
from analyzer.wording.quiet import say_quiet
from analyzer.wording.sentences import SEVERITIES, meaning, say_failure, say_finding, say_host, say_learning

__all__ = [
    "SEVERITIES",
    "amount",
    "meaning",
    "moment",
    "number",
    "particle",
    "say_failure",
    "say_finding",
    "say_host",
    "say_learning",
    "say_quiet",
    "span",
    "usual",
]
