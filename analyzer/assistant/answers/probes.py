"""Which probed services answer, and why and since when the others don't. Names of targets come from the hosts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.assistant.answers.measure import ask, selector_of, window_at
from analyzer.assistant.draft import Citations
from analyzer.assistant.inquiry import Inquiry
from analyzer.data import Evidence, Sample, Series, Window
from analyzer.errors import SourceError
from analyzer.features import matcher
from analyzer.wording.companions import named

# As the exporter's probes class what went wrong: docs/services.md.
REASONS = {
    "dns": ("its name is not known", "이름을 찾을 수 없습니다"),
    "refused": ("the connection is refused", "연결이 거부됩니다"),
    "timeout": ("no answer in time", "제시간에 응답하지 않습니다"),
    "unreachable": ("it can't be reached", "네트워크로 닿을 수 없습니다"),
    "certificate": ("its certificate is not valid", "인증서가 유효하지 않습니다"),
    "tls": ("no TLS connection comes about", "TLS 연결이 되지 않습니다"),
    "closed": ("it hangs up without an answer", "응답 없이 연결을 끊습니다"),
    "protocol": ("it does not speak HTTP", "HTTP로 응답하지 않습니다"),
    "status": ("it answers with an HTTP error", "HTTP 오류로 응답합니다"),
}
LAST_REASON = "openmanager_probe_last_failure_timestamp_seconds"
LOOK_BACK, LOOK_STEP = timedelta(hours=6), timedelta(minutes=1)
MOST_LOOKED_UP = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """What the newest probe of one target found; `evidence.subject` is the target, its value 1 where it answered."""

    evidence: Evidence
    reason: str = ""
    since: datetime | None = None

    @property
    def answers(self) -> bool:
        return self.evidence.value > 0


async def probes(inquiry: Inquiry, named: str = "") -> tuple[tuple[Probe, ...], str]:
    """The probed services of the hosts asked about, what fails first; and why that is not known.

    `named` picks the targets that contain it. A prober that is no host of ours tells of services by `instance`.
    """
    samples, problem = await ask(inquiry, f"probe_success{{{selector_of(inquiry)}}}", inquiry.question.now)
    hosts = {host.host.name for host in inquiry.hosts}
    found = [
        Probe(_evidence(inquiry, sample))
        for sample in samples
        if named.casefold() in _target(sample).casefold()
        and (sample.labels.get("instance") in hosts or (inquiry.about_all and "target" not in sample.labels))
    ]
    found.sort(key=lambda probe: (probe.answers, probe.evidence.host, probe.evidence.subject))
    failing = [await _explained(inquiry, probe) for probe in found if not probe.answers][:MOST_LOOKED_UP]
    return (*failing, *found[len(failing) :]), problem


def probe_sentence(inquiry: Inquiry, probe: Probe, citations: Citations) -> str:
    where, target = probe.evidence.host, named(probe.evidence.subject)
    place = f"{where}: " if where and where != probe.evidence.subject else ""
    if probe.answers:
        said = inquiry.say(f"{place}{target} answers.", f"{place}{target} 정상 응답합니다.")
        return said + citations.cite(probe.evidence)
    why = inquiry.say(*REASONS[probe.reason]) if probe.reason in REASONS else ""
    since = inquiry.moment(probe.since) if probe.since else ""
    if inquiry.language == "ko":
        when = f"{since}부터 " if since else ""
        said = f"{place}{target} {when}응답하지 않습니다{f': {why}' if why else ''}."
    else:
        when = f" since {since}" if since else ""
        said = f"{place}{target} has not answered{when}" if since else f"{place}{target} does not answer"
        said += f": {why}." if why else "."
    return said + citations.cite(probe.evidence)


def _target(sample: Sample) -> str:
    return sample.labels.get("target") or sample.labels.get("instance", "")


def _evidence(inquiry: Inquiry, sample: Sample) -> Evidence:
    labels = {name: value for name, value in sample.labels.items() if name in {"instance", "target"}}
    promql = f"probe_success{{{','.join(matcher(name, value) for name, value in sorted(labels.items()))}}}"
    return Evidence(
        promql, window_at(inquiry.question.now), sample.labels.get("instance", ""), "probe_success", "", sample.value,
        subject=_target(sample),
    )  # fmt: skip


async def _explained(inquiry: Inquiry, probe: Probe) -> Probe:
    """The same with the kind of its last failure and the first probe of the run that failed, where they are known."""
    evidence = probe.evidence
    kinds, _ = await ask(inquiry, evidence.promql.replace("probe_success", LAST_REASON, 1), inquiry.question.now)
    newest = max(kinds, key=lambda sample: sample.value, default=None)
    reason = newest.labels.get("reason", "") if newest else ""
    series: tuple[Series, ...] = ()
    if inquiry.reader is not None:
        try:
            series = await inquiry.reader.range(
                evidence.promql, Window.ending(inquiry.question.now, LOOK_BACK, LOOK_STEP)
            )
        except SourceError:  # what fails is known all the same; only since when is not
            return Probe(evidence, reason)
    return Probe(evidence, reason, _since(series[0]) if series else None)


def _since(series: Series) -> datetime | None:
    """When the run of failures began; None where it is as old as the series."""
    good = np.flatnonzero(series.values > 0)
    if not len(good) or good[-1] + 1 >= len(series.times):
        return None
    return datetime.fromtimestamp(float(series.times[good[-1] + 1]), UTC)


def answering(inquiry: Inquiry, found: tuple[Probe, ...], citations: Citations) -> str:
    """How many answer, as one sentence."""
    count = len(found)
    said = inquiry.say(
        f"{'All' if count > 1 else 'The'} {f'{count} ' if count > 1 else ''}probed "
        f"service{'s answer' if count > 1 else ' answers'}.",
        f"점검 대상 서비스 {count}개가 모두 응답합니다.",
    )
    return said + citations.cite(*(probe.evidence for probe in found))
