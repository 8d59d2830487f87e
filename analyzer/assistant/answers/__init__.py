"""One intent a file. `ANSWERS` is the only list of what can be answered."""

from __future__ import annotations

from analyzer.assistant.answers.anomaly import answer_anomaly
from analyzer.assistant.answers.status import answer_status

ANSWERS = {"status": answer_status, "anomaly": answer_anomaly}
