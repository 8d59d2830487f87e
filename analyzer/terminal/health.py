"""Health and headroom with what took points away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text

from analyzer.data import Deduction, Feature, Health, Language
from analyzer.terminal.words import KINDS, RESOURCES, say
from analyzer.wording import amount, meaning, span

WELL, POOR = 80, 50

Features = Mapping[str, Feature]


def colour(score: float) -> str:
    return "green" if score >= WELL else "yellow" if score >= POOR else "red"


def health_lines(health: Health | None, features: Features, language: Language) -> Iterator[Text]:
    if health is None or health.score is None:
        yield Text(say("no health", language), style="dim")
    else:
        known = amount(round(health.confidence, 2), "ratio", language)
        sure = say("all is known", language) if health.confidence == 1 else say("known", language, share=known)
        line = Text(say("health", language, score=f"{health.score:.0f}"), style=f"bold {colour(health.score)}")
        yield line.append(f", {sure}", style="not bold dim")
        for taken in health.deductions:
            yield Text(f"  −{taken.points:.1f}  {_reason(taken, features, language)}")
    if health is not None and health.performance is not None:
        rooms = ", ".join(
            f"{RESOURCES[room.resource][language]} {amount(round(room.share, 2), 'ratio', language)}"
            for room in health.headroom
        )
        line = Text(say("headroom", language, score=f"{health.performance:.0f}"), style=colour(health.performance))
        yield line.append(f": {rooms}", style="dim")


def _reason(taken: Deduction, features: Features, language: Language) -> str:
    what = meaning(taken.subject, features, language)
    if taken.reason == "exhaustion":
        return say("exhaustion", language, what=what, value=span(taken.value, language))
    if taken.reason == "finding":
        return say("finding", language, what=_kind(taken.subject, language))
    unit = features[taken.subject].unit if taken.subject in features else ""
    return say("strain", language, what=what, value=amount(taken.value, unit, language))


def _kind(kind: str, language: Language) -> str:
    family = kind.partition(":")[0]
    return KINDS[family][language] if family in KINDS else kind
