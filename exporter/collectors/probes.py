"""Services of one's own, probed over TCP or HTTP: up or not, how fast, why not, when their certificate ends.

Names follow blackbox_exporter, with the target as a label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from exporter.collectors import NoData, setting
from exporter.exposition import Block, Family, Listing, Table
from exporter.flags import SettingsError
from exporter.procfs import Trees

if TYPE_CHECKING:
    from exporter.collectors.probes_running import Prober, Standing

TARGET = ("target",)
SUCCESS = Family("probe_success", "Whether the last probe succeeded.", labels=TARGET)
DURATION = Family("probe_duration_seconds", "How long the last probe took.", labels=TARGET)
PROBED = Family("openmanager_probe_timestamp_seconds", "When the last probe began, since the epoch.", labels=TARGET)
STATUS = Family(
    "probe_http_status_code", "HTTP status that the last probe was answered with; 0 is none.", labels=TARGET
)
EXPIRY = Family(
    "probe_ssl_earliest_cert_expiry", "When the service's certificate ends, since the epoch.", labels=TARGET
)
REASON = (*TARGET, "reason")
FAILURES = Family("openmanager_probe_failures_total", "Probes that failed, by kind of failure.", "counter", REASON)
FAILED = Family("openmanager_probe_last_failure_timestamp_seconds", "When a probe last failed that way.", labels=REASON)


class ProbesEnded(Exception):
    """The thread that probes broke down; its traceback is in the log."""


@dataclass(frozen=True, slots=True)
class ProbesCollector:
    """Tells what the probes in the background found last; a scrape waits for none of them."""

    trees: Trees
    target: tuple[str, ...] = setting((), "http://, https://, tcp:// or tls:// URL to probe; may be repeated.")
    interval: timedelta = setting(timedelta(seconds=15), "How often each is probed.")
    timeout: timedelta = setting(timedelta(seconds=5), "How long a probe may take.")
    ca_file: str = setting("", "PEM file of the authorities to trust, instead of the system's.")
    prober: Prober | None = field(init=False, repr=False)
    last: Table = field(default_factory=lambda: Table(SUCCESS, DURATION, PROBED), init=False, repr=False)
    rest: Listing = field(default_factory=Listing, init=False, repr=False)
    reasons: Table = field(default_factory=lambda: Table(FAILURES, FAILED), init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prober", self._prober() if self.target else None)

    def collect(self) -> Iterable[Block]:
        if self.prober is None:
            raise NoData("no --collector.probes.target")
        self.prober.start()
        if not self.prober.running:
            raise ProbesEnded("the probes broke down; the traceback is above")
        known = [(one, one.last) for one in self.prober.standings if one.last is not None]
        yield self.last.block(
            [(one.target.label,) for one, _ in known],
            [
                [int(not last.reason) for _, last in known],
                [last.duration_seconds for _, last in known],
                [last.at_seconds for _, last in known],
            ],
        )
        http = [
            (STATUS, (one.target.label,), last.status) for one, last in known if one.target.scheme in {"http", "https"}
        ]
        certificates = [
            (EXPIRY, (one.target.label,), last.certificate_expires_seconds)
            for one, last in known
            if last.certificate_expires_seconds is not None
        ]
        yield self.rest.block([*http, *certificates])
        yield self._failures([one for one, _ in known])

    def close(self) -> None:
        if self.prober is not None:
            self.prober.stop()

    def _failures(self, standings: Iterable[Standing]) -> Block:
        rows = [(one, reason) for one in standings for reason in list(one.failures)]
        return self.reasons.block(
            [(one.target.label, reason) for one, reason in rows],
            [[one.failures[reason] for one, reason in rows], [one.failed_at[reason] for one, reason in rows]],
        )

    def _prober(self) -> Prober:
        # Only who probes has the memory that asyncio and TLS take.
        import ssl  # noqa: PLC0415

        from exporter.collectors.probes_running import Prober  # noqa: PLC0415
        from exporter.collectors.probes_target import ENCRYPTED, target_of  # noqa: PLC0415

        targets, problems = [], []
        for text in dict.fromkeys(self.target):
            try:
                targets.append(target_of(text))
            except ValueError as error:
                problems.append(f"--collector.probes.target {error}, not {text!r}")
        try:
            encrypted = any(one.scheme in ENCRYPTED for one in targets)
            trust = ssl.create_default_context(cafile=self.ca_file or None) if encrypted else None
        except OSError as error:
            problems.append(f"can't read --collector.probes.ca-file={self.ca_file}: {error}")
        if self.interval <= timedelta() or self.timeout <= timedelta():
            problems.append("--collector.probes.interval and --collector.probes.timeout are longer than nothing")
        if problems:
            raise SettingsError(problems)
        return Prober(targets, self.interval.total_seconds(), self.timeout.total_seconds(), trust)
