"""What moved with a finding in the shapes that go over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from analyzer.data import Companion, Departure, Feature, Finding
from analyzer.web import schema
from analyzer.web.evidence import evidence_told, words
from analyzer.wording import meaning, say_companion, say_companions


def companions_told(
    finding: Finding, features: Mapping[str, Feature], timezone: str = "UTC"
) -> schema.CompanionsTold | None:
    """None until it was looked for."""
    known = finding.companions
    if known is None:
        return None
    begun = min((departure.at for departure in known.departures), default=finding.starts_at)
    said = zip(
        say_companions(finding, features, "en", timezone),
        say_companions(finding, features, "ko", timezone),
        strict=True,
    )
    return schema.CompanionsTold(
        looked_at=known.looked_at,
        text=[schema.Words(en=english.text, ko=korean.text) for english, korean in said],
        departures=[_departure(departure, begun, features) for departure in known.departures],
        moved=[_companion(companion) for companion in known.moved],
        problems=list(known.problems),
    )


def _departure(departure: Departure, begun: datetime, features: Mapping[str, Feature]) -> schema.DepartureTold:
    return schema.DepartureTold(
        feature=departure.feature,
        meaning=words(lambda language: meaning(departure.feature, features, language)),
        at=departure.at,
        lag_seconds=(departure.at - begun).total_seconds(),
        value=departure.value,
        usual=departure.usual,
        hourly=departure.hourly,
        evidence=evidence_told(departure.evidence),
    )


def _companion(companion: Companion) -> schema.CompanionTold:
    return schema.CompanionTold(
        kind=companion.kind,
        name=companion.name,
        change=companion.change,
        now=companion.now,
        before=companion.before,
        resource=companion.resource,
        share=companion.share,
        at=companion.at,
        text=words(lambda language: say_companion(companion, language)),
        evidence=evidence_told(companion.evidence),
    )
