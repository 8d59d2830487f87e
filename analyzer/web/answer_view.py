"""From an Answer to the shape in which it goes over HTTP."""

from __future__ import annotations

from analyzer.data import Answer
from analyzer.web import schema
from analyzer.web.evidence import evidence_told


def answer_told(answer: Answer, seconds: float, version: str) -> schema.AnswerTold:
    """`seconds` is what the whole took at the door."""
    return schema.AnswerTold(
        success=answer.supported,
        analysis=_analysis(answer),
        data=_data(answer),
        sources=[schema.ServedTold.model_validate(served) for served in answer.sources],
        performance=schema.PerformanceTold(
            total_ms=seconds * 1000,
            parts_ms={part: spent * 1000 for part, spent in answer.seconds.items()},
            cache_hits=answer.cache_hits,
            fallbacks=list(answer.fallbacks),
        ),
        metadata=schema.MetadataTold(
            version=version,
            answered_by=answer.answered_by,
            model=answer.model,
            session_id=answer.session_id,
            cached=answer.cached,
            confidence=answer.confidence,
        ),
    )


def _analysis(answer: Answer) -> schema.AnalysisTold:
    return schema.AnalysisTold(
        intent=answer.intent,
        confidence=answer.confidence,
        summary=answer.summary or answer.text,
        details=list(answer.details),
        text=answer.text,
        urgency=answer.urgency,
        language=answer.language,
    )


def _data(answer: Answer) -> schema.AnswerDataTold:
    return schema.AnswerDataTold(
        metrics=[evidence_told(evidence) for evidence in answer.metrics],
        logs=[schema.LogLineTold.model_validate(line) for line in answer.logs],
        system_status=[schema.HostStatusTold.model_validate(status) for status in answer.system_status],
        predictions=[schema.PredictionTold.model_validate(prediction) for prediction in answer.predictions],
        recommendations=[schema.RecommendationTold.model_validate(step) for step in answer.recommendations],
        evidence=[evidence_told(evidence) for evidence in answer.evidence],
    )
