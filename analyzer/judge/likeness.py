"""When one finding is like another: put down to like causes, and not clearly stronger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from analyzer.data import Finding, Severity

# How much higher a finding may be and still be the like of another.
STRONGER = 1.25


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
    """Of the angle between two lists of shares; 1 where neither has any."""
    if not some and not others:
        return 1.0
    norms = math.hypot(*some.values()) * math.hypot(*others.values())
    return sum(share * others.get(name, 0.0) for name, share in some.items()) / norms if norms > 0 else 0.0
