"""Findings that tell one story, on one host or several: what a person is called for once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from analyzer.data.findings import Cause, Finding, Severity


@dataclass(frozen=True, slots=True)
class Incident:
    """Findings of one story, at least one, in the order in which they began.

    `id` is the fingerprint of the finding that opened it, and stays. `ends_at` None means open, also while nothing
    fires any more but may come back; once closed it is when the last finding ended.
    """

    id: str
    findings: tuple[Finding, ...]
    ends_at: datetime | None = None

    @classmethod
    def alone(cls, finding: Finding) -> Incident:
        """The incident of a finding that belongs to no other."""
        return cls(finding.fingerprint, (finding,), finding.ends_at)

    @property
    def open(self) -> bool:
        return self.ends_at is None

    @property
    def firing(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.firing)

    @property
    def starts_at(self) -> datetime:
        return min(finding.starts_at for finding in self.findings)

    @property
    def quiet_since(self) -> datetime | None:
        """When the last finding ended; None while any fires."""
        ends = [finding.ends_at for finding in self.findings if finding.ends_at is not None]
        return max(ends) if len(ends) == len(self.findings) else None

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings that people are to be told of; an incident without any is only shown."""
        return tuple(finding for finding in self.findings if finding.told)

    def only_told(self) -> Incident:
        """The same without the findings that people are not told of; for an incident that has others."""
        return replace(self, findings=self.told)

    @property
    def severity(self) -> Severity:
        """The worst it ever was; findings that nobody is told of count where there are no others."""
        return max(finding.severity for finding in self.told or self.findings)

    @property
    def joined(self) -> Mapping[str, datetime]:
        """When each host's first finding began: the host it began on is first."""
        joined: dict[str, datetime] = {}
        for finding in sorted(self.findings, key=lambda found: (found.starts_at, found.host)):
            joined.setdefault(finding.host, finding.starts_at)
        return joined

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(self.joined)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(finding.kind for finding in self.findings))

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Each feature once, with the finding it had most part in; ranked by its part in all of them."""
        weight: dict[str, float] = {}
        best: dict[str, Cause] = {}
        for cause in (cause for finding in self.findings for cause in finding.causes):
            weight[cause.feature] = weight.get(cause.feature, 0.0) + cause.share
            if cause.feature not in best or cause.share > best[cause.feature].share:
                best[cause.feature] = cause
        return tuple(best[feature] for feature in sorted(weight, key=lambda feature: -weight[feature]))
