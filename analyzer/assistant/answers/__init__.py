"""One intent a file. `ANSWERS` is the only list of what can be answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from analyzer.assistant.answers.advice import answer_advice
from analyzer.assistant.answers.anomaly import answer_anomaly
from analyzer.assistant.answers.cause import answer_cause
from analyzer.assistant.answers.compare import answer_compare
from analyzer.assistant.answers.forecast import answer_forecast
from analyzer.assistant.answers.logs import answer_logs
from analyzer.assistant.answers.processes import answer_processes
from analyzer.assistant.answers.services import answer_services
from analyzer.assistant.answers.status import answer_status
from analyzer.assistant.answers.value import answer_value
from analyzer.assistant.draft import Draft
from analyzer.assistant.inquiry import Inquiry
from analyzer.assistant.understanding.intent import Intent

ANSWERS: Mapping[Intent, Callable[[Inquiry], Awaitable[Draft]]] = {
    "status": answer_status,
    "value": answer_value,
    "anomaly": answer_anomaly,
    "cause": answer_cause,
    "forecast": answer_forecast,
    "compare": answer_compare,
    "processes": answer_processes,
    "services": answer_services,
    "logs": answer_logs,
    "advice": answer_advice,
}
