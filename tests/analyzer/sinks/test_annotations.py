"""Findings reach Grafana once, whatever it does meanwhile, and get their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.data import Cause, Evidence, Feature, Finding, Incident, Quiet, Report, Severity, Window
from analyzer.sinks.annotations import AnnotationSink
from analyzer.sinks.delivery import Backoff, Courier
from analyzer.sinks.grafana import Grafana
from analyzer.store import Store
from tests.analyzer.sinks.fake_grafana import TOKEN, FakeGrafana, Mood

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
LATER = NOW + timedelta(minutes=29)
STEADY = Backoff(first_seconds=2, longest_seconds=300, spread=0)
WRITES = Feature(
    "disk_written_bytes_per_second", "bytes/s", "disk", "x", {"en": "data written to disks", "ko": "디스크 쓰기량"}
)
EVIDENCE = Evidence(
    "rate(x[60s])", Window(NOW, NOW, timedelta(seconds=15)), "web-1:9100", WRITES.name, "bytes/s", 1.2e8, 2e6, 9e6
)
OPENED = Finding("anomaly", "web-1:9100", Severity.WARNING, NOW, None, 0.9, (Cause(WRITES.name, 0.62, EVIDENCE),))
CLOSED = replace(OPENED, ends_at=LATER)
MILLISECONDS = 1795356120000


def report(*findings: Finding, at: datetime = NOW) -> Report:
    return Report(at, "prometheus", "", (), findings, (), {})


def reported(*findings: Finding, at: datetime = NOW, ends_at: datetime | None = None) -> Report:
    """One incident under the name of OPENED."""
    members = tuple(replace(finding, incident=OPENED.fingerprint) for finding in findings)
    incident = Incident(OPENED.fingerprint, members, ends_at)
    return Report(at, "prometheus", "", (), members, (), {}, incidents=(incident,))


def sink_for(store: Store, grafana: FakeGrafana, *, token: str = TOKEN, timeout_seconds: float = 5.0) -> AnnotationSink:
    return AnnotationSink(
        store.outbox,
        {WRITES.name: WRITES},
        Grafana(grafana.url, token, timeout_seconds),
        dashboard_uid="om-host",
        panel_id=4,
    )


def courier_for(store: Store, sink: AnnotationSink) -> Courier:
    return Courier(store.outbox, sink, STEADY)


async def states(store: Store) -> list[tuple[str, int, bool, str]]:
    kept = await store.outbox.of_subject("annotations", OPENED.fingerprint)
    return [(d.owed.key.partition(":")[2], d.attempts, d.delivered_at is not None, d.last_error) for d in kept]


async def test_a_finding_is_annotated_when_it_opens_and_given_its_end_when_it_closes(
    store: Store, grafana: FakeGrafana
) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    await sink.publish(report(OPENED))
    await courier.deliver_due(NOW)
    text = (
        "web-1:9100 has behaved unusually since Nov 22 14:02 UTC: "
        "data written to disks 114 MiB/s (usually 1.91 MiB/s to 8.58 MiB/s, 62% of it)."
    )
    tags = ["openmanager", f"fingerprint:{OPENED.fingerprint}", "kind:anomaly", "severity:warning", "web-1:9100"]
    expected = {"id": 1, "time": MILLISECONDS, "dashboardUID": "om-host", "panelId": 4, "tags": tags, "text": text}
    assert grafana.annotations == {1: expected | {"timeEnd": MILLISECONDS}}
    await sink.publish(report(CLOSED, at=LATER))
    await courier.deliver_due(LATER)
    assert grafana.annotations == {1: expected | {"timeEnd": MILLISECONDS + 29 * 60_000}}
    assert grafana.calls == ["POST /api/annotations", "PATCH /api/annotations/1"]


async def test_a_finding_that_stays_is_annotated_once(store: Store, grafana: FakeGrafana) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    for minute in range(5):
        await sink.publish(report(OPENED, at=NOW + timedelta(minutes=minute)))
        await courier.deliver_due(NOW + timedelta(minutes=minute))
    assert grafana.calls == ["POST /api/annotations"]


async def test_an_incident_of_several_hosts_is_one_annotation_that_is_brought_up_to_date(
    store: Store, grafana: FakeGrafana
) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    second = replace(OPENED, host="web-2:9100", severity=Severity.CRITICAL, starts_at=NOW + timedelta(minutes=1))
    ended = tuple(replace(finding, ends_at=LATER) for finding in (OPENED, second))
    for told in (
        reported(OPENED),
        reported(OPENED, second, at=NOW + timedelta(minutes=1)),
        reported(OPENED, second, at=NOW + timedelta(minutes=2)),
        reported(*ended, at=LATER),
        reported(*ended, at=LATER + timedelta(minutes=5), ends_at=LATER),
    ):
        await sink.publish(told)
        await courier.deliver_due(told.at)
    (kept,) = grafana.annotations.values()
    assert grafana.calls == ["POST /api/annotations", "PATCH /api/annotations/1", "PATCH /api/annotations/1"]
    assert (kept["time"], kept["timeEnd"]) == (MILLISECONDS, MILLISECONDS + 29 * 60_000)
    assert kept["tags"][3:] == ["severity:critical", "web-1:9100", "web-2:9100"]
    first, *lines = kept["text"].split("\n")
    assert first == (
        "web-1:9100 and web-2:9100 have behaved unusually since Nov 22 14:02 UTC: data written to disks. "
        "It began on web-1:9100, then web-2:9100."
    )
    assert [line[:31] for line in lines] == ["web-1:9100 has behaved unusuall", "web-2:9100 has behaved unusuall"]


async def test_a_restart_brings_no_annotation_up_to_date_that_is(store: Store, grafana: FakeGrafana) -> None:
    for _ in range(2):
        sink = sink_for(store, grafana)
        await sink.publish(reported(OPENED))
        await courier_for(store, sink).deliver_due(NOW)
    assert grafana.calls == ["POST /api/annotations"]


async def test_what_is_quiet_is_not_annotated_and_what_was_before_still_gets_its_end(
    store: Store, grafana: FakeGrafana
) -> None:
    quiet = Quiet("silence", "s1", "planned")
    hushed = replace(OPENED, quiet=quiet)
    await sink_for(store, grafana).publish(report(replace(OPENED, host="web-2:9100", quiet=quiet)))
    await sink_for(store, grafana).publish(reported(OPENED))
    sink = sink_for(store, grafana)  # started again meanwhile
    await sink.publish(reported(hushed, at=LATER))
    await sink.publish(reported(replace(hushed, ends_at=LATER), at=LATER, ends_at=LATER))
    await courier_for(store, sink).deliver_due(LATER)
    assert grafana.calls == ["POST /api/annotations", "PATCH /api/annotations/1"]
    assert [kept["timeEnd"] for kept in grafana.annotations.values()] == [MILLISECONDS + 29 * 60_000]


async def test_the_hosts_of_a_large_incident_are_told_as_long_as_grafana_takes_tags(
    store: Store, grafana: FakeGrafana
) -> None:
    many = [replace(OPENED, host=f"web-{number:03}.example.org:9100") for number in range(200)]
    sink = sink_for(store, grafana)
    await sink.publish(reported(*many))
    await courier_for(store, sink).deliver_due(NOW)
    (kept,) = grafana.annotations.values()
    assert kept["tags"][:4] == ["openmanager", f"fingerprint:{OPENED.fingerprint}", "kind:anomaly", "severity:warning"]
    assert len(kept["tags"]) == 19


async def test_without_an_address_nothing_is_owed_and_nothing_is_called(store: Store, grafana: FakeGrafana) -> None:
    sink = AnnotationSink(store.outbox)
    await sink.publish(report(OPENED))
    await courier_for(store, sink).deliver_due(NOW)
    assert await store.outbox.status() == ()
    assert grafana.calls == []


async def test_without_a_place_an_annotation_is_the_organisations(store: Store, grafana: FakeGrafana) -> None:
    sink = AnnotationSink(store.outbox, grafana=Grafana(grafana.url, TOKEN))
    await sink.publish(report(OPENED))
    await courier_for(store, sink).deliver_due(NOW)
    assert set(grafana.annotations[1]) == {"id", "time", "timeEnd", "tags", "text"}


async def test_a_korean_analyzer_annotates_in_korean(store: Store, grafana: FakeGrafana) -> None:
    sink = replace(sink_for(store, grafana), language="ko")
    await sink.publish(report(OPENED))
    await courier_for(store, sink).deliver_due(NOW)
    assert grafana.annotations[1]["text"].startswith("web-1:9100 호스트가 11월 22일 14:02 UTC부터")


async def test_while_grafana_is_down_all_is_kept_and_once_back_each_is_delivered_once_in_order(
    store: Store, grafana: FakeGrafana
) -> None:
    await grafana.stop()
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    await sink.publish(report(OPENED))
    for second in range(0, 600, 5):
        await courier.deliver_due(NOW + timedelta(seconds=second))
    await sink.publish(report(CLOSED, at=LATER))
    ((_, attempts, delivered, error), close) = await states(store)
    assert (delivered, close) == (False, ("close", 0, False, ""))
    assert 5 <= attempts <= 10
    assert error.startswith(f"can't reach Grafana at {grafana.url}")
    await grafana.start()
    await courier.deliver_due(LATER)
    assert [call.split()[0] for call in grafana.calls] == ["GET", "POST", "PATCH"]
    assert [kept["timeEnd"] for kept in grafana.annotations.values()] == [MILLISECONDS + 29 * 60_000]


async def test_a_restart_between_open_and_close_still_closes_the_same_annotation(
    tmp_path: Path, grafana: FakeGrafana
) -> None:
    before = await Store.open(tmp_path)
    sink = sink_for(before, grafana)
    await sink.publish(report(OPENED))
    await courier_for(before, sink).deliver_due(NOW)
    await before.close()
    after = await Store.open(tmp_path)
    sink = sink_for(after, grafana)
    await sink.publish(report(OPENED, at=LATER))
    await sink.publish(report(CLOSED, at=LATER))
    await courier_for(after, sink).deliver_due(LATER)
    await after.close()
    assert grafana.calls == ["POST /api/annotations", "PATCH /api/annotations/1"]
    assert grafana.annotations[1]["timeEnd"] == MILLISECONDS + 29 * 60_000


@pytest.mark.parametrize("mood", ["cut after", "slow", "html", "no id"])
async def test_an_annotation_that_arrived_without_its_answer_is_found_and_not_doubled(
    store: Store, grafana: FakeGrafana, mood: Mood
) -> None:
    sink = sink_for(store, grafana, timeout_seconds=0.3)
    courier = courier_for(store, sink)
    grafana.mood = mood
    await sink.publish(report(OPENED))
    await courier.deliver_due(NOW)
    assert len(grafana.annotations) == 1
    assert [(attempts, delivered) for _, attempts, delivered, _ in await states(store)] == [(1, False)]
    grafana.mood = "well"
    await sink.publish(report(CLOSED, at=LATER))
    await courier.deliver_due(LATER)
    assert [call.split()[0] for call in grafana.calls] == ["POST", "GET", "PATCH"]
    assert [kept["timeEnd"] for kept in grafana.annotations.values()] == [MILLISECONDS + 29 * 60_000]


async def test_an_annotation_that_never_arrived_is_sent_again(store: Store, grafana: FakeGrafana) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    grafana.mood = "cut before"
    await sink.publish(report(OPENED))
    await courier.deliver_due(NOW)
    assert grafana.annotations == {}
    grafana.mood = "well"
    await courier.deliver_due(LATER)
    assert [call.split()[0] for call in grafana.calls] == ["POST", "GET", "POST"]
    assert len(grafana.annotations) == 1


async def test_an_annotation_of_another_finding_is_not_taken_for_it(store: Store, grafana: FakeGrafana) -> None:
    other = replace(OPENED, host="db-1:9100")
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    await sink.publish(report(other))
    await courier.deliver_due(NOW)
    grafana.mood = "cut before"
    await sink.publish(report(OPENED))
    await courier.deliver_due(NOW)
    grafana.mood = "well"
    await courier.deliver_due(LATER)
    assert len(grafana.annotations) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
async def test_a_busy_or_broken_grafana_is_tried_again_soon(store: Store, grafana: FakeGrafana, status: int) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    grafana.status = status
    await sink.publish(report(OPENED))
    await courier.deliver_due(NOW)
    said = f"Grafana at {grafana.url} answered {status} to POST /api/annotations: told to answer {status}"
    assert await states(store) == [("open", 1, False, said)]
    grafana.status = 200
    await courier.deliver_due(NOW + timedelta(seconds=2))
    assert await states(store) == [("open", 2, True, "")]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "40"}, 40),
        ({"Retry-After": "Sun, 22 Nov 2026 14:03:30 GMT", "Date": "Sun, 22 Nov 2026 14:02:00 GMT"}, 90),
        ({"Retry-After": "soon"}, 2),
        ({"Retry-After": "999999"}, 3600),
    ],
)
async def test_grafanas_own_wish_when_to_come_back_is_honoured(
    store: Store, grafana: FakeGrafana, headers: dict[str, str], seconds: int
) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    grafana.status, grafana.headers = 429, headers
    await sink.publish(report(OPENED))
    await courier.deliver_due(NOW)
    await courier.deliver_due(NOW + timedelta(seconds=seconds - 1))
    assert len(grafana.calls) == 1
    await courier.deliver_due(NOW + timedelta(seconds=seconds))
    assert len(grafana.calls) == 2


@pytest.mark.parametrize("status", [400, 404, 409, 422, 302])
async def test_a_refused_annotation_is_recorded_and_sent_no_more_and_its_end_neither(
    store: Store, grafana: FakeGrafana, status: int
) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    grafana.status, grafana.headers = status, {"Location": "http://127.0.0.1:1/login"} if status == 302 else {}
    await sink.publish(report(CLOSED))
    for day in range(10):
        await courier.deliver_due(NOW + timedelta(days=day))
    assert grafana.calls == ["POST /api/annotations"]
    (_, _, _, refused), (_, _, _, close) = await states(store)
    assert f"answered {status} to POST /api/annotations" in refused
    assert close == "its annotation was never taken, so there is none to change"
    (status_now,) = await store.outbox.status()
    assert (status_now.pending, status_now.refused, status_now.failures) == (0, 2, 2)


async def test_one_refused_annotation_does_not_hold_up_the_others(store: Store, grafana: FakeGrafana) -> None:
    sink = sink_for(store, grafana)
    await store.outbox.enqueue([], NOW)
    grafana.status = 400
    await sink.publish(report(OPENED))
    courier = courier_for(store, sink)
    await courier.deliver_due(NOW)
    grafana.status = 200
    await sink.publish(report(OPENED, replace(OPENED, host="db-1:9100")))
    await courier.deliver_due(NOW)
    assert [kept["tags"][4] for kept in grafana.annotations.values()] == ["db-1:9100"]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_token_is_tried_again_slowly_until_it_is_mended(
    store: Store, grafana: FakeGrafana, status: int
) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    grafana.status = status
    await sink.publish(report(OPENED))
    for minute in range(60):
        await courier.deliver_due(NOW + timedelta(minutes=minute))
    assert len(grafana.calls) == 4
    grafana.status = 200
    await courier.deliver_due(NOW + timedelta(minutes=75))
    assert len(grafana.annotations) == 1


async def test_a_token_grafana_does_not_know_is_a_401_of_its_own(store: Store, grafana: FakeGrafana) -> None:
    sink = sink_for(store, grafana, token="wrong")
    await sink.publish(report(OPENED))
    await courier_for(store, sink).deliver_due(NOW)
    ((_, _, delivered, error),) = await states(store)
    assert not delivered
    assert error.endswith("answered 401 to POST /api/annotations: Invalid API key")


async def test_an_annotation_that_people_deleted_is_not_closed_for_ever(store: Store, grafana: FakeGrafana) -> None:
    sink = sink_for(store, grafana)
    courier = courier_for(store, sink)
    await sink.publish(report(OPENED))
    await courier.deliver_due(NOW)
    grafana.annotations.clear()
    await sink.publish(report(CLOSED, at=LATER))
    for day in range(3):
        await courier.deliver_due(LATER + timedelta(days=day))
    assert grafana.calls == ["POST /api/annotations", "PATCH /api/annotations/1"]
    assert "404" in (await states(store))[1][3]


async def test_the_token_is_neither_shown_nor_sent_to_where_a_redirect_leads(
    store: Store, grafana: FakeGrafana
) -> None:
    elsewhere = FakeGrafana()
    await elsewhere.start()
    grafana.status, grafana.headers = 307, {"Location": f"{elsewhere.url}/api/annotations"}
    sink = sink_for(store, grafana)
    await sink.publish(report(OPENED))
    await courier_for(store, sink).deliver_due(NOW)
    await elsewhere.stop()
    assert elsewhere.calls == []
    assert TOKEN not in repr(sink)
    assert f"it moved to {elsewhere.url}/api/annotations" in (await states(store))[0][3]


async def test_the_longest_host_name_still_fits_into_grafanas_tags(store: Store, grafana: FakeGrafana) -> None:
    long = replace(OPENED, host="h" * 253 + ":9100", kind="saturation:" + "f" * 200)
    sink = sink_for(store, grafana)
    await sink.publish(report(long))
    await courier_for(store, sink).deliver_due(NOW)
    assert f"fingerprint:{long.fingerprint}" in grafana.annotations[1]["tags"]
