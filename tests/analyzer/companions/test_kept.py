"""What moved with a finding is in the store as it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from analyzer.data import Companion, Companions, Departure, FindingFilter
from analyzer.store import Store
from tests.analyzer.companions.conftest import BEGAN, HOSTILE, NOW, WRITES, a_finding, evidence

FINDING = a_finding(WRITES)
PROOF = evidence("disk_written_bytes_per_second", 104.0, 2.0, 9.0)
COMPANIONS = Companions(
    NOW,
    (Departure("disk_written_bytes_per_second", BEGAN, 104.0, 8.0, True, PROOF),),
    (
        Companion("process group", HOSTILE, "grew", 93.0, 1.0, PROOF, "process_writes", 0.92),
        Companion("service", "nginx.service", "failed", 1.0, 0.0, PROOF, at=BEGAN),
    ),
    ("probes: no answer within 1 s",),
)


async def test_companions_come_back_as_they_were_and_stay_when_the_finding_closes(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    try:
        await store.findings.record([FINDING], NOW)
        assert (await store.findings.find(FindingFilter()))[0].companions is None
        await store.findings.record([replace(FINDING, companions=COMPANIONS)], NOW)
        await store.findings.record([replace(FINDING, ends_at=NOW)], NOW + timedelta(seconds=15))
        (kept,) = await store.findings.find(FindingFilter())
    finally:
        await store.close()
    assert kept.companions == COMPANIONS
    assert kept.ends_at == NOW
