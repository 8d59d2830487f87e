"""Who did it stays told while the finding lasts, though it has ended by then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analyzer.companions.lasting import at_its_worst
from analyzer.data import Companion, Evidence, Window
from analyzer.data.companions import Change, CompanionKind

AT = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)
PROOF = Evidence("up", Window(AT, AT, timedelta(seconds=15)), "db-1", "x", "bytes/s", 1.0)


def group(name: str, change: Change, now: float, before: float = 0.0, resource: str = "process_writes") -> Companion:
    return Companion("process group", name, change, now, before, PROOF, resource)


def of(kind: CompanionKind, name: str, change: Change, now: float = 1.0) -> Companion:
    return Companion(kind, name, change, now, 0.0, PROOF)


def test_who_wrote_most_stays_told_once_it_has_ended() -> None:
    restic = group("restic", "grew", 90.0, 1.0)
    assert at_its_worst([restic], []) == (restic,)
    assert at_its_worst([restic], [group("journal", "grew", 5.0, 1.0)]) == (restic,)


def test_who_writes_more_by_now_is_told_with_what_it_writes_now() -> None:
    early, late = group("restic", "grew", 20.0, 1.0), group("restic", "grew", 90.0, 1.0)
    assert at_its_worst([early], [late]) == (late,)
    assert at_its_worst([late], [late]) == (late,)


def test_each_thing_is_told_as_at_its_own_worst() -> None:
    writes, computes = group("restic", "grew", 90.0), group("restic", "grew", 0.5, resource="process_cpu")
    less, more = group("restic", "grew", 9.0), group("restic", "grew", 0.9, resource="process_cpu")
    assert at_its_worst([writes, computes], [less, more]) == (writes, more)


def test_who_began_with_it_and_what_was_logged_stay_told() -> None:
    began, logged = group("restic", "started", 1.0, resource=""), of("log template", "t", "rose", 40.0)
    assert at_its_worst([began, logged], []) == (began, logged)


def test_what_is_back_is_gone_no_more() -> None:
    gone = [group("nginx", "gone", 0.0, 4.0, ""), of("service", "nginx.service", "failed"), of("probe", "x", "failed")]
    assert at_its_worst(gone, []) == ()
