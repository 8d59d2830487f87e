"""Incidents reach people once: by real mail to a real SMTP server, and by HTTP as webhooks get them."""

from __future__ import annotations

import email
import email.header
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from email.message import Message as Mail
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from analyzer.data import (
    Cause,
    Evidence,
    Failure,
    Feature,
    Finding,
    Incident,
    Language,
    Quiet,
    Report,
    Severity,
    Window,
)
from analyzer.errors import SettingsError
from analyzer.sinks.delivery import Backoff, Courier
from analyzer.sinks.notifications import Manners, NotificationSink, channels
from analyzer.store import Store
from tests.processes import a_free_port

# apprise asks for a module of the standard library that is about to go.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
WRITES = Feature("disk_writes", "bytes/s", "disk", "x", {"en": "data written to disks", "ko": "디스크 쓰기량"})
EVIDENCE = Evidence("rate(x[60s])", Window(NOW, NOW, timedelta(seconds=15)), "web-1", "disk_writes", "bytes/s", 2e8)
CAUSES = (Cause("disk_writes", 0.6, EVIDENCE),)
ANOMALY = Finding("anomaly", "web-1", Severity.WARNING, NOW, None, 0.9, CAUSES)
SILENT = Finding("silent", "web-1", Severity.CRITICAL, NOW + timedelta(minutes=1), None, 1.0, ())
ID = ANOMALY.fingerprint
ALONE = Incident(ID, (replace(ANOMALY, incident=ID),))
STEADY = Backoff(first_seconds=2, longest_seconds=300, spread=0)
AT_ONCE = Manners(gather=timedelta(0))


@dataclass
class Mailbox:
    """Keeps every mail that it is sent."""

    mails: list[Mail] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box, port = Mailbox(), a_free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    yield box, f"mailto://127.0.0.1:{port}?from=om@example.org&to=oncall@example.org&mode=insecure"
    controller.stop()


@dataclass
class Hook:
    """A webhook's receiver: answers with `status` and keeps what it took."""

    status: int = 200
    taken: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        if self.status == 200:
            self.taken.append(await request.json())
        return web.Response(status=self.status)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/hook", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = a_free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    made.address = f"json://127.0.0.1:{port}/hook"
    yield made
    await runner.cleanup()


def incident(*findings: Finding) -> Incident:
    """Open, under the name of its first finding."""
    return Incident(ID, tuple(replace(finding, incident=ID) for finding in findings))


def ended(told: Incident, at: datetime) -> Incident:
    """All of it over since then."""
    findings = tuple(replace(finding, ends_at=finding.ends_at or at) for finding in told.findings)
    return replace(told, findings=findings, ends_at=at)


def report(*incidents: Incident, at: datetime = NOW, failures: tuple[Failure, ...] = ()) -> Report:
    findings = tuple(finding for told in incidents for finding in told.findings)
    return Report(at, "prometheus", "", (), findings, failures, {}, incidents=incidents)


def sink_to(
    store: Store, address: str, manners: Manners = AT_ONCE, languages: tuple[Language, ...] = ("en",)
) -> NotificationSink:
    (channel,) = channels([address])
    return NotificationSink(store.outbox, {"disk_writes": WRITES}, channel, manners, languages, "http://om:9095")


