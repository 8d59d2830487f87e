"""Whether the analyzer can be relied on just now, and if not, why. A pure function of the last report and the time."""

from __future__ import annotations

from datetime import datetime, timedelta

from analyzer.data import Report
from analyzer.web.schema import ReadinessTold
from analyzer.wording import say_starting, span


def readiness(report: Report | None, now: datetime, longest_age: timedelta) -> ReadinessTold:
    if report is None:
        return ReadinessTold(
            ready=False, reason="no cycle has succeeded yet", source="", fallback_reason="", age_seconds=None
        )
    age = max(0.0, (now - report.at).total_seconds())
    reason = ""
    if age > longest_age.total_seconds():
        reason = f"the last cycle is {span(round(age))} old, more than {span(longest_age.total_seconds())}"
    elif report.starting is not None:
        reason = say_starting(report.starting)
    elif not report.source:
        reason = "nobody served the last cycle's data" + (
            f": {report.fallback_reason}" if report.fallback_reason else ""
        )
    return ReadinessTold(
        ready=not reason,
        reason=reason,
        source=report.source,
        fallback_reason=report.fallback_reason,
        age_seconds=age,
    )
