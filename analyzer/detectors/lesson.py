"""One host's history and what is learned from it: models of all, and what models of a part say of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from analyzer.data import Frame, Rows, Values, Views
from analyzer.detectors.ensemble import Remembered, momentary
from analyzer.detectors.fitted import Fitted
from analyzer.detectors.past import Past, alike
from analyzer.detectors.sampling import spread_out
from analyzer.detectors.scaling import Floors, Scaling
from analyzer.errors import NotEnoughHistory
from analyzer.interfaces import Detector, Model

# Neighbouring rows are nearly alike: more of them cost time and teach little.
SAMPLE = 4000


@dataclass(frozen=True, slots=True)
class Lesson:
    """`rows` of the history hold values, and `seen` are these. `floors` are the smallest spreads of features.

    `taught` are the places in `rows` that anything is learned from; what is seen beside them is scored all the same.
    """

    rows: Rows
    taught: Rows
    seen: Frame
    detectors: tuple[Detector, ...]
    floors: Floors

    @classmethod
    def of(cls, history: Frame, detectors: Sequence[Detector], floors: Floors, unusual: Rows | None = None) -> Lesson:
        """Of a history whose `unusual` rows are known to be no lesson."""
        rows = np.flatnonzero(np.isfinite(history.values).any(axis=1))
        taught = np.arange(len(rows)) if unusual is None else np.flatnonzero(~np.isin(rows, unusual))
        seen = Frame(history.host, history.features, history.times[rows], history.values[rows])
        return cls(rows, taught, seen, tuple(detectors), floors)

    def fit(self, leave_out: Rows | None = None) -> Fitted:
        """All models, learned without the rows of history to `leave_out`. NotEnoughHistory when too few are left.

        The scale is that of these too: how far a feature can go is part of what it usually is.
        """
        kept = self.taught
        if leave_out is not None:
            kept = kept[~np.isin(self.rows[kept], leave_out)]
        self._enough(kept)
        scaling = Scaling.fit(self.seen, self.floors, self.taught)
        return Fitted(scaling, self._learned(self._views(scaling), kept))

    def held_out(self, folds: int) -> Values:
        """The ensemble's heights at each of `rows`, by scales and models of the folds that the row is not in."""
        places = np.arange(len(self.rows))
        moments = np.empty((1, len(places)), np.float32)
        for begin, end in pairwise(np.linspace(0, len(places), folds + 1).astype(np.intp).tolist()):
            rest = np.r_[places[:begin], places[end:]]
            here = np.isin(rest, self.taught)
            self._enough(rest[here])
            known = replace(self.seen, times=self.seen.times[rest], values=self.seen.values[rest])
            scaling = Scaling.fit(known, self.floors, np.flatnonzero(here))
            views = self._views(scaling)
            fitted = Fitted(scaling, self._learned(views, rest[here]))
            moments[:, begin:end] = momentary(fitted.ask(views.at(places[begin:end])))
        worth, _ = Remembered.nothing(1, 0).advance(moments)
        return np.asarray(worth[0])

    def _views(self, scaling: Scaling) -> Views:
        z = scaling.apply(self.seen.values[None])
        levels = tuple(dict.fromkeys(level for detector in self.detectors for level in detector.levels))
        views, _ = Past.before(z[:, 0], len(levels)).advance(z, levels, alike)
        return views

    def _learned(self, views: Views, places: Rows) -> tuple[Model, ...]:
        views = views.at(places[spread_out(len(places), SAMPLE)])
        models: list[Model] = []
        needed = {name for detector in self.detectors for name in detector.needs}
        for detector in self.detectors:
            models.append(detector.learn(views))
            if detector.name in needed:
                views = replace(views, residuals=models[-1].numbers(views).residuals)
        return tuple(models)

    def _enough(self, places: Rows) -> None:
        for detector in self.detectors:
            if len(places) < (least := detector.minimum_steps):
                known = f"{len(places)} hold values"
                raise NotEnoughHistory(f"{detector.name} needs {least} steps of {self.seen.host}, {known}")
