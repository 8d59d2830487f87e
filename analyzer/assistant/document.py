"""A report on a stretch of time: health, incidents, causes, forecasts, steps. Computed, in either language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analyzer.assistant.answers import ANSWERS
from analyzer.assistant.draft import Draft
from analyzer.assistant.inquiry import Inquiry, Reader
from analyzer.assistant.understanding import Understanding
from analyzer.assistant.understanding.intent import Intent
from analyzer.assistant.understanding.slots import Slots
from analyzer.assistant.understanding.timespans import Timespan, duration_text
from analyzer.data import Feature, Finding, HostStatus, Language, Question, Recommendation, Report
from analyzer.interfaces import LogReader

TITLES: Mapping[str, Mapping[Language, str]] = {
    "title": {"en": "Host report", "ko": "호스트 보고서"},
    "period": {"en": "Period", "ko": "기간"},
    "status": {"en": "How the hosts are", "ko": "호스트 상태"},
    "anomaly": {"en": "Incidents", "ko": "이상 항목"},
    "cause": {"en": "Causes", "ko": "원인"},
    "forecast": {"en": "What runs out", "ko": "자원 예측"},
    "advice": {"en": "What to do", "ko": "권장 조치"},
    "logs": {"en": "Logs", "ko": "로그"},
    "evidence": {"en": "Evidence", "ko": "근거"},
    "host": {"en": "Host", "ko": "호스트"},
    "verdict": {"en": "Verdict", "ko": "판정"},
    "health": {"en": "Health", "ko": "건강 점수"},
    "findings": {"en": "Open findings", "ko": "열린 이상 항목"},
    "seen": {"en": "Last seen", "ko": "마지막 수신"},
    "look": {"en": "To look", "ko": "확인"},
    "mend": {"en": "To mend", "ko": "조치"},
    "risk": {"en": "Risk", "ko": "위험"},
}
VERDICTS: Mapping[str, Mapping[Language, str]] = {
    "ok": {"en": "fine", "ko": "정상"},
    "info": {"en": "worth knowing", "ko": "참고"},
    "warning": {"en": "warning", "ko": "주의"},
    "critical": {"en": "critical", "ko": "심각"},
    "learning": {"en": "learning", "ko": "학습 중"},
    "silent": {"en": "silent", "ko": "수신 끊김"},
}
SECTIONS: tuple[Intent, ...] = ("status", "anomaly", "cause", "forecast", "advice", "logs")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report, as its intent's answer gives it."""

    intent: Intent
    title: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report, not yet in any format."""

    language: Language
    timezone: str
    start: datetime
    end: datetime
    sections: tuple[Section, ...]

    @property
    def statuses(self) -> tuple[HostStatus, ...]:
        return next((s.draft.system_status for s in self.sections if s.intent == "status"), ())

    @property
    def recommendations(self) -> tuple[Recommendation, ...]:
        return next((s.draft.recommendations for s in self.sections if s.intent == "advice"), ())

    def say(self, key: str) -> str:
        return TITLES[key][self.language]


@dataclass(frozen=True, slots=True)
class DocumentMaker:
    """Makes reports from the same facts that questions are answered from."""

    features: Mapping[str, Feature]
    reader: Reader | None = None
    logs: LogReader | None = None
    prometheus_url: str = ""

    async def make(
        self,
        report: Report,
        now: datetime,
        *,
        language: Language = "en",
        window: timedelta = timedelta(hours=24),
        timezone: str = "UTC",
        history: tuple[Finding, ...] = (),
    ) -> Document:
        """`history` are findings of the window that the last report no longer holds."""
        known = {f.fingerprint: f for f in (*history, *report.findings)}
        seen = replace(report, findings=tuple(known.values()))
        seconds = round(window.total_seconds())
        asked = Understanding(language, Slots(timespan=Timespan(seconds, duration_text(seconds))), (("status", 1.0),))
        inquiry = Inquiry(
            Question("", now, language, timezone=timezone), language, asked, seen, self.features, self.reader,
            self.logs, self.prometheus_url,
        )  # fmt: skip
        sections = [await self._section(inquiry, intent) for intent in SECTIONS if intent != "logs" or self.logs]
        return Document(language, timezone, now - window, now, tuple(sections))

    async def _section(self, inquiry: Inquiry, intent: Intent) -> Section:
        """Forecasts look ahead and what to do is for now: the window is the other sections'."""
        if intent in {"forecast", "advice"}:
            inquiry = replace(inquiry, understood=replace(inquiry.understood, slots=Slots()))
        return Section(intent, TITLES[intent][inquiry.language], await ANSWERS[intent](inquiry))
