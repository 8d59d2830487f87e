"""Incidents as messages to people: Slack, Discord, e-mail and whatever else apprise knows an address for.

An incident is all that fires on one host at a time: one message when it opens, one when something joins it or it
grows worse, one when all is over. Publishing writes to the outbox; `deliver` sends.
https://github.com/caronc/apprise
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import apprise
import orjson

from analyzer.data import Feature, Finding, Language, Report, Severity
from analyzer.errors import DeliveryDelayed, SettingsError
from analyzer.sinks.messages import MAIL, Message, Step, message
from analyzer.store import Delivery, Outbox, Owed

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
        same = sum(channel.name.split("-")[0] == f"notify:{kind}" for channel in made)
        made.append(Channel(f"notify:{kind}" + (f"-{same + 1}" if same else ""), plugin))
    if wrong:
        raise SettingsError(wrong)
    return tuple(made)


@dataclass(frozen=True)
class Manners:
    """When to keep still. During quiet hours only what is critical is told; the rest waits, if it still fires then."""

    least: Severity = Severity.WARNING
    quiet_from: time | None = None
    quiet_to: time | None = None
    timezone: str = "UTC"
    messages_an_hour: int = 20
    gather: timedelta = timedelta(seconds=15)

    def quiet(self, now: datetime) -> bool:
        if self.quiet_from is None or self.quiet_to is None:
            return False
        at = now.astimezone(ZoneInfo(self.timezone)).time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= at < self.quiet_to
        return at >= self.quiet_from or at < self.quiet_to


@dataclass(frozen=True)
class Told:
    """What was said of a host's incident: which findings, and how bad they were."""

    incident: str
    findings: tuple[str, ...]
    severity: int
    over: bool = False


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
        self._features = features
        self._channel = channel
        self._manners = manners
        self._languages = languages
        self._page_url = page_url
        self._told: dict[str, Told | None] = {}
        self._seen: dict[str, datetime] = {}
        self._sent: deque[datetime] = deque()
        self._held = False

    async def publish(self, report: Report) -> None:
        """Owe what is new about each host. A report whose judge failed says nothing of what fires."""
        if any(failure.stage == "judge" for failure in report.failures):
            return
        firing = self._by_host(report)
        for host in sorted(firing):
            if host not in self._told:
                self._told[host] = await self._recall(host)
        for host in sorted(firing):
            self._seen.setdefault(host, report.at)
            await self._tell(host, firing[host], report.at)
        for host in [host for host, told in self._told.items() if host not in firing]:
            self._seen.pop(host, None)
            await self._end(host, report)

    async def deliver(self, delivery: Delivery) -> str | None:
        payload = orjson.loads(delivery.owed.payload)
        await self._channel.send(Message(payload["title"], payload["body"], apprise.NotifyType(payload["colour"])))
        return None

    async def close(self) -> None:
        """Nothing is held open."""

    def _by_host(self, report: Report) -> dict[str, list[Finding]]:
        hosts: dict[str, list[Finding]] = {}
        for finding in sorted(report.findings, key=lambda found: (-found.severity, found.starts_at)):
            if finding.firing and finding.severity >= self._manners.least:
                hosts.setdefault(finding.host, []).append(finding)
        return hosts

    async def _recall(self, host: str) -> Told | None:
        kept = await self._outbox.of_subject(self.name, host)
        if not kept:
            return None
        last = orjson.loads(kept[-1].owed.payload)["told"]
        return Told(last["incident"], tuple(last["findings"]), last["severity"], last["over"])

    async def _tell(self, host: str, findings: list[Finding], now: datetime) -> None:
        told = self._told[host]
        worst = max(finding.severity for finding in findings)
        names = tuple(sorted(finding.fingerprint for finding in findings))
        going_on = told is not None and not told.over
        if told is not None and going_on and set(names) <= set(told.findings) and worst <= told.severity:
            return
        if worst < Severity.CRITICAL and (self._manners.quiet(now) or now - self._seen[host] < self._manners.gather):
            return
        if not self._may_send(now):
            return
        incident = told.incident if told is not None and going_on else findings[-1].fingerprint
        known = told.findings if told is not None and going_on else ()
        new = Told(incident, tuple(sorted({*known, *names})), int(worst))
        await self._owe(host, "worse" if going_on else "open", findings, new, now)

    async def _end(self, host: str, report: Report) -> None:
        told = self._told[host]
        if told is None or told.over or self._manners.quiet(report.at):
            return
        over = Told(told.incident, told.findings, told.severity, over=True)
        closed = [finding for finding in report.findings if finding.host == host and not finding.firing]
        await self._owe(host, "over", closed, over, report.at)

    async def _owe(self, host: str, step: Step, findings: list[Finding], told: Told, now: datetime) -> None:
        mail = self.name.startswith(MAIL)
        colour = apprise.NotifyType.SUCCESS if told.over else COLOURS[Severity(told.severity)]
        link = f"{self._page_url}/#/host/{host}" if self._page_url else ""
        text = message(host, step, findings, self._features, self._languages, colour, link, in_full=mail)
        key = f"{told.incident}:{step}:{len(told.findings)}:{told.severity}"
        payload = {"title": text.title, "body": text.body, "colour": text.colour.value, "told": asdict(told)}
        await self._outbox.enqueue([Owed(self.name, key, host, orjson.dumps(payload).decode())], now)
        self._told[host] = told
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
