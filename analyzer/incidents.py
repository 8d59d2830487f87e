"""Findings of one story become one incident. Pure: what is known goes in, what is known goes out; no clock, no store.

A new finding joins, in this order: an incident that began to hurt in a like way at the same moment, on the same host
or another; the incident of its own host that goes on or ended a moment ago; else it opens its own. Two findings are
alike when a feature carries a good part of both, or, on hosts of one job, features of one group do. When most of a
job's hosts find something in one cycle they are one story, whatever each of them suffers from.

Incidents never merge and a finding never changes its incident: what people were told stays true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from analyzer.data import Feature, Finding, Incident

# A cause that carries this much of a finding says what kind of trouble it is; where many share it, so do the foremost
# that carry nearly as much as the first: which of these is first is chance.
LEADING_SHARE = 0.25
FOREMOST, NEARLY_AS_MUCH = 3, 0.75
# So many hosts of a job, and this part of them, can't be chance.
LEAST_OF_A_JOB = 3
MOST_OF_A_JOB = 0.5


@dataclass(frozen=True, slots=True)
class Grouped:
    """The same findings, each with its incident; the incidents that are open, and those that closed just now."""

    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """How near findings must be to be one story.

    What comes back within `hold` continues its incident. What begins within `together` of each other is one moment.
    For `spread` after its beginning an incident takes in other hosts: beyond, chance would feed it for ever.
    """

    features: Mapping[str, Feature] = field(default_factory=dict)
    hold: timedelta = timedelta(minutes=5)
    together: timedelta = timedelta(minutes=2)
    spread: timedelta = timedelta(minutes=10)

    def group(
        self, now: datetime, findings: Sequence[Finding], known: Iterable[Incident], jobs: Mapping[str, str]
    ) -> Grouped:
        """`findings` are all that a verdict told at `now`; `known` the incidents open so far; `jobs` each host's job.

        Telling the same again changes nothing. Call it only when there was a verdict: to be blind is not to be well.
        """
        told = {finding.fingerprint: finding for finding in findings}
        stories = {incident.id: _updated(incident, told, now) for incident in known}
        owner = {each.fingerprint: id_ for id_, each in _members(stories)}
        new = [finding for finding in told.values() if finding.fingerprint not in owner]
        new.sort(key=_order)
        if new:
            book = _Book(self, stories, new, jobs)
            owner.update({finding.fingerprint: book.add(finding) for finding in new})
        marked = tuple(replace(finding, incident=owner[finding.fingerprint]) for finding in findings)
        return Grouped(marked, tuple(self._closed(_whole(id_, members), now) for id_, members in stories.items()))

    def _closed(self, incident: Incident, now: datetime) -> Incident:
        """With its end, once it was quiet for long enough; a clock that was set back does not keep it open."""
        since = incident.quiet_since
        return replace(incident, ends_at=since) if since is not None and abs(now - since) >= self.hold else incident

    def like(self, finding: Finding, job: str) -> tuple[str, ...]:
        """What findings that may be one story have in common: tokens to look each other up by."""
        leading = _leading(finding)
        groups = {self.features[name].group for name in leading if name in self.features}
        tokens = [f"feature {name}" for name in leading] or [f"kind {finding.kind}"]
        return (*tokens, *(f"group {group} of {job}" for group in sorted(groups) if job))


def _leading(finding: Finding) -> list[str]:
    """The features that say what kind of trouble it is."""
    most = max((cause.share for cause in finding.causes), default=0.0)
    return [
        cause.feature
        for place, cause in enumerate(finding.causes)
        if place == 0 or cause.share >= LEADING_SHARE or (place < FOREMOST and cause.share >= NEARLY_AS_MUCH * most)
    ]


class _Book:
    """Where a new finding may belong, looked up instead of searched for: a fleet finds many things at once."""

    def __init__(
        self, grouping: Grouping, stories: dict[str, list[Finding]], new: Sequence[Finding], jobs: Mapping[str, str]
    ) -> None:
        self._grouping = grouping
        self._stories = stories
        self._jobs = jobs
        self._begun = {id_: min(each.starts_at for each in members) for id_, members in stories.items()}
        self._of_host: dict[str, dict[str, datetime | None]] = defaultdict(dict)
        self._alike: dict[str, tuple[datetime, str]] = {}
        self._whole_jobs = _whole_jobs(new, jobs)
        for id_, member in _members(stories):
            self._note(member, id_)
        self._homes = self._common_homes(new)

    def add(self, finding: Finding) -> str:
        """Put it where it belongs, which may be a story of its own; give that one's id."""
        id_ = self._home(finding) or finding.fingerprint
        self._stories.setdefault(id_, []).append(finding)
        self._begun[id_] = min(self._begun.get(id_, finding.starts_at), finding.starts_at)
        self._note(finding, id_)
        return id_

    def _home(self, finding: Finding) -> str | None:
        tokens = self._tokens(finding)
        alike = self._same_moment(finding, tokens)
        if alike is not None:
            return alike
        # Of several hosts at once none may draw the others into what was wrong with it alone before.
        shared = [token for token in tokens if token in self._homes]
        return self._homes[shared[0]] if shared else self._at_home(finding.host, finding.starts_at)

    def _tokens(self, finding: Finding) -> tuple[str, ...]:
        job = self._jobs.get(finding.host, "")
        return (*self._grouping.like(finding, job), *([f"job {job}"] if job in self._whole_jobs else []))

    def _same_moment(self, finding: Finding, tokens: Iterable[str]) -> str | None:
        for at, id_ in (self._alike[token] for token in tokens if token in self._alike):
            near = abs(finding.starts_at - at) <= self._grouping.together
            if near and abs(finding.starts_at - self._begun[id_]) <= self._grouping.spread:
                return id_
        return None

    def _at_home(self, host: str, at: datetime) -> str | None:
        """The host's own incident that goes on then, or ended a moment before; of several the one that began last."""
        hold = self._grouping.hold
        open_ = [id_ for id_, end in self._of_host.get(host, {}).items() if end is None or at - end <= hold]
        return max(open_, key=lambda id_: self._begun[id_], default=None)

    def _common_homes(self, new: Iterable[Finding]) -> dict[str, str | None]:
        """For each token that several hosts begin with at once: the one incident that has all of them already."""
        began: dict[str, dict[str, datetime]] = defaultdict(dict)
        for finding in new:
            for token in self._tokens(finding):
                began[token].setdefault(finding.host, finding.starts_at)
        homes: dict[str, str | None] = {}
        for token, hosts in began.items():
            if len(hosts) > 1:
                found = {self._at_home(host, at) for host, at in hosts.items()}
                homes[token] = found.pop() if len(found) == 1 else None
        return homes

    def _note(self, finding: Finding, id_: str) -> None:
        ends = self._of_host[finding.host]
        before = ends.get(id_, finding.ends_at)
        ends[id_] = None if before is None or finding.ends_at is None else max(before, finding.ends_at)
        for token in self._tokens(finding):
            if token not in self._alike or self._alike[token][0] <= finding.starts_at:
                self._alike[token] = (finding.starts_at, id_)


