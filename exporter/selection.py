"""Which of many to tell about: include and exclude patterns, as the device filters of node_exporter."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

ANYTHING = re.compile("")
REMEMBERED = 4096


def chooser(include: re.Pattern[str] = ANYTHING, exclude: re.Pattern[str] = ANYTHING) -> Callable[[str], bool]:
    """A function that tells whether a name is wanted: matched by `include` and not by `exclude`.

    A pattern may match anywhere in the name; an empty one has no say.
    """

    @lru_cache(REMEMBERED)
    def wanted(name: str) -> bool:
        if include.pattern and not include.search(name):
            return False
        return not (exclude.pattern and exclude.search(name))

    return wanted
