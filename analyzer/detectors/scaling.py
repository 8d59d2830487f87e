"""Puts features of any unit on one scale: deviations from what is usual, in units of their usual spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analyzer.data import Feature, Frame, Rows, Values

Column = npt.NDArray[np.float64]
Floors = Mapping[str, float]

# A spread below this part of the range seen in history is noise of measurement: it must not make a small move loud.
SMALLEST_SPREAD = 0.005
# Where history never moved, any move is news, of this many spreads; how far it moved has no scale to be judged on.
STEP_FROM_CONSTANT = 10.0
# The smallest change that a person would care about is this many spreads: less of it is never loud.
SPREADS_OF_EFFECT = 2.0
# No single reading may drown the rest: models see it as unusual enough at this many spreads.
FARTHEST = 50.0
# How far a feature has ever gone is told up to here: farther, its spread was nothing.
REACH = 1e6
# Where history never moved, a spread is worth so much of blame: the whole step is a whole range.
BLAME_OF_CONSTANT = 0.1
# Two float32 numbers that differ by less than this part of them are the same.
SAME = 1e-6
# Arithmetic in double precision stays within a core's cache.
VALUES_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Scaling:
    """Fitted centre and spread of each feature, `[h, f]`. A spread of 0 marks a feature that never moved.

    `lowest[h, f]` and `highest[h, f]` are how far each went in history, in spreads.
    """

    center: Column
    spread: Column
    lowest: Values
    highest: Values

    @classmethod
    def fit(cls, history: Frame, floors: Floors, taught: Rows | None = None) -> Scaling:
        """`floors` are the smallest spreads of features that have one.

        What is usual is that of the rows `taught`, all without that; how far a feature can go is that of all.
        """
        least = [floors.get(feature, 0.0) for feature in history.features]
        usual = history.values if taught is None else history.values[taught]
        columns = zip(history.values.T, usual.T, strict=True)
        fitted = [_center_and_spread(column, part) for column, part in columns]
        center, spread, lowest, highest = np.array(fitted, dtype=np.float64).reshape(-1, 4).T
        spread = np.maximum(spread, least)
        ends = [np.asarray((end - center) / _unit(spread), np.float32)[None] for end in (lowest, highest)]
        return cls(center[None], spread[None], *ends)

    def ends(self) -> tuple[Column, Column]:
        """The lowest and the highest of each feature in its own unit, `[h, f]`."""
        unit = _unit(self.spread)
        return self.center + unit * self.lowest, self.center + unit * self.highest

    def reaching(self, lowest: Column, highest: Column, kept: float) -> Scaling:
        """With what is known from before of how far features can go, in their own units, `[f]`, NaN where nothing is.

        Of the way that each went farther then so much of the logarithm is `kept`: no single glitch is remembered long.
        """
        ends = []
        for known, before, sign in ((self.lowest, lowest, -1.0), (self.highest, highest, 1.0)):
            far = (before - self.center) / _unit(self.spread)
            farther = np.fmax(sign * (far - known), 0.0)
            ends.append(known + (sign * np.expm1(kept * np.log1p(farther))).astype(np.float32))
        return replace(self, lowest=ends[0], highest=ends[1])

    def worth(self, lowest: Values, highest: Values) -> Values:
        """What one spread counts when features are compared as causes, of how far each went since, `[h, t, f]`.

        Counted in spreads, what seldom moves would always be to blame. Features are compared by what part of all that
        each ever covered it moved: a spread is worth the part of the range that it is.
        """
        span = np.maximum(highest, self.highest[:, None]) - np.minimum(lowest, self.lowest[:, None])
        return np.where(self.spread[:, None] > 0, 1.0 / np.maximum(span, 1.0), np.float32(BLAME_OF_CONSTANT))

    def apply(self, values: Values) -> Values:
        """`z[h, t, f]` of `values[h, t, f]`, features in the fitted order; a gap counts as usual: 0."""
        z = np.empty(values.shape, np.float32)
        hosts, rows, features = values.shape
        width = max(1, VALUES_AT_ONCE // max(1, hosts * features))
        for at in range(0, rows, width):
            part = slice(at, at + width)
            z[:, part] = _deviations(values[:, part], self.center[:, None], self.spread[:, None])
        return z


def _center_and_spread(column: Values, usual: Values) -> tuple[float, float, float, float]:
    """And the lowest and the highest that was seen, also where that was not usual."""
    seen, part = _known(column), _known(usual)
    if not len(seen):
        return 0.0, 0.0, 0.0, 0.0
    part = part if len(part) else seen
    center, span, lowest, highest = float(part.mean()), float(np.ptp(part)), float(seen.min()), float(seen.max())
    # float32 keeps 7 digits: what differs by less never moved
    if span <= abs(center) * SAME:
        return center, 0.0, center, center
    return center, max(float(part.std()), SMALLEST_SPREAD * span), lowest, highest


def _unit(spread: Column) -> Column:
    """What never moved is told in its own unit."""
    return np.where(spread > 0, spread, 1.0)


def _known(column: Values) -> Column:
    return column[np.isfinite(column)].astype(np.float64)


def _deviations(values: Values, center: Column, spread: Column) -> Column:
    """In double precision, and in place: most of the time would go into memory."""
    still = spread == 0
    z = values - center
    z /= np.where(still, 1.0, spread)
    places = np.flatnonzero(still.any(axis=(0, 1)))
    if len(places):
        moved = z[..., places]
        steps = np.where(np.abs(moved) > np.abs(center[..., places]) * SAME, np.sign(moved) * STEP_FROM_CONSTANT, 0.0)
        z[..., places] = np.where(still[..., places], steps, moved)
    np.copyto(z, 0.0, where=np.isnan(z))
    return np.clip(z, -REACH, REACH, out=z)


def floors_of(features: Sequence[Feature]) -> Floors:
    """The catalogue's minimum effects as smallest spreads."""
    return {each.name: each.minimum_effect / SPREADS_OF_EFFECT for each in features}


def aligned(recent: Frame, features: tuple[str, ...]) -> Values:
    """The frame's values in the order of `features`; what the frame lacks is NaN."""
    if recent.features == features:
        return recent.values
    columns = {name: column for column, name in enumerate(recent.features)}
    values = np.full((len(recent.times), len(features)), np.nan, dtype=np.float32)
    for position, name in enumerate(features):
        if name in columns:
            values[:, position] = recent.values[:, columns[name]]
    return values


def observed(recent: Frame, features: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which rows hold any value at all: the others can't be judged."""
    return np.asarray(np.isfinite(aligned(recent, features)).any(axis=1))
