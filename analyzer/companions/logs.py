"""Which forms of warnings and errors a host logged more often since a finding began. Their text is quoted, no more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from analyzer.companions.scene import BEFORE_SECONDS, Scene
from analyzer.data import Companion, Sample
from analyzer.features import matcher
from analyzer.interfaces import LogReader, Queries

MOST = 2
ASKED = 100
WORSE = 'severity=~"warning|error|critical"'
COUNTED = "openmanager_log_template_messages_total"
# A template's first sample holds all of its lines until then, which increase() would not count.
NEW = f"({COUNTED}{{{WORSE},$s}} - ({COUNTED}{{{WORSE},$s}} offset $w or 0 * {COUNTED}{{{WORSE},$s}})) > 0"
LEAST_LINES = 5
LEAST_GROWTH = 3.0
# Lines are seen a scrape after they were written, and what causes a finding may be logged before it.
EARLIER_SECONDS = 60
EARLIER = timedelta(seconds=EARLIER_SECONDS)


async def risen(queries: Queries, scene: Scene) -> tuple[Companion, ...]:
    """The templates that came most often, if much more often than before; by their ids."""
    seconds = (scene.now - scene.began).total_seconds() + EARLIER_SECONDS
    now, before = await asyncio.gather(
        queries.instant(scene.query(NEW, seconds), scene.now),
        queries.instant(scene.query(NEW, BEFORE_SECONDS), scene.began - EARLIER),
    )
    was = {_id(sample): sample.value * seconds / BEFORE_SECONDS for sample in before}
    told = [s for s in now if s.value >= max(LEAST_LINES, LEAST_GROWTH * was.get(_id(s), 0.0))]
    told.sort(key=lambda sample: (-sample.value, _id(sample)))
    return tuple(_rose(scene, sample, was.get(_id(sample), 0.0), seconds) for sample in told[:MOST])


async def in_words(logs: LogReader, scene: Scene, templates: tuple[Companion, ...]) -> tuple[Companion, ...]:
    """The same with the templates' text instead of their ids, where the exporter still has it."""
    lines = {line.template: line.text for line in await logs.templates(scene.host, scene.began - EARLIER, ASKED)}
    return tuple(_named(each, lines.get(each.name, "")) for each in templates)


def _id(sample: Sample) -> str:
    return sample.labels.get("template", "")


def _rose(scene: Scene, sample: Sample, was: float, seconds: float) -> Companion:
    """Both counts are for the same length of time."""
    promql = scene.query(NEW, seconds, matcher("template", _id(sample)))
    evidence = scene.evidence(promql, "log", "count", sample.value, _id(sample))
    return Companion("log template", _id(sample), "rose", sample.value, was, evidence)


def _named(companion: Companion, text: str) -> Companion:
    return replace(companion, name=text, evidence=replace(companion.evidence, subject=text)) if text else companion