def _members(stories: Mapping[str, Sequence[Finding]]) -> Iterable[tuple[str, Finding]]:
    return ((id_, member) for id_, members in stories.items() for member in members)


def _whole_jobs(new: Iterable[Finding], jobs: Mapping[str, str]) -> frozenset[str]:
    """Jobs of which most hosts find something new."""
    hosts: dict[str, set[str]] = defaultdict(set)
    struck: dict[str, set[str]] = defaultdict(set)
    for host, job in jobs.items():
        hosts[job].add(host)
    for finding in new:
        struck[jobs.get(finding.host, "")].add(finding.host)
    return frozenset(
        job
        for job, found in struck.items()
        if job and len(found) >= max(LEAST_OF_A_JOB, MOST_OF_A_JOB * len(hosts[job]))
    )


def _updated(incident: Incident, told: Mapping[str, Finding], now: datetime) -> list[Finding]:
    """Its findings as they are told now, without those that only repeat: flapping must not make it grow for ever."""
    members = [_worst(member, told.get(member.fingerprint), now) for member in incident.findings]
    newest = {(member.kind, member.host): place for place, member in enumerate(members)}
    first = {(member.kind, member.host): place for place, member in reversed([*enumerate(members)])}
    kept = {*newest.values(), *first.values()}
    return [member for place, member in enumerate(members) if member.firing or place in kept]


def _worst(before: Finding, told: Finding | None, now: datetime) -> Finding:
    """As the store keeps it: the worst severity, and of one that ended the causes that it fired for."""
    if told is None:
        return before if before.ends_at is not None else replace(before, ends_at=max(before.starts_at, now))
    if told.ends_at is not None:
        told = replace(before, ends_at=before.ends_at or told.ends_at, end_reason=told.end_reason, quiet=told.quiet)
    return replace(told, severity=max(before.severity, told.severity), incident=before.incident)


def _order(finding: Finding) -> tuple[datetime, str, str]:
    """Of what began at one moment the order is always the same, also after a restart."""
    return finding.starts_at, finding.host, finding.kind


def _whole(id_: str, members: Iterable[Finding]) -> Incident:
    found = sorted(members, key=_order)
    return Incident(id_, tuple(replace(finding, incident=id_) for finding in found))
