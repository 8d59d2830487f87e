"""How far a host's features ever went: known for longer than the history that models learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """The lowest and the highest of each feature by name, in its own unit, as it was known `at` that time."""

    at: datetime
    ends: Mapping[str, tuple[float, float]]
