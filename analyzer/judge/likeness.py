"""When one finding is like another: put down to like causes, and not clearly stronger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from analyzer.data import Finding, Severity

# How much higher a finding may be and still be the like of another.
STRONGER = 1.25
# Of the least share that is told, what a feature that is not told is taken for.
UNTOLD = 0.25


class Known(Protocol):
    """What an earlier finding is held against."""

    @property
    def severity(self) -> int: ...

    @property
    def score(self) -> float: ...


def clearly_stronger(finding: Finding, than: Known) -> bool:
    """Critical where that one was not, or higher by a quarter; what has no height can't be compared and is stronger."""
    if finding.severity is Severity.CRITICAL and than.severity < Severity.CRITICAL:
        return True
    return not height(finding.score) <= STRONGER * height(than.score)


def height(score: float) -> float:
    return math.inf if score >= 1.0 else -math.log1p(-score)


def shares_of(finding: Finding) -> dict[str, float]:
    return {cause.feature: cause.share for cause in finding.causes}


def cosine(some: Mapping[str, float], others: Mapping[str, float]) -> float:
    """Of the angle between two lists of shares; 1 where neither has any.

    A fault that shows in twenty features has the same five told on no two days: what one list tells and the other
    does not is taken to be there too, as far as that leaves room for it, by a part of the least that is told.
    """
    if not some and not others:
        return 1.0
    names = [*some, *(name for name in others if name not in some)]
    a, b = ([shares.get(name, _untold(shares)) for name in names] for shares in (some, others))
    norms = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / norms if norms > 0 else 0.0


def _untold(shares: Mapping[str, float]) -> float:
    left = max(0.0, 1.0 - sum(shares.values()))
    return UNTOLD * min(left, *shares.values()) if shares else 0.0
