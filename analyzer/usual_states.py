"""A host's fitted states as the nouns that others see: named, with their share, hours and successors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.data import Feature, Language, UsualState
from analyzer.state_names import state_names
from analyzer.states import States


def usual_states(states: States, catalogue: Sequence[Feature]) -> tuple[UsualState, ...]:
    """The most frequent first."""
    names = state_names(states, catalogue)
    told = [_usual(states, s, names[s]) for s in range(len(states.labels))]
    return tuple(sorted(told, key=lambda state: (-state.share, state.label)))


def _usual(states: States, s: int, name: Mapping[Language, str]) -> UsualState:
    return UsualState(
        label=states.labels[s],
        name=name,
        share=float(states.shares[s]),
        hours=tuple(float(share) for share in states.by_hour[:, s]),
        followed_by={label: float(often) for label, often in zip(states.labels, states.transitions[s], strict=True)},
        centre={feature: float(value) for feature, value in zip(states.features, states.centroids[s], strict=True)},
    )
