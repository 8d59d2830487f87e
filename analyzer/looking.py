"""What the models say of each host in one cycle: scores, states, trends, forecasts, peers; then its health."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from analyzer.data import (
    Experience,
    Feature,
    Finding,
    Fleet,
    Forecasts,
    Health,
    HostReport,
    HostScores,
    Learning,
    Peers,
    Scores,
    State,
    Trends,
)
from analyzer.experience import experience
from analyzer.guard import Guard
from analyzer.health import Typical, health_of, typicals
from analyzer.host_models import HostModels
from analyzer.interfaces import Forecaster
from analyzer.newest import Newest, newest
from analyzer.prospects import Prospects
from analyzer.training import Trainer


@dataclass(frozen=True, slots=True)
class Looked:
    """What the models said of one host."""

    report: HostReport
    ensemble: Scores | None


@dataclass(frozen=True, slots=True)
class Lookout:
    """Asks every model of each host. One that fails for a host costs only what it would have said."""

    trainer: Trainer
    prospects: Prospects
    forecasters: Sequence[Forecaster]
    features: Sequence[Feature]
    step: timedelta

    def look(self, guard: Guard, now: datetime, recent: Fleet) -> tuple[Looked, ...]:
        looked = []
        peers: Mapping[str, Peers] = {}
        with guard.stage("compare"):
            peers = self.prospects.peers(recent)
        scores: Mapping[str, HostScores] = {}
        with guard.stage("score"):
            scores = self.trainer.score(recent)
        trends: Sequence[Trends] = [Trends()] * len(recent.hosts)
        with guard.stage("forecast"):
            trends = self._trends(recent)
        rows = zip(recent.hosts, recent.frames(), newest(recent), trends, strict=True)
        for host, frame, last, heading in rows:
            models, said = self.trainer.models(host.name), scores.get(host.name)
            state: State | None = None
            with guard.stage("states", host.name):
                state = models.state(frame) if isinstance(models, HostModels) else None
            forecasts = Forecasts()
            with guard.stage("forecast", host.name):
                forecasts = self.prospects.forecasts(host.name, now)
            report = HostReport(
                host,
                last.at,
                last.values,
                learning=_learning(models, last),
                scores=said.newest if said else {},
                shares=said.shares if said else {},
                state=state,
                trends=heading,
                forecasts=forecasts,
                peers=peers.get(host.name),
            )
            looked.append(Looked(report, said.ensemble if said else None))
        return tuple(looked)

    def _trends(self, recent: Fleet) -> Sequence[Trends]:
        every = [forecaster.fleet_trends(recent) for forecaster in self.forecasters]
        if len(every) == 1:
            return every[0]
        return [Trends.of(*chain.from_iterable(told[row] for told in every)) for row in range(len(recent.hosts))]

    def weigh(
        self,
        guard: Guard,
        recent: Fleet,
        looked: Sequence[Looked],
        firing: Sequence[Finding],
        confidence: Mapping[str, float],
    ) -> tuple[HostReport, ...]:
        """Each host's health and what it is judged by, from all that is known of it by now."""
        burdens: dict[str, list[Finding]] = defaultdict(list)
        for finding in firing:
            burdens[finding.host].append(finding)
        usual: Iterable[Typical] = [Typical({}, {})] * len(looked)
        with guard.stage("health"):
            usual = typicals(recent)
        weighed = []
        for each, typical in zip(looked, usual, strict=True):
            report, name = each.report, each.report.host.name
            found: Health | None = None
            with guard.stage("health", name):
                found = health_of(name, typical, self.features, burdens[name], report.forecasts.ending)
            weighed.append(replace(report, experience=self._experience(name, confidence.get(name, 0.0)), health=found))
        return tuple(weighed)

    def _experience(self, host: str, confidence: float) -> Experience | None:
        models = self.trainer.models(host)
        if isinstance(models, Learning):
            return None
        return experience(models.steps * self.step.total_seconds(), confidence)


def _learning(models: HostModels | Learning, last: Newest) -> Learning | None:
    """What is at hand counts too; but a host that learns anew has not seen enough, however much it lived before."""
    if not isinstance(models, Learning):
        return None
    here = min(last.steps, models.steps_needed - 1) if models.steps_seen else last.steps
    missing = tuple(name for name in models.missing_features if name not in last.values)
    return replace(models, steps_seen=max(models.steps_seen, here), missing_features=missing)
