"""From a report's nouns to the shapes that go over HTTP. Decides nothing beyond naming the worst that fires."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from analyzer.data import (
    Cause,
    Experience,
    Feature,
    Finding,
    Forecast,
    HostReport,
    Incident,
    Quiet,
    Report,
    Severity,
    UsualState,
)
from analyzer.web import schema
from analyzer.web.companions import companions_told
from analyzer.web.evidence import evidence_told, words
from analyzer.wording import meaning, say_experience, say_finding, say_host, say_quiet, say_what
from analyzer.wording.incidents import say_incident

SILENT = "silent"
LABELS: Mapping[Severity, schema.SeverityLabel] = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "critical",
}


@dataclass(frozen=True)
class Views:
    """`features` is the catalogue by name; `timezone` is that of the times in sentences."""

    features: Mapping[str, Feature]
    timezone: str = "UTC"

    def hosts(self, report: Report) -> schema.HostsTold:
        findings = _by_host(report.findings)
        return schema.HostsTold(
            at=report.at,
            source=report.source,
            fallback_reason=report.fallback_reason,
            hosts=[schema.HostTold(**self._host(h, findings.get(h.host.name, []))) for h in report.hosts],
            failures=[schema.FailureTold.model_validate(failure) for failure in report.failures],
            health=report.fleet_health and schema.FleetHealthTold.model_validate(report.fleet_health),
        )

    def host(self, report: Report, host: HostReport) -> schema.HostDetailTold:
        name = host.host.name
        findings = [finding for finding in report.findings if finding.host == name]
        return schema.HostDetailTold(
            **self._host(host, findings),
            at=report.at,
            source=report.source,
            fallback_reason=report.fallback_reason,
            latest={feature: self._value(feature, value) for feature, value in host.latest.items()},
            shares=dict(host.shares),
            trends=[schema.TrendTold.model_validate(trend) for trend in host.trends],
            peers=host.peers and schema.PeersTold.model_validate(host.peers),
            forecasts=[self._forecast(forecast) for forecast in host.forecasts],
            findings=[self.finding(finding) for finding in findings],
            failures=[
                schema.FailureTold.model_validate(failure) for failure in report.failures if failure.host in {"", name}
            ],
        )

    def forecasts(self, report: Report, host: HostReport) -> schema.ForecastsTold:
        told = [self._forecast(forecast) for forecast in host.forecasts]
        return schema.ForecastsTold(host=host.host.name, at=report.at, forecasts=told)

    def health(self, report: Report, host: HostReport) -> schema.HostHealthTold:
        told = host.health and schema.HealthTold.model_validate(host.health)
        return schema.HostHealthTold(host=host.host.name, at=report.at, health=told)

    def states(self, report: Report, host: HostReport, usual: Iterable[UsualState]) -> schema.StatesTold:
        return schema.StatesTold(
            host=host.host.name,
            at=report.at,
            now=host.state and schema.StateTold.model_validate(host.state),
            states=[
                schema.UsualStateTold(
                    label=state.label,
                    name=schema.Words(en=state.name["en"], ko=state.name["ko"]),
                    share=state.share,
                    hours=list(state.hours),
                    followed_by=dict(state.followed_by),
                    centre=dict(state.centre),
                )
                for state in usual
            ],
        )

    def findings(self, findings: Iterable[Finding]) -> schema.FindingsTold:
        return schema.FindingsTold(findings=[self.finding(finding) for finding in findings])

    def finding(self, finding: Finding) -> schema.FindingTold:
        return schema.FindingTold(
            fingerprint=finding.fingerprint,
            kind=finding.kind,
            host=finding.host,
            severity=LABELS[finding.severity],
            starts_at=finding.starts_at,
            ends_at=finding.ends_at,
            firing=finding.firing,
            score=finding.score,
            text=words(lambda language: say_finding(finding, self.features, language, self.timezone)),
            what=words(lambda language: say_what(finding, self.features, language, self.timezone)),
            causes=[self._cause(cause) for cause in finding.causes],
            companions=companions_told(finding, self.features, self.timezone),
            quiet=finding.quiet and quiet_told(finding.quiet),
            incident=finding.incident,
            end_reason=finding.end_reason,
        )

    def incident(self, incident: Incident) -> schema.IncidentTold:
        return schema.IncidentTold(
            id=incident.id,
            open=incident.open,
            firing=bool(incident.firing),
            quiet=not incident.told,
            severity=LABELS[incident.severity],
            starts_at=incident.starts_at,
            ends_at=incident.ends_at,
            hosts=[schema.JoinedTold(host=host, joined_at=at) for host, at in incident.joined.items()],
            kinds=list(incident.kinds),
            title=words(lambda language: say_incident(incident, self.features, language, self.timezone)),
            causes=[self._cause(cause) for cause in incident.causes],
            findings=[self.finding(finding) for finding in incident.findings],
        )

    def _host(self, host: HostReport, findings: list[Finding]) -> dict[str, object]:
        told = [finding for finding in findings if finding.told]
        return {
            "name": host.host.name,
            "job": host.host.job,
            "nodename": host.host.nodename,
            "last_seen": host.last_seen,
            "verdict": _verdict(host, findings),
            "summary": words(lambda language: say_host(host, told, self.features, language, self.timezone)),
            "findings_firing": sum(finding.firing for finding in told),
            "health": host.health and host.health.score,
            "performance": host.health and host.health.performance,
            "scores": dict(host.scores),
            "experience": host.experience and experience_told(host.experience),
            "learning": host.learning and schema.LearningTold.model_validate(host.learning),
            "state": host.state and schema.StateTold.model_validate(host.state),
        }

    def _value(self, feature: str, value: float) -> schema.ValueTold:
        known = self.features.get(feature)
        return schema.ValueTold(value=value, unit=known.unit if known else "", meaning=self._meaning(feature))

    def _forecast(self, forecast: Forecast) -> schema.ForecastTold:
        known, seconds = self.features.get(forecast.feature), forecast.exhausted_in
        path = zip(forecast.times, forecast.point, forecast.lower, forecast.upper, strict=True)
        return schema.ForecastTold(
            feature=forecast.feature,
            unit=known.unit if known else "",
            meaning=self._meaning(forecast.feature),
            level=forecast.level,
            limit=forecast.limit,
            points=[
                schema.ForecastPointTold(at=datetime.fromtimestamp(at, tz=UTC), point=point, lower=lower, upper=upper)
                for at, point, lower, upper in path
            ],
            exhausted_in=seconds and schema.ExhaustionTold(seconds=seconds[0], lower=seconds[1], upper=seconds[2]),
        )

    def _cause(self, cause: Cause) -> schema.CauseTold:
        return schema.CauseTold(
            feature=cause.feature,
            meaning=self._meaning(cause.feature),
            share=cause.share,
            evidence=evidence_told(cause.evidence),
        )

    def _meaning(self, feature: str) -> schema.Words:
        return words(lambda language: meaning(feature, self.features, language))


def experience_told(experience: Experience) -> schema.ExperienceTold:
    return schema.ExperienceTold(
        tier=experience.tier,
        seconds=experience.seconds,
        confidence=experience.confidence,
        lacks=list(experience.lacks),
        text=words(lambda language: say_experience(experience, language)),
    )


def quiet_told(quiet: Quiet) -> schema.QuietTold:
    said = words(lambda language: say_quiet(quiet, language))
    return schema.QuietTold(reason=quiet.reason, by=quiet.by, note=quiet.note, text=said)


def _by_host(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.host, []).append(finding)
    return grouped


def _verdict(host: HostReport, findings: Iterable[Finding]) -> schema.Verdict:
    """Silence is a fact, told or not; of the rest only what is told counts."""
    every = [finding for finding in findings if finding.firing]
    if any(finding.kind == SILENT for finding in every):
        return "silent"
    if firing := [finding for finding in every if finding.told]:
        return LABELS[max(finding.severity for finding in firing)]
    if host.learning is not None:
        return "learning"
    return "ok" if any(math.isfinite(score) for score in host.scores.values()) else "unknown"