def body(mail: Mail) -> str:
    part = next(one for one in mail.walk() if one.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


async def titles(store: Store, name: str = "notify:json", subject: str = ID) -> list[str]:
    kept = await store.outbox.of_subject(name, subject)
    return [orjson.loads(delivery.owed.payload)["title"] for delivery in kept]


async def test_an_incident_is_one_mail_when_it_opens_one_when_it_grows_worse_and_one_when_it_is_over(
    store: Store, mailbox: tuple[Mailbox, str]
) -> None:
    box, address = mailbox
    sink = sink_to(store, address)
    courier = Courier(store.outbox, sink, STEADY)
    both = incident(ANOMALY, SILENT)
    for minute, told in enumerate((ALONE, ALONE, both, both, ended(both, NOW + timedelta(minutes=3)))):
        at = NOW + timedelta(minutes=minute)
        await sink.publish(report(told, at=at))
        await courier.deliver_due(at)
    subjects = [str(email.header.make_header(email.header.decode_header(mail["Subject"]))) for mail in box.mails]
    assert subjects == ["[warning] web-1: 1 finding(s)", "[critical] web-1: now 2 finding(s)", "[resolved] web-1"]
    assert "web-1 has behaved unusually since Nov 22 14:02 UTC" in body(box.mails[0])
    assert "Query: rate(x[60s])" in body(box.mails[0])
    assert f"http://om:9095/#/incident/{ID}" in body(box.mails[0])
    assert "web-1 has had trouble since Nov 22 14:02 UTC: no metrics, data written to disks." in body(box.mails[1])
    assert "web-1 had trouble from Nov 22 14:02 UTC to Nov 22 14:05 UTC (3 min)" in body(box.mails[2])


async def test_an_incident_of_many_hosts_is_one_message_that_names_the_first(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address)
    hosts = [replace(SILENT, host=f"web-{n}", starts_at=NOW + timedelta(seconds=n)) for n in range(1, 31)]
    await sink.publish(report(incident(*hosts)))
    await Courier(store.outbox, sink, STEADY).deliver_due(NOW)
    (taken,) = hook.taken
    assert taken["title"] == "[critical] web-1 and 29 more hosts: 30 finding(s)"
    assert "It began on web-1, then web-2, then web-3, then web-4, then web-5 and 25 more." in taken["message"]
    assert "and 27 more" in taken["message"]


async def test_what_joins_without_making_it_worse_is_told_now_and_then(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address)
    hosts = [replace(SILENT, host=f"web-{n}") for n in range(1, 21)]
    for minute in range(20):
        await sink.publish(report(incident(*hosts[: minute + 1]), at=NOW + timedelta(minutes=minute)))
    assert await titles(store) == [
        "[critical] web-1: 1 finding(s)",
        "[critical] web-1 and 6 more hosts: now 7 finding(s)",
        "[critical] web-1 and 12 more hosts: now 13 finding(s)",
        "[critical] web-1 and 18 more hosts: now 19 finding(s)",
    ]


async def test_an_incident_that_is_quiet_but_not_over_is_neither_ended_nor_told_again(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address)
    resting = incident(replace(ANOMALY, ends_at=NOW + timedelta(minutes=1)))
    back = incident(*resting.findings, replace(ANOMALY, starts_at=NOW + timedelta(minutes=2)))
    for minute, told in enumerate((ALONE, resting, back, ended(back, NOW + timedelta(minutes=3)))):
        await sink.publish(report(told, at=NOW + timedelta(minutes=minute)))
    assert await titles(store) == ["[warning] web-1: 1 finding(s)", "[resolved] web-1"]


async def test_a_channel_that_is_down_loses_nothing_and_repeats_nothing(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address)
    courier = Courier(store.outbox, sink, STEADY)
    hook.status = 503
    await sink.publish(report(ALONE))
    await courier.deliver_due(NOW)
    (kept,) = await store.outbox.of_subject("notify:json", ID)
    assert "notify:json did not take the message" in kept.last_error
    hook.status = 200
    for minute in (1, 2):
        await courier.deliver_due(NOW + timedelta(minutes=minute))
    assert [taken["title"] for taken in hook.taken] == ["[warning] web-1: 1 finding(s)"]
    assert hook.taken[0]["type"] == "warning"


async def test_a_restart_repeats_nothing_and_still_tells_the_end(store: Store, hook: Hook) -> None:
    both = incident(ANOMALY, SILENT)
    await sink_to(store, hook.address).publish(report(both))
    again = sink_to(store, hook.address)
    await again.publish(report(both, at=NOW + timedelta(minutes=5)))
    await again.publish(report(ended(both, NOW), at=NOW + timedelta(minutes=6)))
    once_more = sink_to(store, hook.address)
    await once_more.publish(report(ended(both, NOW), at=NOW + timedelta(minutes=7)))
    assert await titles(store) == ["[critical] web-1: 2 finding(s)", "[resolved] web-1"]


async def test_an_incident_that_ended_while_nobody_looked_gets_its_end(store: Store, hook: Hook) -> None:
    await sink_to(store, hook.address).publish(report(incident(ANOMALY, SILENT)))
    await sink_to(store, hook.address).publish(report(at=NOW + timedelta(hours=1)))
    (_, over) = await store.outbox.of_subject("notify:json", ID)
    assert orjson.loads(over.owed.payload)["body"] == f"It is over.\n\nhttp://om:9095/#/incident/{ID}"
    assert await titles(store) == ["[critical] web-1: 2 finding(s)", "[resolved] web-1"]


async def test_both_languages_stand_in_one_message(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address, languages=("ko", "en"))
    await sink.publish(report(ALONE))
    await Courier(store.outbox, sink, STEADY).deliver_due(NOW)
    (taken,) = hook.taken
    assert taken["title"] == "[주의] web-1: 문제 1건"
    assert "디스크 쓰기량" in taken["message"]
    assert "data written to disks" in taken["message"]
    assert "rate(x[60s])" not in taken["message"]


async def test_what_is_longer_than_a_chat_takes_comes_in_parts_and_whole(store: Store, hook: Hook) -> None:
    (channel,) = channels([hook.address])
    channel.address.body_maxlen = 120
    long = "a sentence of a process group that wrote; " * 5
    features = {"disk_writes": replace(WRITES, meaning={"en": long, "ko": long})}
    sink = NotificationSink(store.outbox, features, channel, AT_ONCE)
    await sink.publish(report(ALONE))
    await Courier(store.outbox, sink, STEADY).deliver_due(NOW)
    parts = [taken["message"] for taken in hook.taken]
    assert len(parts) > 1
    assert all(len(part) <= 120 for part in parts)
    assert "".join(parts).count("wrote") == 5


async def test_findings_that_come_together_are_gathered_into_one_message(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address, Manners(gather=timedelta(seconds=15)))
    later = replace(ANOMALY, kind="saturation:disk_writes", starts_at=NOW + timedelta(seconds=10))
    both = incident(ANOMALY, later)
    await sink.publish(report(ALONE))
    await sink.publish(report(both, at=NOW + timedelta(seconds=10)))
    assert await titles(store) == []
    await sink.publish(report(both, at=NOW + timedelta(seconds=15)))
    assert await titles(store) == ["[warning] web-1: 2 finding(s)"]


async def test_quiet_hours_let_only_the_critical_through_and_tell_the_rest_in_the_morning(
    store: Store, hook: Hook
) -> None:
    night = replace(AT_ONCE, quiet_from=time(22), quiet_to=time(7), timezone="Asia/Seoul")
    sink = sink_to(store, hook.address, night)
    other = Incident.alone(replace(SILENT, host="web-2"))
    late, morning = datetime(2026, 11, 22, 14, 2, tzinfo=UTC), datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    await sink.publish(report(ALONE, other, at=late))
    assert await titles(store) == []
    assert await titles(store, subject=other.id) == ["[critical] web-2: 1 finding(s)"]
    await sink.publish(report(ALONE, ended(other, late), at=late + timedelta(minutes=1)))
    await sink.publish(report(ALONE, at=morning))
    assert await titles(store) == ["[warning] web-1: 1 finding(s)"]
    assert await titles(store, subject=other.id) == ["[critical] web-2: 1 finding(s)", "[resolved] web-2"]


async def test_what_is_below_the_severity_asked_for_is_not_told(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address, replace(AT_ONCE, least=Severity.CRITICAL))
    await sink.publish(report(ALONE))
    assert await titles(store) == []


async def test_what_is_quiet_is_not_told_and_what_was_told_before_still_gets_its_end(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address)
    quiet = Quiet("silence", "s1", "planned")
    never = Incident.alone(replace(SILENT, host="web-2", quiet=quiet))
    await sink.publish(report(ALONE, never))
    hushed = incident(replace(ANOMALY, quiet=quiet))
    await sink.publish(report(hushed, never, at=NOW + timedelta(minutes=1)))
    await sink.publish(report(ended(hushed, NOW), ended(never, NOW), at=NOW + timedelta(minutes=2)))
    assert await titles(store) == ["[warning] web-1: 1 finding(s)", "[resolved] web-1"]
    assert await titles(store, subject=never.id) == []


async def test_beyond_the_rate_messages_wait(store: Store, hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    sink = sink_to(store, hook.address, replace(AT_ONCE, messages_an_hour=2))
    many = [Incident.alone(replace(ANOMALY, host=f"web-{n}", starts_at=NOW + timedelta(seconds=n))) for n in range(3)]
    with caplog.at_level(logging.WARNING):
        await sink.publish(report(*many))
    assert await titles(store, subject=many[2].id) == []
    assert "notify:json sent 2 messages within an hour; more are held back" in caplog.text
    await sink.publish(report(*many, at=NOW + timedelta(hours=1)))
    assert await titles(store, subject=many[2].id) == ["[warning] web-2: 1 finding(s)"]


async def test_a_failed_judge_does_not_end_an_incident(store: Store, hook: Hook) -> None:
    sink = sink_to(store, hook.address)
    await sink.publish(report(ALONE))
    await sink.publish(report(failures=(Failure("judge", "broken", NOW),)))
    assert await titles(store) == ["[warning] web-1: 1 finding(s)"]


def test_a_wrong_address_is_named_by_its_place_and_kind_and_keeps_its_secret() -> None:
    with pytest.raises(SettingsError) as raised:
        channels(["json://127.0.0.1/", "nonsense://token-of-mine"])
    assert str(raised.value) == "'notify.urls': number 2 (nonsense:…) is no address that apprise understands"


def test_channels_of_one_kind_have_names_of_their_own() -> None:
    names = [channel.name for channel in channels(["json://127.0.0.1/a", "json://127.0.0.1/b", "xml://127.0.0.1/"])]
    assert names == ["notify:json", "notify:json-2", "notify:xml"]
