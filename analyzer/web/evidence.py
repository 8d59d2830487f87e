"""Evidence and words in the shapes that go over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.data import Evidence, Language
from analyzer.web import schema


def words(say: Callable[[Language], str]) -> schema.Words:
    return schema.Words(en=say("en"), ko=say("ko"))


def evidence_told(evidence: Evidence) -> schema.EvidenceTold:
    return schema.EvidenceTold(
        id=evidence.id,
        promql=evidence.promql,
        start=evidence.window.start,
        end=evidence.window.end,
        step_seconds=evidence.window.step.total_seconds(),
        host=evidence.host,
        feature=evidence.feature,
        unit=evidence.unit,
        value=evidence.value,
        usual_low=evidence.usual_low,
        usual_high=evidence.usual_high,
        subject=evidence.subject,
        figures=[schema.FigureTold.model_validate(figure) for figure in evidence.figures],
        link=evidence.link,
    )
