"""What a message says, whatever hosts are called and write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apprise import NotifyType

from analyzer.data import Cause, Companion, Companions, Evidence, Finding, Incident, Severity, Window
from analyzer.features import load_features
from analyzer.sinks.messages import Writer

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
FEATURES = {feature.name: feature for feature in load_features()}
WINDOW = Window(NOW, NOW, timedelta(seconds=15))
BUSY = Evidence("sum(rate(x[1m])) > 1", WINDOW, "db-1", "cpu_busy_ratio", "ratio", 0.97)


def incident(name: str, host: str = "db-1") -> Incident:
    proof = Evidence("up", WINDOW, host, "process_cpu", "ratio", 1.5)
    grew = Companion("process group", name, "grew", 1.5, 0.1, proof, "process_cpu", 0.9)
    causes, companions = (Cause("cpu_busy_ratio", 1.0, BUSY),), Companions(NOW, (), (grew,))
    return Incident.alone(Finding("anomaly", host, Severity.WARNING, NOW, None, 0.9, causes, companions))


def test_a_message_names_the_process_that_did_it_and_a_mail_also_the_query() -> None:
    chat = Writer(FEATURES, ("en",)).told(incident("java"), "open", NotifyType.WARNING)
    assert chat.body == (
        "db-1 has behaved unusually since Nov 22 14:02 UTC: CPU in use 97% (100% of it). "
        "java used 90% of the added processor time (150%, before 10%; 100% is one core)."
    )
    mail = Writer(FEATURES, ("en",), in_full=True).told(incident("java"), "open", NotifyType.WARNING)
    assert mail.body == f"{chat.body}\n  Query: sum(rate(x[1m])) > 1"


@pytest.mark.parametrize(
    "call", ["@everyone", "<!channel>", "<!here|here>", "<@U6TTX1F9R>", "<https://evil.example|ok>"]
)
def test_a_name_that_would_call_people_or_link_elsewhere_does_neither(call: str) -> None:
    told = Writer(FEATURES, ("en", "ko")).told(incident(call, call), "open", NotifyType.WARNING)
    assert not set("@<>") & set(told.title + told.body)
