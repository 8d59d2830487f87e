"""What a model sees of each row: its values on one scale, and what stands beside them in time.

Every array has a leading host axis: one history is [1, rows, features], one step of a fleet [hosts, 1, features].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from analyzer.data.series import Values

# The longest window that a model may look at, the row itself included.
LONGEST = 10

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Level:
    """An exponential average over about `span` rows, of values that count as no more than `bound`."""

    span: float
    bound: float


@dataclass(frozen=True, slots=True)
class Views:
    """Rows of some hosts with the `LONGEST - 1` before them. No row sees a later one.

    `padded[h, LONGEST - 1 + t, f]` are deviations in usual spreads, within bounds, and `fars[h, t, f]` without;
    `levels[level][h, t, f]` the averages of the rows before each; `residuals[h, t, f]` what the regression, asked
    before, leaves unexplained. `worths[h, t, f]` are what one spread counts when features are compared as causes.
    `stirs[h, t, f]` is how far each feature was from its level in the long run, before each row; where that run is not
    over, `missing[h, t]` of it is. `rows` are those meant of all t.
    """

    padded: Values
    fars: Values
    levels: Mapping[Level, Values]
    worths: Values
    stirs: Values
    missing: Values
    rows: Rows | slice = field(default_factory=lambda: slice(None))
    residuals: Values | None = None

    @property
    def count(self) -> int:
        """How many rows are meant."""
        every = self.padded.shape[1] - LONGEST + 1
        return len(range(every)[self.rows]) if isinstance(self.rows, slice) else len(self.rows)

    @property
    def z(self) -> Values:
        return self.lag(0)

    @property
    def far(self) -> Values:
        return self.fars[:, self.rows]

    @property
    def worth(self) -> Values:
        return self.worths[:, self.rows]

    def restless(self, usual: Values) -> Values:
        """How many times its `usual[h, f]` each feature has stirred in the long run, `[h, t, f]`."""
        return np.asarray(self.stirs[:, self.rows] / usual[:, None] + self.missing[:, self.rows, None])

    def lag(self, steps: int) -> Values:
        """Each row's values `steps` rows ago, `[h, t, f]`; before the first row, the first."""
        first = LONGEST - 1 - steps
        return self.padded[:, first : self.padded.shape[1] - steps][:, self.rows]

    def level(self, level: Level) -> Values:
        """The average of the rows before each, `[h, t, f]`; the first row has itself."""
        return self.levels[level][:, self.rows]

    def window(self, length: int) -> Values:
        """Each row after the `length - 1` before it, `[h, t, length * f]`."""
        every = sliding_window_view(self.padded[:, LONGEST - length :], length, axis=1)
        chosen = every[:, self.rows].swapaxes(2, 3)
        return np.ascontiguousarray(chosen).reshape(*chosen.shape[:2], -1)

    def at(self, rows: Rows) -> Views:
        """The same for some of the rows only."""
        every = np.arange(self.padded.shape[1] - LONGEST + 1)[self.rows]
        return replace(self, rows=every[rows], residuals=None if self.residuals is None else self.residuals[:, rows])


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a model says: `ratio[h, t]` 0 where all is as usual, 1 at the edge of what history holds, higher beyond.

    `parts[h, t, f]` >= 0 say what each feature contributed, in a size that compares steps and models. `residuals` are
    for the models asked later.
    """

    ratio: Values
    parts: Values
    residuals: Values | None = None


# What models said, by their names, in the order they were asked.
Told = Mapping[str, Numbers]
