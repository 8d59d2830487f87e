"""What was computed, in words: English and Korean, numbers as people read them. Computes and decides nothing."""

from __future__ import annotations

from analyzer.wording.companions import Said, quoted, say_companion, say_companions, told_once
from analyzer.wording.experience import say_experience
from analyzer.wording.meanings import meaning
from analyzer.wording.particles import particle
from analyzer.wording.quantities import amount, moment, number, span, usual
from analyzer.wording.quiet import say_quiet
from analyzer.wording.sentences import (
    SEVERITIES,
    say_failure,
    say_finding,
    say_findings,
    say_host,
    say_learning,
    say_what,
)
from analyzer.wording.starting import say_starting

__all__ = [
    "SEVERITIES",
    "Said",
    "amount",
    "meaning",
    "moment",
    "number",
    "particle",
    "quoted",
    "say_companion",
    "say_companions",
    "say_experience",
    "say_failure",
    "say_finding",
    "say_findings",
    "say_host",
    "say_learning",
    "say_quiet",
    "say_starting",
    "say_what",
    "span",
    "told_once",
    "usual",
]
