"""Which findings are one story, and that a story is told once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.data import Cause, Evidence, Feature, Finding, Incident, Severity, Window
from analyzer.incidents import Grouping

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CATALOGUE = {
    name: Feature(name, "ratio", group, "x", {"en": name, "ko": name})
    for name, group in {"cpu": "cpu", "steal": "cpu", "disk": "disk", "memory": "memory"}.items()
}
GROUPING = Grouping(CATALOGUE)


def shared(host: str, at: float = 0, **shares: float) -> Finding:
    """The same, put down to features by these shares."""
    finding = found(host, *shares, at=at)
    causes = (replace(cause, share=share) for cause, share in zip(finding.causes, shares.values(), strict=True))
    return replace(finding, causes=tuple(causes))


def found(host: str, *features: str, at: float = 0, kind: str = "anomaly", ends: float | None = None) -> Finding:
    """A finding that begins `at` minutes after NOW, put down to features in equal parts."""
    window = Window(NOW, NOW, timedelta(seconds=15))
    causes = [Cause(f, 1 / len(features), Evidence("x", window, host, f, "ratio", 0.9)) for f in features]
    end = None if ends is None else NOW + ends * MINUTE
    return Finding(kind, host, Severity.WARNING, NOW + at * MINUTE, end, 0.9, tuple(causes))


def after(
    minutes: float, findings: Sequence[Finding], known: Sequence[Incident] = (), jobs: dict[str, str] | None = None
) -> tuple[Incident, ...]:
    return GROUPING.group(NOW + minutes * MINUTE, findings, known, jobs or {}).incidents


def shape(incidents: Sequence[Incident]) -> list[list[tuple[str, str]]]:
    return sorted([(each.host, each.kind) for each in incident.findings] for incident in incidents)


def test_findings_of_one_host_that_overlap_are_one_incident_whatever_they_rest_on() -> None:
    anomaly, full = found("web-1", "cpu"), found("web-1", "memory", at=30, kind="saturation:memory")
    (incident,) = after(31, [anomaly, full])
    assert [each.kind for each in incident.findings] == ["anomaly", "saturation:memory"]
    assert (incident.id, incident.starts_at, incident.open) == (anomaly.fingerprint, NOW, True)


def test_every_finding_is_given_the_id_of_its_incident() -> None:
    anomaly, full = found("web-1", "cpu"), found("web-1", "memory", at=1, kind="saturation:memory")
    grouped = GROUPING.group(NOW + MINUTE, [full, anomaly], (), {})
    assert [each.incident for each in grouped.findings] == [anomaly.fingerprint] * 2
    assert [each.kind for each in grouped.findings] == ["saturation:memory", "anomaly"]


def test_what_comes_back_within_the_hold_continues_its_incident_and_what_comes_later_is_another() -> None:
    first = found("web-1", "cpu", ends=10)
    resting = after(10, [first])
    assert resting[0].open
    (again,) = after(13, [found("web-1", "cpu", at=13)], resting)
    assert again.id == first.fingerprint
    closed, other = after(16, [found("web-1", "cpu", at=16)], resting)
    assert (closed.id, closed.ends_at) == (first.fingerprint, NOW + 10 * MINUTE)
    assert other.open


def test_an_incident_is_over_once_it_was_quiet_for_the_hold_and_ended_when_its_last_finding_did() -> None:
    known = after(3, [found("web-1", "cpu", ends=3), found("web-1", "memory", at=1, kind="saturation:memory", ends=2)])
    assert after(7.9, [], known)[0].open
    (over,) = after(8, [], known)
    assert over.ends_at == NOW + 3 * MINUTE


def test_hosts_that_suffer_alike_at_the_same_moment_are_one_incident_and_the_first_is_told() -> None:
    (incident,) = after(2, [found("web-2", "cpu", at=1), found("web-1", "cpu"), found("web-3", "cpu", at=2)])
    assert incident.joined == {"web-1": NOW, "web-2": NOW + MINUTE, "web-3": NOW + 2 * MINUTE}


@pytest.mark.parametrize(
    ("other", "job", "incidents"),
    [
        (found("web-2", "cpu", at=1), "web", 1),
        (found("web-2", "disk", at=1), "web", 2),
        (found("web-2", "cpu", at=3), "web", 2),
        (found("web-2", "steal", at=1), "web", 1),
        (found("web-2", "steal", at=1), "db", 2),
        (found("web-2", "steal", "disk", "memory", "cpu", at=1), "db", 1),
        (found("web-2", "steal", "disk", "memory", "a", "cpu", at=1), "db", 2),
    ],
    ids=["alike", "unlike", "later", "same job", "other job", "a good part", "a small part"],
)
def test_hosts_are_one_story_only_when_moment_and_cause_agree(other: Finding, job: str, incidents: int) -> None:
    assert len(after(3, [found("web-1", "cpu"), other], jobs={"web-1": "web", "web-2": job})) == incidents


def test_hosts_whose_trouble_many_features_share_are_one_story_whichever_happens_to_be_first() -> None:
    """A fault that shows in twenty features leaves none of them a good part."""
    one = shared("web-1", memory=0.09, cpu=0.08, threads=0.08, disk=0.02)
    other = shared("web-2", at=1, cpu=0.08, steal=0.07, threads=0.07, memory=0.02)
    assert len(after(2, [one, other])) == 1
    apart = shared("web-2", at=1, forks=0.12, cpu=0.07, threads=0.07)
    assert len(after(2, [one, apart])) == 2


def test_a_trouble_that_spreads_is_one_incident_for_ten_minutes_and_chance_does_not_feed_it_for_ever() -> None:
    known: tuple[Incident, ...] = ()
    findings: list[Finding] = []
    for number in range(10):
        findings.append(found(f"web-{number:02}", "cpu", at=1.5 * number))
        known = after(1.5 * number, findings, known)
    assert [len(incident.hosts) for incident in known] == [7, 3]


def test_silence_of_many_hosts_is_one_incident_beside_what_was_wrong_with_one_of_them_before() -> None:
    before = found("web-1", "disk", at=-60)
    known = after(-60, [before])
    silent = [found(f"web-{number}", "up", kind="silent") for number in range(1, 51)]
    old, many = after(2, [before, *silent], known)
    assert (old.hosts, len(many.hosts)) == (("web-1",), 50)


def test_hosts_that_are_in_one_incident_already_stay_together_when_more_comes_to_all_of_them() -> None:
    first = [found("web-1", "cpu"), found("web-2", "cpu")]
    known = after(1, first)
    (incident,) = after(
        9, [*first, *(found(h, "memory", at=8, kind="saturation:memory") for h in ("web-1", "web-2"))], known
    )
    assert len(incident.findings) == 4


def test_most_of_a_job_at_once_is_one_story_whatever_each_host_suffers_from() -> None:
    jobs = {"web-1": "web", "web-2": "web", "web-3": "web", "web-4": "web", "db-1": "db"}
    causes = {"web-1": "cpu", "web-2": "disk", "web-3": "memory", "db-1": "cpu"}
    told = after(1, [found(host, cause, at=0.1) for host, cause in causes.items()], jobs=jobs)
    assert sorted(incident.hosts for incident in told) == [("db-1", "web-1", "web-2", "web-3")]
    apart = after(
        1, [found(host, cause) for host, cause in causes.items()], jobs=jobs | {f"web-{n}": "web" for n in range(5, 9)}
    )
    assert len(apart) == 3


def test_flapping_is_one_incident_that_does_not_grow_for_ever() -> None:
    known: tuple[Incident, ...] = ()
    opened = found("web-1", "cpu")
    for number in range(300):
        known = after(4 * number, [found("web-1", "cpu", at=4 * number)], known)
        known = after(4 * number + 1, [found("web-1", "cpu", at=4 * number, ends=4 * number + 1)], known)
    assert [(incident.id, len(incident.findings)) for incident in known] == [(opened.fingerprint, 2)]


def test_telling_the_same_again_changes_nothing() -> None:
    findings = [found("web-1", "cpu"), found("web-2", "cpu"), found("db-1", "disk", ends=1)]
    once = after(2, findings)
    assert after(2, findings, once) == once


def test_severity_is_the_worst_it_ever_was_and_causes_stay_those_it_fired_for() -> None:
    worst = replace(found("web-1", "cpu"), severity=Severity.CRITICAL)
    known = after(1, [worst])
    calmed = replace(found("web-1", "disk", ends=2), severity=Severity.INFO)
    (incident,) = after(2, [calmed], known)
    assert (incident.severity, [cause.feature for cause in incident.causes]) == (Severity.CRITICAL, ["cpu"])


def test_a_finding_that_is_told_of_no_more_fires_no_more() -> None:
    known = after(1, [found("web-1", "cpu"), found("web-1", "disk", at=1, kind="saturation:disk")])
    (incident,) = after(3, [found("web-1", "disk", at=1, kind="saturation:disk")], known)
    assert [each.ends_at for each in incident.findings] == [NOW + 3 * MINUTE, None]


@pytest.mark.parametrize("step", [-86400, -30, 30, 86400])
def test_a_clock_that_is_set_neither_doubles_nor_keeps_an_incident(step: int) -> None:
    """What fires goes on; what was quiet is over at once or a little later, whichever way the clock went."""
    firing, resting = found("web-1", "cpu"), found("web-2", "disk", ends=1)
    known = after(1, [firing, resting])
    later = after(1 + step / 60, [firing], known)
    assert {incident.id for incident in later} == {firing.fingerprint, resting.fingerprint}
    assert {incident.id: incident.open for incident in later} == {
        firing.fingerprint: True,
        resting.fingerprint: abs(step) < 300,
    }


def test_ten_thousand_hosts_that_fall_silent_are_one_incident() -> None:
    """Looked up, not searched for: each against each would outlast the test's time."""
    silent = [found(f"web-{number}", "up", kind="silent") for number in range(10_000)]
    (incident,) = after(2, silent, jobs={finding.host: "web" for finding in silent})
    assert len(incident.hosts) == 10_000
