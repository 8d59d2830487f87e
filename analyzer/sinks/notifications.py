"""Incidents as messages to people: Slack, Discord, e-mail and whatever else apprise knows an address for.

One message when an incident opens, one when it grows worse, now and then one about what joined it, one when it is
over. Publishing writes to the outbox; `deliver` sends.
https://github.com/caronc/apprise
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import apprise
import orjson

from analyzer.data import Feature, Incident, Language, Report, Severity
from analyzer.errors import DeliveryDelayed, SettingsError
from analyzer.sinks.messages import MAIL, Message, Step, Writer
from analyzer.store import Delivery, Outbox, Owed
from analyzer.wording.incidents import say_hosts

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
COLOURS: Mapping[Severity, apprise.NotifyType] = {
    Severity.INFO: apprise.NotifyType.INFO,
    Severity.WARNING: apprise.NotifyType.WARNING,
    Severity.CRITICAL: apprise.NotifyType.FAILURE,
}
TEST = Message(
    "OpenManager",
    "This is a test: messages arrive here.\n시험 메시지입니다. 이 채널로 알림이 전달됩니다.",
    apprise.NotifyType.INFO,
)
logging.getLogger("apprise").propagate = False  # it logs whole addresses, with the secrets in them


@dataclass(frozen=True)
class Channel:
    """Where messages go: `address` holds secrets, `name` none."""

    name: str
    address: apprise.NotifyBase = field(repr=False)

    async def send(self, text: Message) -> None:
        """DeliveryDelayed, with apprise's reason, when it is not taken."""
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as told:  # type: ignore[no-untyped-call]
            taken = await asyncio.to_thread(
                self.address.notify,
                body=text.body,
                title=text.title,
                notify_type=text.colour,
                body_format=apprise.NotifyFormat.TEXT,
            )
            reason = " ".join(told.getvalue().split())
        if not taken:
            raise DeliveryDelayed(f"{self.name} did not take the message: {reason or 'no reason given'}")


def channels(addresses: Iterable[str]) -> tuple[Channel, ...]:
    """Named by their kind. SettingsError tells which ones are wrong by their place, for the rest of them is secret."""
    made: list[Channel] = []
    wrong = []
    for place, address in enumerate(addresses, 1):
        plugin = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        kind = address.partition(":")[0]
        if not isinstance(plugin, apprise.NotifyBase):
            wrong.append(f"'notify.urls': number {place} ({kind}:…) is no address that apprise understands")
            continue
        if plugin.overflow_mode is apprise.OverflowMode.UPSTREAM:
            # A chat that takes 2,000 signs refuses more: in two messages it takes all of it.
            plugin.overflow_mode = apprise.OverflowMode.SPLIT
        same = sum(channel.name.split("-")[0] == f"notify:{kind}" for channel in made)
        made.append(Channel(f"notify:{kind}" + (f"-{same + 1}" if same else ""), plugin))
    if wrong:
        raise SettingsError(wrong)
    return tuple(made)


@dataclass(frozen=True)
class Manners:
    """When to keep still. During quiet hours only what is critical is told; the rest waits, if it still fires then.

    What begins within `gather` is told at once, what joins an incident without making it worse every `update`.
    """

    least: Severity = Severity.WARNING
    quiet_from: time | None = None
    quiet_to: time | None = None
    timezone: str = "UTC"
    messages_an_hour: int = 20
    gather: timedelta = timedelta(seconds=15)
    update: timedelta = timedelta(minutes=5)

    def quiet(self, now: datetime) -> bool:
        if self.quiet_from is None or self.quiet_to is None:
            return False
        at = now.astimezone(ZoneInfo(self.timezone)).time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= at < self.quiet_to
        return at >= self.quiet_from or at < self.quiet_to


@dataclass(frozen=True)
class Told:
    """What was said of an incident: which findings, how bad they were, on which hosts."""

    incident: str
    findings: tuple[str, ...]
    severity: int
    hosts: str = ""
    over: bool = False


@dataclass(frozen=True)
class News:
    """What an incident has that was not said of it: how bad that is, and all that fires of it."""

    severity: Severity
    firing: tuple[str, ...]
    worse: bool


