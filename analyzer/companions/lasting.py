"""What moved with a finding, as at its worst: a later look, when the cause is gone, takes no culprit away. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from analyzer.data import Companion

Of = tuple[str, str, str]
# What was seen to use more, to begin or to be logged did so, whatever it does now; what is back is gone no more.
DID = frozenset({"grew", "rose", "started"})


def at_its_worst(before: Sequence[Companion], now: Sequence[Companion]) -> tuple[Companion, ...]:
    """What is seen now; of each thing that rose, those of the look that saw it rise more: their shares go together."""
    old, new = _by_what(before), _by_what(now)
    stands = {what for what in old if what[1] in DID and _rise(old[what]) > _rise(new.get(what, ()))}
    fresh = (each for what, known in new.items() if what not in stands for each in known)
    return (*(each for what in old if what in stands for each in old[what]), *fresh)


def _by_what(companions: Iterable[Companion]) -> dict[Of, list[Companion]]:
    every: dict[Of, list[Companion]] = defaultdict(list)
    for each in companions:
        every[each.kind, each.change, each.resource].append(each)
    return every


def _rise(companions: Iterable[Companion]) -> float:
    """How much there is of it more than before; what began counts by how many began."""
    return sum(1.0 if each.change == "started" else each.now - each.before for each in companions)