class NotificationSink:
    """One channel's messages. What was told is read back from the outbox, so a restart repeats nothing."""

    def __init__(
        self,
        outbox: Outbox,
        features: Mapping[str, Feature],
        channel: Channel,
        manners: Manners = Manners(),
        languages: tuple[Language, ...] = ("en",),
        page_url: str = "",
    ) -> None:
        self.name = channel.name
        self._outbox = outbox
        self._channel = channel
        self._manners = manners
        self._language = languages[0]
        self._writer = Writer(features, languages, page_url, in_full=channel.name.startswith(MAIL))
        self._told: dict[str, Told] = {}
        self._ended: dict[str, Incident] = {}
        self._since: dict[str, datetime] = {}
        self._sent: deque[datetime] = deque()
        self._recalled = False
        self._held = False

    async def publish(self, report: Report) -> None:
        """Owe what is new about each incident. A report whose judge failed says nothing of what fires."""
        if any(failure.stage == "judge" for failure in report.failures):
            return
        if not self._recalled:
            await self._recall()
        stories = {each.id: each.only_told() if each.told else each for each in report.stories}
        for incident in sorted(stories.values(), key=lambda each: (-each.severity, each.starts_at, each.id)):
            if incident.open:
                await self._tell(incident, report.at)
        self._ended.update({id_: stories[id_] for id_ in self._told if id_ in stories and not stories[id_].open})
        for id_ in [id_ for id_ in self._told if id_ not in stories or not stories[id_].open]:
            await self._end(id_, report.at)
        for id_ in self._since.keys() - stories.keys():
            self._since.pop(id_)

    async def deliver(self, delivery: Delivery) -> str | None:
        payload = orjson.loads(delivery.owed.payload)
        await self._channel.send(Message(payload["title"], payload["body"], apprise.NotifyType(payload["colour"])))
        return None

    async def close(self) -> None:
        """Nothing is held open."""

    async def _recall(self) -> None:
        """Of what was told what is not over yet: its end is owed even when it ended meanwhile."""
        for kept in await self._outbox.newest(self.name):
            last = orjson.loads(kept.owed.payload)["told"]
            if not last["over"]:
                hosts = last.get("hosts", kept.owed.subject)
                self._told[kept.owed.subject] = Told(last["incident"], tuple(last["findings"]), last["severity"], hosts)
        self._recalled = True

    async def _tell(self, incident: Incident, now: datetime) -> None:
        told = self._told.get(incident.id)
        news = self._news(incident, told)
        if news is None:
            self._since.pop(incident.id, None)
            return
        since = self._since.setdefault(incident.id, now)
        urgent = news.worse and news.severity >= Severity.CRITICAL
        patience = self._manners.gather if news.worse else self._manners.update
        if self._manners.quiet(now) and news.severity < Severity.CRITICAL:
            return
        if (not urgent and now - since < patience) or not self._may_send(now):
            return
        findings = tuple(sorted({*(told.findings if told else ()), *news.firing}))
        worst = max(news.severity, told.severity if told else 0)
        new = Told(incident.id, findings, int(worst), say_hosts(incident, self._language))
        text = self._writer.told(incident, "worse" if told else "open", COLOURS[incident.severity])
        await self._owe("worse" if told else "open", text, new, now)
        self._since.pop(incident.id)

    def _news(self, incident: Incident, told: Told | None) -> News | None:
        """None when there is none. A finding is news once; an incident that grows more severe is so again."""
        least = self._manners.least
        firing = [finding for finding in incident.told if finding.firing and finding.severity >= least]
        known, before = (told.findings, told.severity) if told else ((), 0)
        new = [found for found in firing if found.fingerprint not in known or found.severity > before]
        if not new:
            return None
        worst = max(finding.severity for finding in new)
        return News(worst, tuple(finding.fingerprint for finding in firing), worse=worst > before)

    async def _end(self, id_: str, now: datetime) -> None:
        told = self._told[id_]
        if self._manners.quiet(now):
            return
        incident = self._ended.get(id_)
        if incident is not None and incident.told:
            text = self._writer.told(incident, "over", apprise.NotifyType.SUCCESS)
        else:
            text = self._writer.ended(told.hosts, self._writer.link(told.incident))
        await self._owe("over", text, replace(told, over=True), now)
        del self._told[id_]
        self._ended.pop(id_, None)

    async def _owe(self, step: Step, text: Message, told: Told, now: datetime) -> None:
        key = f"{told.incident}:{step}:{len(told.findings)}:{told.severity}"
        payload = {"title": text.title, "body": text.body, "colour": text.colour.value, "told": asdict(told)}
        await self._outbox.enqueue([Owed(self.name, key, told.incident, orjson.dumps(payload).decode())], now)
        self._told[told.incident] = told
        self._sent.append(now)

    def _may_send(self, now: datetime) -> bool:
        """What is held back is told later, if it still fires then."""
        while self._sent and now - self._sent[0] >= HOUR:
            self._sent.popleft()
        held = len(self._sent) >= self._manners.messages_an_hour
        if held and not self._held:
            log.warning("%s sent %d messages within an hour; more are held back", self.name, len(self._sent))
        self._held = held
        return not held
